// A call of ten thousand events: it opens within a second, its line of time is scrubbed without a stall, and of its lists
// only what is seen is made. No demonstration talks for so long: a call's own events are told over and over, with positions
// and times that go on, in the place of the server's reply.

import { begin, endedCall } from './pages.mjs'

const EVENTS = 10_000
const OPENED_WITHIN_MS = 1_000
const FRAMES_MIN = 30
/** Moves of the cursor while frames are counted. */
const MOVES = 120

/** The events of a call, its middle told again until there are as many as that. */
function lengthened(items) {
  const [end] = items.slice(-1)
  const begins = items.findIndex((one) => one.type === 'call.answered') + 1
  const [head, middle] = [items.slice(0, begins), items.slice(begins, -1)]
  const long = [...head]
  const first = Date.parse(middle[0].time)
  const span = Date.parse(end.time) - first + 1_000
  for (let round = 0; long.length < EVENTS - 1; round += 1) {
    for (const one of middle.slice(0, EVENTS - 1 - long.length)) {
      const time = new Date(Date.parse(one.time) + round * span).toISOString()
      const position = String(Number(head[0].position) + long.length)
      long.push({ ...one, time, position, id: `${one.id.slice(0, 24)}${String(long.length).padStart(12, '0')}` })
    }
  }
  const last = long[long.length - 1]
  return [...long, { ...end, time: last.time, position: String(Number(last.position) + 1) }]
}

/** How many frames a second there were, and the longest, while the cursor was moved by hand along the line. */
async function scrubbed(page) {
  const line = page.getByRole('slider').locator('svg')
  const box = await line.boundingBox()
  const at = (part) => [box.x + 90 + (box.width - 170) * part, box.y + 18]
  await page.mouse.move(...at(0.02))
  await page.mouse.down()
  await page.evaluate(() => {
    window.frames_ = []
    const tick = (now) => {
      window.frames_.push(now)
      window.tick_ = requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  })
  for (let move = 1; move <= MOVES; move += 1) await page.mouse.move(...at(0.02 + (0.96 * move) / MOVES))
  const frames = await page.evaluate(() => {
    cancelAnimationFrame(window.tick_)
    return window.frames_
  })
  await page.mouse.up()
  const steps = frames.slice(1).map((now, index) => now - frames[index])
  return { perSecond: (1_000 * steps.length) / (frames[frames.length - 1] - frames[0]), longestMs: Math.max(...steps) }
}

export async function longCall(visit) {
  await begin(visit, 'auditor', '/calls?campaign=DEMO')
  const { page } = visit
  const id = await endedCall(visit)
  const { items, next } = await visit.api(`/api/v1/calls/${id}/events`)
  const long = lengthened(items)
  await page.route(`**/api/v1/calls/${id}/events`, (route) => route.fulfill({ json: { items: long, next } }))
  // What is proved is another call: the badge has a test of its own.
  await page.route(`**/api/v1/calls/${id}/proof*`, (route) => route.fulfill({ status: 404, json: { code: 'missing' } }))
  visit.isTrying = true
  await visit.open(`/calls/${id}`)
  await page.getByRole('slider').waitFor()
  // Once more, with its scripts there: from the reply to the page.
  await page.goto(`${visit.url}/calls?campaign=DEMO`)
  await page.getByRole('link').first().waitFor()
  await visit.open(`/calls/${id}`)
  await page.getByRole('group', { name: '事件' }).getByRole('button').first().waitFor()
  const told = await page.evaluate((path) => {
    const [reply] = performance.getEntriesByType('resource').filter((one) => one.name.endsWith(path))
    return { came: reply.responseEnd, first: performance.getEntriesByType('paint').map((one) => one.startTime) }
  }, `/calls/${id}/events`)
  const opened = (await page.evaluate(() => performance.now())) - told.came
  visit.hold(opened <= OPENED_WITHIN_MS, `it opens within ${opened.toFixed(0)} ms of its events`)
  const events = page.getByRole('group', { name: '事件' })
  const made = await events.getByRole('button').count()
  visit.hold(made < 60, `${made} rows are made of what nobody sees`)
  const marks = await page.getByRole('slider').locator('svg .line-mark').count()
  visit.hold(marks < 1_000, `${marks} marks are drawn`)
  await page.getByText(long.length.toLocaleString('en'), { exact: true }).waitFor()
  const { perSecond, longestMs } = await scrubbed(page)
  visit.hold(perSecond >= FRAMES_MIN, `${perSecond.toFixed(1)} frames a second, the longest ${longestMs.toFixed(0)} ms`)
  process.stderr.write(`${JSON.stringify({ page: 'long-call', events: long.length, opened_ms: Math.round(opened), frames_per_second: Math.round(perSecond), longest_ms: Math.round(longestMs) })}\n`)
  // By keys: the last event, the first, and one in the middle by its position.
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await events.getByRole('button', { name: long[0].position }).first().waitFor()
  const middle = long[EVENTS / 2].position
  await page.keyboard.press('/')
  await page.getByRole('textbox', { name: '位置或时间' }).fill(middle)
  await page.keyboard.press('Enter')
  await events.locator('[aria-current=true]').getByText(middle, { exact: true }).waitFor()
  const inSight = await events.evaluate((list) => {
    const [row, around] = [list.querySelector('[aria-current=true]').getBoundingClientRect(), list.getBoundingClientRect()]
    return row.top >= around.top - 1 && row.bottom <= around.bottom + 1
  })
  visit.hold(inSight, 'where the cursor stands is out of sight')
  await visit.shot('zh')
}
