// Lists of a hundred thousand rows: read on page after page as somebody scrolls, and no frame of it takes longer than
// 100 ms. The rows are a real server's: a list of people is imported, and each of them is events of the log.
//
// Two things are measured, and neither may be over 100 ms: how long each frame was by the clock, and what the page itself
// took for one, which is what its own thread works between two of them, by the browser's own trace. Where the first is over
// and the second is not, the page waited for processors that other work had.

/** People who are imported: each is four events of the log, and some stand there besides. `PEOPLE=4000` looks at fewer. */
const PEOPLE = Number(process.env.PEOPLE ?? 26_000)
/** Rows of the list of events that are scrolled over: the most that the console holds. */
const EVENTS = Math.min(100_000, PEOPLE * 4)
/** Rows of the list of people: each of them is looked up and on record, so that fewer are read. */
const CUSTOMERS = Math.min(2_000, PEOPLE / 8)
const FRAME_MS_MAX = 100
const IMPORTED_WITHIN_MS = 420_000

/** A campaign with so many people, who are given to an agent. */
async function imported(visit) {
  const id = `LONG_${Date.now() % 1_000_000}`
  return visit.page.evaluate(async ([campaign, people]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const send = (path, type, body) => fetch(path, { method: 'POST', headers: { 'Content-Type': type, 'X-CSRF-Token': csrf_token, 'Idempotency-Key': crypto.randomUUID() }, body })
    const plan = {
      task_id: campaign, preset: 'cn-service', basis: 'contract', script_template: 'Hello', purpose: 'the proof of long lists',
      schedule: { start_time: '08:00', end_time: '20:00', max_concurrent: 1 },
    }
    const made = await send('/api/v1/campaigns', 'application/json', JSON.stringify(plan))
    if (!made.ok) return { why: await made.text() }
    const rows = ['customer_id,phone,agent']
    for (let one = 0; one < people; one += 1) rows.push(`${campaign}-${one},139${String(one).padStart(8, '0')},agent`)
    const began = performance.now()
    const list = await send(`/api/v1/campaigns/${campaign}/lists?source=list.csv`, 'application/octet-stream', rows.join('\n'))
    return { campaign, why: list.ok ? null : await list.text(), ms: Math.round(performance.now() - began) }
  }, [id, PEOPLE])
}

/** Scrolls as a wheel does until so many rows are there, and then once from the top to the end; the longest frame of all of it. */
async function scrolled(visit, frame, wanted) {
  return frame.evaluate(async (list, rows) => {
    const length = () => Number(list.dataset.rows ?? list.querySelector('table')?.getAttribute('aria-rowcount') ?? 0)
    const held = () => Math.round(list.scrollHeight / (list.querySelector('table') === null ? 28 : 36))
    const frames = []
    let last = performance.now()
    let isOver = false
    const look = (now) => {
      frames.push(now - last)
      last = now
      if (!isOver) requestAnimationFrame(look)
    }
    const next = () => new Promise((resume) => requestAnimationFrame(resume))
    await next()
    last = performance.now()
    requestAnimationFrame(look)
    const end = performance.now() + 300_000
    while (held() < rows && performance.now() < end) {
      list.scrollTop = Math.min(list.scrollTop + 1_600, list.scrollHeight)
      await next()
    }
    const bottom = list.scrollHeight
    for (let at = 0; at <= 240; at += 1) {
      list.scrollTop = (bottom * at) / 240
      await next()
    }
    isOver = true
    await next()
    frames.shift()
    const over = (ms) => frames.filter((one) => one > ms).length
    return { rows: held(), counted: length(), frames: frames.length, slow: over(50), late: over(100), longest: Math.round(Math.max(...frames)) }
  }, wanted)
}

/** What the page's own thread worked for its busiest frame, by a trace: its tasks between one frame and the next, without what it waited. */
function busiest(trace) {
  const { traceEvents } = JSON.parse(trace.toString('utf8'))
  const threadOf = (event) => `${event.pid} ${event.tid}`
  const names = new Map(traceEvents.filter((one) => one.name === 'thread_name').map((one) => [threadOf(one), one.args.name]))
  const own = traceEvents.filter((one) => names.get(threadOf(one)) === 'CrRendererMain')
  const frames = own.filter((one) => one.name === 'FireAnimationFrame').sort((one, other) => one.ts - other.ts)
  const page = frames[0] === undefined ? null : threadOf(frames[0])
  const tasks = own.filter((one) => threadOf(one) === page && /(^|::)RunTask$/.test(one.name) && one.tdur !== undefined).sort((one, other) => one.ts - other.ts)
  // The first frames are those in which the trace itself began.
  const [first, last] = [frames[5]?.ts ?? Infinity, frames.at(-1)?.ts ?? 0]
  let [next, worked, most] = [5, 0, 0]
  for (const task of tasks.filter((one) => one.ts >= first && one.ts <= last)) {
    while (next < frames.length && frames[next].ts <= task.ts) {
      most = Math.max(most, worked)
      worked = 0
      next += 1
    }
    worked += task.tdur / 1_000
  }
  return { tasks: tasks.length, ms: Math.round(Math.max(most, worked)) }
}

/** One list: so many rows, and no frame over the limit. */
async function measured(visit, name, frame, wanted) {
  await frame.waitFor()
  const browser = visit.page.context().browser()
  await browser.startTracing(visit.page, { categories: ['toplevel', 'devtools.timeline'] })
  // The beginning of the trace takes the page's thread for a while.
  await visit.page.waitForTimeout(1_000)
  const told = await scrolled(visit, frame, wanted)
  const { tasks, ms } = busiest(await browser.stopTracing())
  visit.hold(told.rows >= wanted, `${name}: ${told.rows} rows of ${wanted}`)
  visit.hold(tasks > told.frames, `${name}: a trace of ${tasks} tasks says nothing of ${told.frames} frames`)
  visit.hold(ms <= FRAME_MS_MAX, `${name}: a frame that takes the page ${ms} ms`)
  visit.hold(told.late === 0, `${name}: ${told.late} of ${told.frames} frames over ${FRAME_MS_MAX} ms, the longest ${told.longest} ms; the page's own work ${ms} ms`)
  visit.figures = { ...visit.figures, [name]: { ...told, busiest: ms } }
}

export async function longLists(visit, { begin }, context) {
  const { page } = visit
  await begin(visit, 'operator', '/')
  const told = await imported(visit)
  if (!visit.hold(told.why === null, `the list is answered ${told.why}`)) return
  visit.figures = { people: PEOPLE, imported_ms: told.ms }
  await context.clearCookies()
  await begin(visit, 'auditor', '/events')
  await visit.until('the log', async () => (await visit.api(`/api/v1/events?after=${EVENTS}&limit=1`)).items?.length > 0, IMPORTED_WITHIN_MS)
  await measured(visit, 'events', page.locator('.scroll[role=group]').first(), EVENTS)
  await visit.shot('events')
  await visit.open(`/customers?campaign=${told.campaign}`)
  await measured(visit, 'customers', page.locator('.long').first(), CUSTOMERS)
  await visit.shot('customers')
}
