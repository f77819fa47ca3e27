// The designer of flows: every flow that ships is opened and saved as it was; edits through the graph's panel are undone,
// step by step, to the same bytes; and the page is used as people use it.
import { readFileSync } from 'node:fs'

/** Edits that are made by chance and undone. */
const EDITS = 200

async function begin(visit, path) {
  await visit.open(path)
  await visit.signIn('operator')
}

/** The hash that the server computed of the text that is shown. */
async function hashOf(visit) {
  const shown = visit.page.locator('[data-hash]')
  return visit.until('the hash', async () => {
    const found = await shown.getAttribute('data-hash').catch(() => null)
    return found === null || found === '' ? null : found
  })
}

async function tab(visit, name) {
  await visit.page.getByRole('tab', { name }).click()
}

async function saved(visit) {
  await tab(visit, /^(文件|File)$/)
  const coming = visit.page.waitForEvent('download')
  await visit.page.getByRole('button', { name: /^(保存为文件|Save as file)$/ }).click()
  return readFileSync(await (await coming).path(), 'utf8')
}

async function checkedHash(visit, source) {
  const said = await visit.page.evaluate(async (text) => {
    const csrf = (await (await fetch('/api/v1/whoami')).json()).csrf_token
    const headers = { 'Content-Type': 'application/json', ...(csrf ? { 'X-CSRF-Token': csrf } : {}) }
    const init = { method: 'POST', headers, body: JSON.stringify({ source: text }) }
    return (await fetch('/api/v1/flow-files/check', init)).json()
  }, source)
  return said.content_hash
}

/** Each shipped flow, opened and saved untouched: the same text, and the same hash of it. */
export async function flowFiles(visit) {
  await begin(visit, '/flows')
  const { items } = await visit.api('/api/v1/flow-files')
  visit.hold(items.length > 10, 'hardly a flow ships')
  for (const { name } of items) {
    await visit.open(`/flows/${name}?from=shipped`)
    const { source } = await visit.api(`/api/v1/flow-files/${name}`)
    const hash = await hashOf(visit)
    const text = await saved(visit)
    visit.hold(text === source, `${name} is saved otherwise than it was opened`)
    visit.hold(/^[0-9a-f]{64}$/.test(hash), `${name} has no hash`)
    visit.hold(hash === (await checkedHash(visit, text)), `${name} has another hash once it is saved`)
  }
}

/** The same chance for everybody: what failed once fails again. */
function chance(seed) {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const undoButton = (page) => page.getByRole('button', { name: /^(撤销|Undo)$/ })

async function textOf(visit) {
  await tab(visit, /^(文件|File)$/)
  return visit.page.getByRole('textbox', { name: /^(文件|File)$/ }).inputValue()
}

async function editOnce(visit, draw, number) {
  const { page } = visit
  const panel = page.getByRole('tabpanel')
  const fields = panel.getByRole('textbox')
  const choice = draw(10)
  if (choice < 2) {
    await page.getByRole('button', { name: /^(新增节点|Add node)$/ }).click()
    return
  }
  const names = await page.locator('.flow-card:not(.made) .flow-name').allTextContents()
  const name = names[draw(names.length)]
  await page.locator('.react-flow__node').filter({ has: page.locator('.flow-name', { hasText: new RegExp(`^${name}$`) }) })
    .first().dispatchEvent('click')
  await visit.until('the node', async () => (await panel.getByLabel(/^(节点名|Node name)$/).inputValue().catch(() => '')) === name)
  const remove = page.getByRole('button', { name: /^(删除节点|Delete node)$/ })
  if (choice === 2 && names.length > 4) return remove.click()
  if (choice === 3) return page.getByRole('button', { name: /^(设为开始|Set as start)$/ }).click({ force: true, timeout: 500 }).catch(() => undefined)
  const field = choice < 6 || (await fields.count()) < 3 ? panel.getByLabel(/^(节点名|Node name)$/) : panel.getByLabel(/^(话术|Text)$/)
  const target = (await field.count()) > 0 ? field.first() : panel.getByLabel(/^(节点名|Node name)$/)
  await target.fill(`n${number}`)
  await target.blur()
}

/** Edits by chance; undone, the file is what it was, byte by byte, and so is its hash. */
export async function flowUndo(visit) {
  await begin(visit, '/flows/reminder?from=shipped')
  const { page } = visit
  const first = await textOf(visit)
  const hash = await hashOf(visit)
  await tab(visit, /^(节点|Node)$/)
  const draw = chance(20_261_120)
  for (let number = 0; number < EDITS; number += 1) await editOnce(visit, draw, number)
  const last = await textOf(visit)
  visit.hold(last !== first, 'edits change nothing')
  visit.hold(last.includes('# A repayment reminder'), 'edits lose comments')
  let undone = 0
  while (await undoButton(page).isEnabled()) {
    await undoButton(page).click()
    undone += 1
    if (undone > 2 * EDITS) throw new Error('undo has no end')
  }
  visit.hold(undone > EDITS / 2, `only ${undone} edits were made`)
  visit.hold((await textOf(visit)) === first, 'undone, the file is another')
  visit.hold((await hashOf(visit)) === hash, 'undone, the hash is another')
  const redo = page.getByRole('button', { name: /^(重做|Redo)$/ })
  while (await redo.isEnabled()) await redo.click()
  visit.hold((await textOf(visit)) === last, 'done again, the file is another')
}

/** The page as people use it: the graph, a fault at its node, a talk, a rehearsal, a publication and the way back. */
export async function flows(visit) {
  await begin(visit, '/flows')
  const { page } = visit
  await page.getByRole('link', { name: 'reminder', exact: true }).click()
  await page.getByRole('region', { name: '流程图' }).waitFor()
  await page.locator('.flow-name', { hasText: /^menu$/ }).waitFor()
  await page.getByText('可发布', { exact: true }).waitFor()
  await visit.shot('zh')
  await page.locator('.flow-name', { hasText: /^message$/ }).click()
  const words = page.getByLabel('话术', { exact: true })
  await words.fill('您好，{{nobody}}。')
  await words.blur()
  await page.getByText('1 处错误', { exact: true }).waitFor()
  await page.locator('.flow-card').filter({ hasText: '错误 1' }).waitFor()
  await visit.shot('fault')
  await tab(visit, '文件')
  const file = page.getByRole('textbox', { name: '文件', exact: true })
  visit.hold((await file.inputValue()).includes('{{nobody}}'), 'the file does not say what the graph says')
  await file.fill((await file.inputValue()).replace('您好，{{nobody}}。', '您好，{{customer_name}}，请记得还款。'))
  await file.blur()
  await page.getByText('可发布', { exact: true }).waitFor()
  await page.locator('.flow-card').filter({ hasText: '请记得还款' }).waitFor()
  await tab(visit, '文字对话')
  await page.getByRole('button', { name: '按 9' }).click()
  await page.getByText('登记谢绝来电').waitFor()
  await visit.shot('talk')
  await tab(visit, '流程演练')
  await page.getByRole('button', { name: '演练 200 通' }).click()
  await page.getByText('最长静默').waitFor()
  await tab(visit, '发布')
  await page.getByRole('button', { name: '发布新版本' }).click()
  await page.getByText('已发布', { exact: false }).first().waitFor()
  const link = page.getByRole('status').getByRole('link').first()
  const named = await link.textContent()
  const version = Number(named?.split('@')[1])
  const shown = await visit.api(`/api/v1/flows/reminder?version=${version}`)
  visit.hold(shown.content_hash === (await hashOf(visit)), 'another hash was published than was shown')
  await link.click()
  await page.getByText('与该版本一致').waitFor()
  await tab(visit, '差异')
  await page.getByText('没有差异').waitFor()
  await tab(visit, '流程覆盖率')
  await page.getByRole('button', { name: '在图上显示' }).click()
  await page.locator('.flow-card.missed').first().waitFor()
  await visit.shot('coverage')
  await page.getByRole('switch', { name: /^(语言|Language)$/ }).click()
  await page.getByText('Same as published').waitFor()
  await visit.shot('en')
}
