// What the console must not do: say that nothing is wrong where it does not know, show one person what was read for
// another, do a command twice, or call a proof refused that nobody could check.
const UNABLE = { status: 503, contentType: 'application/problem+json', body: JSON.stringify({ code: 'read-model-unavailable', detail: 'planted' }) }

/** Whoever signs in after another sees no door that stands open, and nothing of theirs. */
async function another(visit, begin) {
  await begin(visit, 'admin', '/')
  const { page } = visit
  await page.getByRole('heading', { name: '需要我处理' }).waitFor()
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByRole('button', { name: '登录', exact: true }).waitFor()
  await visit.signIn('viewer')
  await page.getByText('viewer ·').waitFor()
  visit.hold((await page.getByText('登录已结束').count()) === 0, 'a session that was just begun is said to have ended')
  visit.isTrying = true
  await visit.page.context().clearCookies()
  await page.getByText('登录已结束').waitFor()
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
  visit.hold((await page.getByText('没有需要处理的事项').count()) === 0, 'nothing needs anybody, though nobody knows')
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

/** Of the past, nothing of now is shown while then is being read. */
async function then(visit, begin) {
  const { page } = visit
  await begin(visit, 'operator', '/campaigns/DEMO')
  const figure = page.getByText('此刻为什么没有多拨？')
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
  await dialog.getByText('服务器没有应答').waitFor()
  await sure.click()
  await page.getByText('紧急停止中', { exact: true }).waitFor()
  visit.hold(keys.length === 2 && keys[0] === keys[1], `one command has ${new Set(keys).size} names`)
  await page.unroute('**/api/v1/stop')
  // Taken, and not yet read back: that is no refusal.
  await page.route('**/api/v1/campaigns/DEMO?after_position=*', (route) => route.fulfill(UNABLE))
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
  await page.getByText('未能验证').waitFor()
  visit.hold((await page.getByText('证明无效').count()) === 0, 'a proof that nobody checked is called invalid')
}

export async function honest(visit, begin, endedCall) {
  for (const part of [another, unread, then, once, unchecked]) {
    await part(visit, begin, endedCall)
    await visit.page.unrouteAll({ behavior: 'ignoreErrors' })
    await visit.page.context().clearCookies()
  }
}
