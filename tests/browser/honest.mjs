// What the console must not do: say that nothing is wrong where it does not know, show one person what was read for
// another, do a command twice, or call a proof refused that nobody could check.
const UNABLE = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'read-model-unavailable', detail: 'planted' }) }

/** Whoever signs in after another sees no door that stands open, and nothing of theirs. */
async function another(visit, begin) {
  await begin(visit, 'admin', '/')
  const { page } = visit
  await page.getByRole('heading', { name: '待处理' }).waitFor()
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByRole('button', { name: '登录', exact: true }).waitFor()
  await visit.signIn('viewer')
  await page.getByText('viewer ·').waitFor()
  visit.hold((await page.getByText('登录会话已结束').count()) === 0, 'a session that was just begun is said to have ended')
  visit.isTrying = true
  await visit.page.context().clearCookies()
  await page.getByText('登录会话已结束').waitFor()
  await page.evaluate(() => (window.isTheSamePage = true))
  await visit.signIn('integrator')
  await page.getByText('integrator ·').waitFor()
  visit.hold((await page.evaluate(() => window.isTheSamePage)) === undefined, 'a page is handed from one user to another')
}

/** What cannot be read is said, and is not nothing. */
async function unread(visit, begin) {
  const { page } = visit
  visit.isTrying = true
  await page.route('**/api/v1/alerts?*', (route) => route.fulfill(UNABLE))
  await begin(visit, 'operator', '/')
  await page.getByRole('alert').first().waitFor()
  visit.hold((await page.getByText('没有待处理的事项').count()) === 0, 'nothing needs anybody, though nobody knows')
  await page.unroute('**/api/v1/alerts?*')
  // A server that is busy says nothing about who is signed in.
  await page.route('**/api/v1/whoami', (route) => route.fulfill(UNABLE))
  await page.reload()
  await page.getByRole('button', { name: '重试' }).waitFor()
  visit.hold((await page.getByRole('button', { name: '登录', exact: true }).count()) === 0, 'a busy server signs everybody out')
  await page.unroute('**/api/v1/whoami')
  await page.getByRole('button', { name: '重试' }).click()
  await page.getByRole('navigation').waitFor()
}

/** Where the words do not come the page says so, and is not empty. */
async function wordless(visit) {
  const { page } = visit
  visit.isTrying = true
  await page.route('**/assets/zh-CN-*', (route) => route.abort())
  await visit.open('/')
  await page.getByText('界面文字加载失败').waitFor()
}

/** Of the past, nothing of now is shown while then is being read. */
async function then(visit, begin) {
  const { page } = visit
  await begin(visit, 'operator', '/campaigns/DEMO')
  const figure = page.getByText(/^(拨打状态|为什么暂停拨打)$/)
  await figure.waitFor()
  let letGo = () => undefined
  const held = new Promise((resolve) => (letGo = resolve))
  await page.route('**/api/v1/campaigns/DEMO?as_of=*', async (route) => {
    await held
    await route.continue()
  })
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await page.getByText('加载中').waitFor()
  visit.hold((await figure.count()) === 0, 'figures of now stand under a moment of the past')
  letGo()
  await page.getByText('当时所知：').waitFor()
}

const OF_ROWS = ['waiting', 'open', 'settled', 'enrolled', 'dialed', 'answered', 'calls_ended', 'answer_ratio', 'talk_ms_mean', 'conversion_ratio', 'alerts', 'last_alert', 'versions']

/** A campaign that the views have not come to has no figures yet; its page says so, and shows them once they are there. */
async function rowless(visit, begin) {
  const { page } = visit
  visit.isTrying = true
  await page.route('**/api/v1/campaigns/DEMO', async (route) => {
    const reply = await route.fetch()
    const told = await reply.json()
    for (const member of OF_ROWS) delete told[member]
    await route.fulfill({ response: reply, json: told })
  })
  await page.route('**/api/v1/campaigns/DEMO/report', (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', body: JSON.stringify({ code: 'missing', detail: 'planted' }) }))
  await begin(visit, 'operator', '/campaigns/DEMO')
  await page.getByText('指标计算中').waitFor()
  visit.hold((await page.getByRole('heading', { name: 'DEMO' }).count()) === 1, 'a campaign without rows has no name')
  visit.hold((await page.getByText('planted').count()) === 0, 'a report that is still to come is called missing')
  await page.unroute('**/api/v1/campaigns/DEMO')
  await page.unroute('**/api/v1/campaigns/DEMO/report')
  await page.getByText(/^(拨打状态|为什么暂停拨打)$/).waitFor()
}

/** A command whose reply was lost and that is sent again is done once; a reason is counted as the server counts. */
async function once(visit, begin) {
  const { page } = visit
  visit.isTrying = true
  await begin(visit, 'operator', '/campaigns/DEMO')
  await page.getByRole('button', { name: '停止', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const sure = dialog.getByRole('button', { name: '停止任务 DEMO' })
  await dialog.getByRole('textbox').fill('错'.repeat(100))
  visit.hold(await sure.isDisabled(), 'a reason that the server would refuse can be sent')
  await dialog.getByRole('textbox').fill('its reply is lost')
  const keys = []
  await page.route('**/api/v1/stop', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    keys.push(route.request().headers()['idempotency-key'])
    if (keys.length > 1) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await sure.click()
  await dialog.getByText('服务器无响应').waitFor()
  await sure.click()
  await page.getByText('紧急停止中', { exact: true }).waitFor()
  visit.hold(keys.length === 2 && keys[0] === keys[1], `one command has ${new Set(keys).size} names`)
  await page.unroute('**/api/v1/stop')
  // Taken, and not yet read back: that is no refusal.
  await page.route('**/api/v1/stop?after_position=*', (route) => route.fulfill(UNABLE))
  await page.getByRole('button', { name: '解除停止' }).click()
  await dialog.getByRole('textbox').fill('found')
  await dialog.getByRole('button', { name: '解除停止' }).click()
  await page.getByText('命令已接受').waitFor()
  await page.getByRole('button', { name: '停止', exact: true }).waitFor()
}

/** What could not be checked is not refused. */
async function unchecked(visit, begin, endedCall) {
  const { page } = visit
  visit.isTrying = true
  await begin(visit, 'auditor', '/calls')
  const id = await endedCall(visit)
  await page.route('**/api/v1/calls/*/proof', (route) => route.fulfill(UNABLE))
  await visit.open(`/calls/${id}`)
  await page.getByText('无法验证').waitFor()
  visit.hold((await page.getByText('证明无效').count()) === 0, 'a proof that nobody checked is called invalid')
}

/** A command of a page, sent by hand: what somebody else does meanwhile. */
async function elsewhere(page, path, body) {
  return page.evaluate(async ([at, told]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'Idempotency-Key': crypto.randomUUID() }
    return (await fetch(at, { method: 'POST', headers, body: told === undefined ? undefined : JSON.stringify(told) })).status
  }, [path, body])
}

/** A pause whose reply was lost, and one that is pressed after somebody resumed, are two commands. */
async function later(visit, begin) {
  const { page } = visit
  visit.isTrying = true
  await begin(visit, 'operator', '/campaigns/DEMO')
  const pause = page.getByRole('button', { name: '暂停', exact: true })
  const keys = []
  await page.route('**/api/v1/campaigns/DEMO/pause', async (route) => {
    keys.push(route.request().headers()['idempotency-key'])
    if (keys.length > 1) return route.continue()
    await route.fetch()
    return route.abort()
  })
  await pause.click()
  await page.getByText('服务器无响应').waitFor()
  await page.getByRole('dialog').getByRole('button').last().click()
  await page.getByRole('button', { name: '继续', exact: true }).waitFor()
  await elsewhere(page, '/api/v1/campaigns/DEMO/resume')
  await pause.waitFor()
  await pause.click()
  await visit.until('the second pause', () => keys.length === 2)
  visit.hold(keys[0] !== keys[1], 'a later pause has the name of an earlier one')
  await page.getByRole('button', { name: '继续', exact: true }).waitFor({ timeout: 8_000 }).catch(() => visit.hold(false, 'a later pause does nothing'))
  await elsewhere(page, '/api/v1/campaigns/DEMO/resume')
}

/** A server that is busy has judged nothing, and one that knows the name has done another thing by it. */
async function unjudged(visit, begin) {
  const { page } = visit
  visit.isTrying = true
  await begin(visit, 'operator', '/campaigns/DEMO')
  await page.getByRole('button', { name: '停止', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const sure = dialog.getByRole('button', { name: '停止任务 DEMO' })
  await dialog.getByRole('textbox').fill('its reply is lost')
  const keys = []
  await page.route('**/api/v1/stop', async (route) => {
    if (route.request().method() !== 'POST') return route.continue()
    keys.push(route.request().headers()['idempotency-key'])
    if (keys.length === 1) {
      await route.fetch()
      return route.abort()
    }
    if (keys.length > 2) return route.continue()
    return route.fulfill({ status: 429, contentType: 'application/problem+json', body: JSON.stringify({ code: 'rate-exceeded', detail: 'planted' }) })
  })
  await sure.click()
  await dialog.getByText('服务器无响应').waitFor()
  await sure.click()
  await dialog.getByText('请求过多').waitFor()
  await dialog.getByRole('textbox').fill('its reply was lost')
  await sure.click()
  await visit.until('the third try', () => keys.length === 3)
  visit.hold(new Set(keys).size === 1, `one command behind a busy server has ${new Set(keys).size} names`)
  await dialog.getByText('idempotency-key-reused').waitFor()
  visit.hold((await sure.count()) === 0, 'a text that was corrected is sent as what was done already')
  await dialog.getByRole('button', { name: '作为新请求提交' }).click()
  await dialog.waitFor({ state: 'hidden' })
  visit.hold(keys[3] !== undefined && keys[3] !== keys[0], 'a corrected text can never be sent')
  await elsewhere(page, '/api/v1/stop/lift', { scope: 'campaign', id: 'DEMO', reason: 'found' })
  await page.getByRole('button', { name: '停止', exact: true }).waitFor()
}

const REPORT = {
  campaigns: null, channels: ['x'], complete_up_to: '42', days: 1, etag: '"v1"', figures_left_out: 0, from: '2026-03-01T05:00:00.000000Z', is_own: true, is_shared: false,
  figures: [{ campaign: null, denominator_count: 1, label_en: 'answer ratio', label_zh: '接通率', metric: 'answer_ratio_per_call', numerator_count: 1, value: '42.1 %', version: 1 }],
  last_fault: null, last_sent_at: null, metrics: ['answer_ratio_per_call'], name: 'planted', next_due_at: null, owner: 'admin', saved_at: '2026-03-01T05:00:00.000000Z', schedule: null,
  title: 'Planted', to: '2026-03-02T05:00:00.000000Z', zone: 'America/New_York',
}

/** What left nothing is not said to be sent; days are days of the report's zone. */
async function unsent(visit, begin) {
  const { page } = visit
  visit.isTrying = true
  const told = (body) => ({ status: 200, contentType: 'application/json', body: JSON.stringify(body) })
  await page.route('**/api/v1/saved-reports/planted', (route) => route.fulfill(told(REPORT)))
  await page.route('**/api/v1/saved-reports/planted/send', (route) => route.fulfill(told({ fault: 'channels', name: 'planted', position: 9, position_sent: '9' })))
  await begin(visit, 'admin', '/reports/planted')
  await page.getByRole('button', { name: '立即发送' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '立即发送' }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  visit.hold(await page.getByText('没有可用的通道').waitFor({ timeout: 5_000 }).then(() => true, () => false), 'that nothing was sent is not said')
  visit.hold((await page.getByText('已发送：').count()) === 0, 'what left nothing is said to be sent')
  const asked = page.waitForRequest((request) => request.url().includes('base_from='), { timeout: 10_000 })
  const days = page.getByRole('region', { name: '与其他期间对比' }).locator('input')
  await days.nth(0).fill('2026-02-01')
  await days.nth(0).press('Enter')
  await days.nth(1).fill('2026-02-02')
  await days.nth(1).press('Enter')
  const base = new URL((await asked).url()).searchParams
  visit.hold(base.get('base_from') === '2026-02-01T05:00:00.000Z' && base.get('base_to') === '2026-02-03T05:00:00.000Z', `the base is from ${base.get('base_from')} to ${base.get('base_to')}`)
  const channel = { allow_private: false, campaigns: null, dead_letters: 0, delivered: 1, disabled: false, failed: 0, format: 'mail', head: '42', id: 'baae7338-25a0-51b5-ad72-fcd6fc8e47f8', kinds: [], last_fault: null, target: 'planted', through: '42', waiting: 0 }
  await page.route('**/api/v1/alerts/channels?*', (route) => route.fulfill(told({ items: [channel], next_cursor: null })))
  await page.route('**/api/v1/alerts/channels/*/test', (route) => route.fulfill(told({ answer: null, delivered: false, elapsed_ms: 3, fault: 'unreachable', id: channel.id, position: '9', status: null })))
  await visit.open('/settings')
  await page.getByRole('button', { name: '测试', exact: true }).click()
  visit.hold(await page.getByText('测试消息未送达').waitFor({ timeout: 5_000 }).then(() => true, () => false), 'a test that was not delivered is said to be sent')
}

export async function honest(visit, begin, endedCall) {
  const parts = [another, unread, wordless, then, rowless, once, later, unjudged, unsent, unchecked]
  for (const part of parts) {
    await part(visit, begin, endedCall)
    await visit.page.unrouteAll({ behavior: 'ignoreErrors' })
    await visit.page.context().clearCookies()
  }
}
