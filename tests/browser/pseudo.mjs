// A language that nobody speaks: every word of the catalogue stands in brackets, and so do the words that the server has
// in two languages. What is seen without brackets then is no word of ours: a value, which says so of itself, or a word
// that nobody can translate.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addressOf, PAGES } from './axe.mjs'

/** Each text of a catalogue in brackets; what stands in it, as a name or a count, is within them too. */
function bracketed(words) {
  if (typeof words === 'string') return `⟦${words}⟧`
  return Object.fromEntries(Object.entries(words).map(([name, value]) => [name, bracketed(value)]))
}

/** A reply of the server with what it says in English, beside the Chinese, in brackets. */
function bracketedReply(value) {
  if (Array.isArray(value)) return value.map((one) => bracketedReply(one))
  if (value === null || typeof value !== 'object') return value
  const isSaid = (name) => typeof value[name] === 'string' && (name.endsWith('_en') || ('zh' in value && name === 'en') || (name === 'detail' && 'detail_zh' in value))
  // A cause is told in both languages in one line.
  const bothOf = (name, one) => (name === 'cause' && typeof one === 'string' && one.includes(' / ') ? one.replace(/ \/ (.*)$/, ' / ⟦$1⟧') : one)
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, isSaid(name) ? `⟦${one}⟧` : bracketedReply(bothOf(name, one))]))
}

/** The catalogue's script as the page asks for it, and every reply, are handed on in brackets. */
async function speakPseudo(page) {
  await page.route(/\/assets\/en-[^/]+\.js$/, async (route) => {
    const reply = await route.fetch()
    const address = `data:text/javascript;base64,${Buffer.from(await reply.body()).toString('base64')}`
    const module = await import(address)
    const body = `export default ${JSON.stringify(bracketed(module.default))}`
    await route.fulfill({ response: reply, body, headers: { ...reply.headers(), 'cache-control': 'no-store', 'content-encoding': 'identity', 'content-length': String(Buffer.byteLength(body)) } })
  })
  await page.route(/\/api\/v1\//, async (route) => {
    // What does not end is handed on as it comes.
    if (/stream/.test(route.request().url()) || /event-stream/.test(route.request().headers()['accept'] ?? '')) return route.continue()
    const reply = await route.fetch().catch(() => null)
    if (reply === null) return route.abort().catch(() => undefined)
    if (!/json/.test(reply.headers()['content-type'] ?? '')) return route.fulfill({ response: reply }).catch(() => undefined)
    const body = JSON.stringify(bracketedReply(await reply.json().catch(() => null)))
    return route.fulfill({ response: reply, body }).catch(() => undefined)
  })
}

/** What is seen, and is neither in brackets nor says of itself that it is a value. */
function outside() {
  // What says of itself that it is a value: an id, a name, what somebody said. A column says it of its cells, not of its head.
  const VALUES = '[translate="no"], .data:not(th), .mono:not(th), .turn'
  // The library that the console is made with has languages of its own, and the names of its drawings are no words.
  const LIBRARY = '.anticon, .ant-pagination, .ant-segmented, .ant-table-measure-row, .ant-table-row-expand-icon, .ant-input-number-action'
  const MARKED = `${VALUES}, ${LIBRARY}`
  // Symbols of units, versions and names of formats are the same in every language.
  const SYMBOLS = /\bv\d+\b|\b(?:CSV|XLSX|JSONL|Parquet|SQL)\b|\d ?(?:ms|s|min|h|d|kB|MB|B|dB|Hz|pp|k|M)\b/g
  const found = []
  const left = (text) => text.replaceAll(/⟦[^⟦⟧]*⟧/g, ' ')
  // A word within a word is in brackets twice.
  const rest = (text) => left(left(left(text))).replaceAll(SYMBOLS, ' ')
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const [text, parent] = [walker.currentNode.textContent ?? '', walker.currentNode.parentElement]
    if (parent === null || parent.closest(`${MARKED}, script, style, noscript`) !== null || !parent.checkVisibility()) continue
    if (/\p{L}/u.test(rest(text))) found.push(`${text.trim().slice(0, 60)} <${parent.closest('[class]')?.className.toString().slice(0, 40) ?? ''}>`)
  }
  for (const element of document.querySelectorAll('[placeholder], [aria-label], [title], [alt]')) {
    if (element.closest(MARKED) !== null || !element.checkVisibility()) continue
    for (const name of ['placeholder', 'aria-label', 'title', 'alt']) {
      const text = (element.getAttribute(name) ?? '').replace(element.getAttribute('data-value') ?? '', ' ')
      if (/\p{L}/u.test(rest(text))) found.push(`${name}="${text.slice(0, 60)}" <${element.className.toString().slice(0, 40)}>`)
    }
  }
  return [...new Set(found)]
}

/** Every page once: no text that is seen stands outside of the catalogues. */
export async function pseudo(visit, { begin }, context) {
  const { page } = visit
  let [role, looked] = [null, 0]
  const all = {}
  await page.addInitScript((told) => {
    localStorage.setItem('language', 'en')
    // What comes by a stream is read here, and no reply.
    const [parse, inBrackets] = [JSON.parse, new Function(`return ${told}`)()]
    JSON.parse = (text, revive) => (typeof text === 'string' && /"en":|_en"/.test(text) ? inBrackets(parse(text, revive)) : parse(text, revive))
  }, String(bracketedReply))
  for (const [who, path, shown] of PAGES) {
    if (role !== who) {
      // Whoever signs in reads what they type into.
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      await context.clearCookies()
      await begin(visit, who, '/')
      await speakPseudo(page)
      role = who
    }
    await visit.open(await addressOf(visit, path))
    const isThere = await page.getByRole('main').getByRole(shown).first().waitFor().then(() => true, () => false)
    visit.hold(isThere, `${path}: no ${shown}`)
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => undefined)
    const found = await page.evaluate(outside)
    all[path] = found
    // All of it stays beside the pictures: a line of the proof holds the beginning.
    writeFileSync(join(visit.shots, 'pseudo.json'), JSON.stringify(all, null, 1))
    visit.hold(found.length === 0, `${path}: ${String(found.length)} outside of the catalogues: ${found.slice(0, 40).join(' | ')}`)
    const isSpoken = await page.evaluate(() => document.body.innerText.includes('⟦'))
    visit.hold(isSpoken, `${path}: nothing is in brackets`)
    looked += 1
  }
  visit.hold(looked === PAGES.length, `only ${String(looked)} pages`)
}
