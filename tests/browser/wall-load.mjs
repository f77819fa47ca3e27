// What the live wall costs a browser, and how soon an event is seen on it: one JSON line.
// node wall-load.mjs URL LOGINS MINUTES
//
// First the wall of a demonstration that dials: each event's time in the log against the moment at which a picture that
// holds it stood on the page. Then the same page behind a go-between that sends it five pictures a second with 500 calls
// open, over twenty campaigns and eight lines: processor time of the page's process and what its memory comes to, as the
// browser itself counts them.
import { readFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { chromium } from 'playwright-core'

const [url, logins, minutes] = process.argv.slice(2)
const admin = readFileSync(logins, 'utf8').trim().split('\n').map((line) => line.split(' ')).find(([role]) => role === 'admin')
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-precise-memory-info']
const PICTURE_MS = 200
const [CAMPAIGNS, LINES, OPEN_EACH] = [20, 8, 25]
const SEEN_FOR_MS = 30_000
const WARM_MS = 15_000

const violations = []
const hold = (holds, what) => holds || violations.push(what)

async function begun(context, at) {
  const page = await context.newPage()
  await page.goto(`${at}/wall`)
  await page.getByRole('textbox', { name: '用户名' }).fill('admin')
  await page.getByLabel('密码', { exact: true }).fill(admin[1])
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.locator('.wall').waitFor()
  return page
}

/** By how much the browser's clock is ahead of the server's, from the answer that took the least time. */
async function aheadBy(page) {
  return page.evaluate(async () => {
    let best = { took: Infinity, ahead: 0 }
    for (let tried = 0; tried < 15; tried += 1) {
      const from = performance.now()
      const told = await (await fetch('/api/v1/live')).json()
      const took = performance.now() - from
      if (took < best.took) best = { took, ahead: Date.now() - (Date.parse(told.shown_at) + told.age_ms) }
    }
    return best.ahead
  })
}

/** How long each event took from the log to the page, in milliseconds, sorted. */
async function seenAfter(page) {
  await page.evaluate(() => {
    const wall = document.querySelector('.wall')
    globalThis.seen = []
    const look = () => {
      const position = Number(wall.getAttribute('data-position'))
      // What was changed is on the screen with the next frame.
      requestAnimationFrame(() => globalThis.seen.push([position, Date.now()]))
    }
    new MutationObserver(look).observe(wall, { attributes: true, attributeFilter: ['data-position'] })
  })
  await page.waitForTimeout(SEEN_FOR_MS)
  const ahead = await aheadBy(page)
  const seen = await page.evaluate(() => globalThis.seen)
  const [first, last] = [seen[0][0], seen[seen.length - 1][0]]
  const took = []
  for (let after = first; after < last; ) {
    const told = await page.evaluate(async (at) => (await fetch(`/api/v1/events?after=${at}&limit=1000`)).json(), after)
    for (const event of told.items) {
      const position = Number(event.position)
      const shown = seen.find(([at]) => at >= position)
      if (shown !== undefined) took.push(shown[1] - ahead - Date.parse(event.time))
      after = position
    }
    if (told.items.length === 0) break
  }
  return took.sort((one, other) => one - other)
}

/** A picture as the server makes it, of so many campaigns and lines, that is another each time. */
function madeUp(real, round) {
  const [campaign, trunk, line] = [real.campaigns[0], real.trunks[0], real.lines[0]]
  const now = Date.parse(real.shown_at) + round * PICTURE_MS
  const hour = (of) => ({ ...of, dialed: of.dialed + round, answered: of.answered + (round >> 1), answer_ratio: 0.4 + (round % 100) / 1000 })
  return {
    ...real,
    position: String(Number(real.position) + round * 40),
    recorded_at: new Date(now - 20).toISOString(),
    shown_at: new Date(now).toISOString(),
    age_ms: round % 7,
    open: { talking: 380 + (round % 40), ringing: 120 - (round % 40) },
    last_hour: hour(real.last_hour),
    last_5_minutes: { ...hour(real.last_5_minutes), settled_answer_ratio: 0.5 + Math.sin(round / 50) / 4 },
    campaigns: Array.from({ length: CAMPAIGNS }, (_, at) => ({
      ...campaign,
      campaign: `LOAD-${String(at).padStart(2, '0')}`,
      open: { talking: OPEN_EACH - ((round + at) % 9), ringing: (round + at) % 9 },
      last_hour: hour(campaign.last_hour),
    })),
    trunks: Array.from({ length: LINES }, (_, at) => ({ ...trunk, trunk: `line-${at}` })),
    lines: Array.from({ length: LINES }, (_, at) => ({ ...line, trunk: `line-${at}`, channels_used: 55 + ((round + at) % 15), dialed_last_second: (round + at) % 20 })),
  }
}

/** Hands everything on, but pictures. */
function between(real) {
  const sent = { pictures: 0 }
  const server = createServer((asked, answer) => {
    if (asked.url.startsWith('/api/v1/live/stream')) {
      answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
      const sending = setInterval(() => {
        sent.pictures += 1
        answer.write(`event: figures\ndata: ${JSON.stringify(madeUp(real, sent.pictures))}\n\n`)
      }, PICTURE_MS)
      answer.on('close', () => clearInterval(sending))
      return
    }
    const headers = { ...asked.headers, host: new URL(url).host }
    if (headers.origin !== undefined) headers.origin = url
    const onward = request(`${url}${asked.url}`, { method: asked.method, headers }, (told) => {
      answer.writeHead(told.statusCode, told.headers)
      told.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
  return new Promise((begun) => server.listen(0, '127.0.0.1', () => begun({ server, sent, url: `http://127.0.0.1:${server.address().port}` })))
}

/** What the page's process has used of a core, in seconds, and what its memory holds once what is free was given back. */
async function used(browser, session) {
  const processes = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo')
  const cpu = processes.processInfo.filter((one) => one.type === 'renderer').reduce((sum, one) => sum + one.cpuTime, 0)
  const told = await session.send('Performance.getMetrics')
  const of = (name) => told.metrics.find((one) => one.name === name).value
  return { at: Date.now(), cpu, main: of('TaskDuration'), frames: of('Frames'), nodes: of('Nodes'), heap: of('JSHeapUsedSize') }
}

async function load(browser, page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable')
  await page.waitForTimeout(WARM_MS)
  const samples = []
  const heaps = []
  for (let minute = 0; minute <= minutes; minute += 1) {
    samples.push(await used(browser, session))
    await session.send('HeapProfiler.collectGarbage')
    const rest = await used(browser, session)
    heaps.push(rest)
    if (minute < minutes) await page.waitForTimeout(60_000)
  }
  const [first, last] = [heaps[0], heaps[heaps.length - 1]]
  // Collecting by hand is ours and no part of what the page costs.
  let [cpu, main, wall] = [0, 0, 0]
  for (let at = 1; at < samples.length; at += 1) {
    cpu += samples[at].cpu - heaps[at - 1].cpu
    main += samples[at].main - heaps[at - 1].main
    wall += (samples[at].at - heaps[at - 1].at) / 1_000
  }
  return { cpu: cpu / wall, main: main / wall, seconds: wall, heap: [first.heap, last.heap], nodes: [first.nodes, last.nodes] }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS })
const near = await browser.newContext({ viewport: { width: 1920, height: 1080 } })
const page = await begun(near, url)
await page.waitForTimeout(5_000)
const took = await seenAfter(page)
const part = (share) => Math.round(took[Math.min(Math.floor(took.length * share), took.length - 1)])
hold(took.length >= 500, `only ${took.length} events were seen`)
hold(part(0.99) <= 1_000, `an event is seen after ${part(0.99)} ms (p99)`)
hold(took[0] >= -50, `an event was seen ${-took[0]} ms before it was: the clocks are not as they were measured`)
const real = await page.evaluate(async () => (await fetch('/api/v1/live')).json())
await near.close()
const middle = await between(real)
const far = await browser.newContext({ viewport: { width: 1920, height: 1080 } })
const loaded = await begun(far, middle.url)
const before = middle.sent.pictures
const cost = await load(browser, loaded)
const shown = Number(await loaded.locator('.wall').getAttribute('data-position'))
const perSecond = (middle.sent.pictures - before) / (cost.seconds + WARM_MS / 1_000)
hold(shown > Number(real.position), 'the pictures are not shown')
hold(perSecond > 4, `only ${perSecond.toFixed(1)} pictures a second were sent`)
hold(cost.cpu < 0.2, `the page takes ${(100 * cost.cpu).toFixed(1)} % of a core`)
hold(cost.heap[1] <= cost.heap[0] * 1.1 + 1_000_000, `its memory grew from ${cost.heap[0]} to ${cost.heap[1]} bytes`)
hold(cost.nodes[1] <= cost.nodes[0] * 1.1 + 50, `its nodes grew from ${cost.nodes[0]} to ${cost.nodes[1]}`)
await browser.close()
middle.server.close()
middle.server.closeAllConnections()
console.log(JSON.stringify({
  events: took.length, seen_ms_p50: part(0.5), seen_ms_p99: part(0.99), seen_ms_max: Math.round(took[took.length - 1]),
  open_calls: CAMPAIGNS * OPEN_EACH, pictures_per_second: Number(perSecond.toFixed(2)), minutes: Number(minutes),
  core_percent: Number((100 * cost.cpu).toFixed(1)), main_thread_percent: Number((100 * cost.main).toFixed(1)),
  heap_bytes: cost.heap, nodes: cost.nodes, violations,
}))
process.exit(violations.length === 0 ? 0 : 1)
