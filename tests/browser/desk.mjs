// The desks: the log, who saw what, users, approvals, webhooks, settings, compliance, samples and labels, each used as
// the people do whose desk it is.

import { keptCall } from './pages.mjs'

async function open(visit, begin, role, path, heading) {
  await begin(visit, role, path)
  await visit.page.getByRole('heading', { level: 1, name: heading }).waitFor()
}

/** Of the list that is open. */
async function choose(page, title) {
  await page.locator('.ant-select-dropdown').filter({ visible: true }).getByTitle(title, { exact: true }).click()
}

/** What was said of a command goes by itself; then both languages are held against one another. */
async function held(visit, words) {
  await visit.until('the end of what was said', async () => (await visit.page.locator('.ant-message-notice').count()) === 0)
  await words(visit)
}

/** A dialog is filled, sent and gone; a refusal would stand in it. */
async function send(visit, button, reason) {
  const dialog = visit.page.getByRole('dialog').filter({ visible: true })
  if (reason !== undefined) await dialog.locator('textarea').fill(reason)
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}

async function ask(visit, method, path, body) {
  return visit.page.evaluate(async ([verb, at, told]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    const reply = await fetch(at, { method: verb, headers, body: told === undefined ? undefined : JSON.stringify(told) })
    return { status: reply.status, told: await reply.json().catch(() => null), etag: reply.headers.get('ETag') }
  }, [method, path, body])
}

async function events(visit, { begin, words }, context) {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(visit, begin, 'auditor', '/events', '事件')
  const { page } = visit
  await page.getByRole('textbox', { name: /事件类型/ }).or(page.getByRole('combobox', { name: /事件类型/ })).fill('campaign.')
  await page.getByRole('button', { name: '查询', exact: true }).click()
  await visit.until('the filter in the address', () => new URL(page.url()).searchParams.get('kind') === 'campaign.')
  const list = page.getByRole('region', { name: '事件', exact: true })
  await list.getByText('campaign.created').first().waitFor()
  visit.hold((await list.getByText(/^call\./).count()) === 0, 'a filter lets other kinds through')
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await visit.until('a position in the address', () => new URL(page.url()).searchParams.get('position'))
  await page.getByRole('tab', { name: '因果' }).click()
  const causes = page.getByRole('list', { name: '因果' })
  await causes.getByRole('button').first().waitFor()
  const graph = await causes.getByRole('button').count()
  const position = new URL(page.url()).searchParams.get('position')
  const { items } = await visit.api(`/api/v1/events?after=${Number(position) - 1}&limit=1`)
  const told = await visit.api(`/api/v1/events/${items[0].id}/graph`)
  visit.hold(graph === told.nodes.length, `the graph shows ${graph} of ${told.nodes.length} events`)
  await visit.shot('zh')
  await page.getByRole('tab', { name: '结构版本' }).click()
  await page.getByText('以当前版本').waitFor()
  await page.getByRole('button', { name: '复制为 curl' }).click()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  visit.hold(copied.includes(`after=${Number(position) - 1}&limit=1`), `what is copied asks for another event: ${copied}`)
  await page.reload()
  await page.getByRole('region', { name: '事件详情' }).getByText(items[0].subject).first().waitFor()
  await visit.open('/events?kind=user.added')
  await page.getByText('项已加密').waitFor()
  await page.getByRole('region', { name: '事件详情' }).getByText('⟨已加密⟩').waitFor()
  await visit.open('/events')
  await page.getByRole('switch', { name: '实时跟踪' }).click()
  await page.getByText('已追上').waitFor()
  // Whatever the demonstration does meanwhile, a look at calls is an event of its own.
  await visit.api('/api/v1/calls?campaign=DEMO&limit=1')
  await page.getByRole('main').getByText('inquiry.').or(page.getByRole('region', { name: '事件', exact: true }).getByRole('button')).first().waitFor()
  await visit.shot('follow')
  await held(visit, words)
}

async function audit(visit, { begin, words }) {
  await open(visit, begin, 'auditor', '/audit', '审计检索')
  const { page } = visit
  await page.getByRole('button', { name: '用户', exact: true }).click()
  const rows = page.getByRole('row').filter({ hasText: 'user.signed_in' }).filter({ hasText: 'auditor' })
  await rows.first().waitFor()
  await page.getByRole('textbox', { name: '事件类型' }).fill('inquiry.searched')
  await page.getByRole('button', { name: '检索', exact: true }).click()
  await page.getByRole('row').filter({ hasText: 'inquiry.searched' }).filter({ hasText: 'auditor' }).first().waitFor()
  visit.hold(new URL(page.url()).search === '', `what was searched stands in the address: ${page.url()}`)
  await visit.shot('zh')
  await held(visit, words)
}

async function projections(visit, { begin, words }) {
  await open(visit, begin, 'admin', '/projections', '读模型')
  const { page } = visit
  const row = page.getByRole('row').filter({ hasText: 'alert_board' })
  await row.getByRole('button', { name: '重建并核对' }).click()
  await send(visit, '重建并核对')
  await row.getByText('已切换').or(row.getByText('已就绪')).first().waitFor()
  await row.getByText('核对一致').waitFor()
  await visit.shot('zh')
  await held(visit, words)
}

async function settings(visit, { begin, words }) {
  await open(visit, begin, 'admin', '/settings', '设置')
  const { page } = visit
  const row = page.getByRole('row').filter({ hasText: 'approvals.valid_hours' })
  await row.getByText('默认', { exact: true }).waitFor()
  await row.getByRole('button', { name: '修改' }).click()
  const dialog = page.getByRole('dialog')
  // Somebody else comes between: both versions stand side by side, and nothing typed is lost.
  await dialog.getByRole('spinbutton').fill('48')
  visit.isTrying = true
  const other = await page.evaluate(async () => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'If-Match': '"v0"' }
    const body = JSON.stringify({ value: 60, reason: 'the other one' })
    return (await fetch('/api/v1/settings/approvals.valid_hours', { method: 'PUT', headers, body })).status
  })
  visit.hold(other === 200, `the other one is answered ${other}`)
  await dialog.locator('textarea').fill('two days are enough')
  await dialog.getByRole('button', { name: '修改', exact: true }).click()
  await dialog.getByText('我的修改').waitFor()
  await dialog.getByText('60 (v1)').waitFor()
  await visit.shot('both')
  visit.hold((await dialog.getByRole('spinbutton').inputValue()) === '48', 'what was typed is lost')
  await send(visit, '修改')
  visit.isTrying = false
  await row.getByText('已修改 v2').waitFor()
  visit.hold((await visit.api('/api/v1/settings/approvals.valid_hours')).value === 48, 'the setting is another one')
  await visit.until('the change on the line of time', () => page.getByRole('slider').isVisible(), 30_000)
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await row.getByRole('cell', { name: '60', exact: true }).waitFor()
  visit.hold((await page.getByRole('button', { name: '修改' }).count()) === 0, 'the past can be changed')
  await page.getByRole('button', { name: '回到现在' }).click()
  await visit.shot('zh')
  await held(visit, words)
}

async function users(visit, { begin, words }) {
  await open(visit, begin, 'admin', '/users', '用户与权限')
  const { page } = visit
  await page.getByRole('button', { name: '新增用户' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: '用户名' }).fill('zhao')
  await dialog.getByRole('combobox', { name: '角色' }).click()
  await choose(page, '只读用户')
  await dialog.getByRole('combobox', { name: '角色' }).press('Escape')
  await send(visit, '新增用户', 'a new colleague')
  await page.getByText('设置密码的链接：仅显示这一次').waitFor()
  await page.getByRole('button', { name: '已保存，关闭' }).click()
  const row = page.getByRole('row').filter({ hasText: 'zhao' })
  await row.getByText('只读').waitFor()
  await row.getByRole('button', { name: '修改角色 zhao' }).click()
  await dialog.getByRole('combobox', { name: '增加角色' }).click()
  await choose(page, '审计员')
  await send(visit, '修改角色', 'audits as well')
  await row.getByText('审计').waitFor()
  await page.getByRole('tab', { name: /^密钥/ }).click()
  await page.getByRole('button', { name: '新建密钥' }).click()
  await send(visit, '新建密钥')
  const once = page.getByRole('status', { name: '密钥' })
  const key = (await once.locator('.mono').innerText()).trim()
  visit.hold(key.length > 20, 'no key is shown')
  await once.getByRole('button', { name: '已保存，关闭' }).click()
  visit.hold(!(await page.content()).includes(key), 'a key is shown twice')
  await page.getByRole('tab', { name: '权限矩阵' }).click()
  await page.getByText('campaigns:start').first().waitFor()
  await visit.shot('matrix')
  await page.getByRole('tab', { name: '权限来源' }).click()
  await page.getByRole('combobox', { name: '用户', exact: true }).click()
  await choose(page, 'zhao')
  await page.getByRole('combobox', { name: '权限', exact: true }).click()
  await page.getByRole('combobox', { name: '权限', exact: true }).fill('campaigns:start')
  await page.getByRole('combobox', { name: '权限', exact: true }).press('Enter')
  await page.getByText('zhao 无权限').waitFor()
  await visit.shot('zh')
  await held(visit, words)
}

/** Who asked for it may not decide it; somebody else does, with a reason. */
async function approvals(visit, { begin, words }, context) {
  await open(visit, begin, 'admin', '/approvals', '审批')
  const { page } = visit
  await page.getByText('没有待审批的事项').waitFor()
  await ask(visit, 'POST', '/api/v1/users', { name: 'sun', roles: ['compliance'], reason: 'a second one', password: 'seventeen quiet lanterns' })
  await context.clearCookies()
  await page.goto(visit.url)
  await visit.signIn('compliance')
  const { customer } = await keptCall(visit)
  visit.isTrying = true
  const asked = await ask(visit, 'POST', `/api/v1/customers/${customer}/erase`, { reason: 'asked by letter' })
  visit.hold(asked.told?.code === 'approval-needed', `an erasure is answered ${asked.status} ${asked.told?.code}`)
  await visit.open('/approvals')
  await page.getByText('不能审批自己的申请').waitFor()
  visit.hold((await page.getByRole('button', { name: '同意' }).count()) === 0, 'one may approve one’s own')
  const own = await ask(visit, 'POST', `/api/v1/approvals/${asked.told.approval}/approve`, {})
  visit.hold(own.status === 422, `one approves one’s own: ${own.status}`)
  await context.clearCookies()
  await page.goto(`${visit.url}/approvals`)
  visit.isTrying = false
  await page.getByRole('textbox', { name: '用户名' }).fill('sun')
  await page.getByLabel('密码', { exact: true }).fill('seventeen quiet lanterns')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByRole('button', { name: '驳回' }).click()
  await visit.shot('zh')
  await send(visit, '驳回', 'the letter is not signed')
  await page.getByText('没有待审批的事项').waitFor()
  await page.getByRole('tab', { name: '全部' }).click()
  await page.getByText('已驳回').first().waitFor()
  await held(visit, words)
}

async function webhooks(visit, { begin, words }) {
  await open(visit, begin, 'admin', '/webhooks', '事件推送')
  const { page } = visit
  await page.getByText('没有事件推送').waitFor()
  await page.getByRole('button', { name: '新增事件推送' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: '地址' }).fill('https://127.0.0.1:9/hook')
  visit.isTrying = true
  await page.getByRole('dialog').getByRole('button', { name: '新增事件推送', exact: true }).click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  await visit.shot('refused')
  await page.getByRole('dialog').getByRole('textbox', { name: '地址' }).fill('https://127.0.0.1:9/ledgerline')
  await page.getByRole('dialog').getByRole('checkbox', { name: '内网地址' }).check()
  await send(visit, '新增事件推送')
  visit.isTrying = false
  await page.getByText('签名密钥：仅显示这一次').waitFor()
  await page.getByRole('button', { name: '已保存，关闭' }).click()
  const row = page.getByRole('row').filter({ hasText: '127.0.0.1:9' })
  await row.getByRole('button', { name: '测试' }).click()
  await send(visit, '测试')
  await page.getByText('未送达').waitFor()
  await row.getByRole('button', { name: '重发' }).click()
  await page.getByRole('dialog').filter({ visible: true }).getByRole('textbox', { name: '从此位置之后重发' }).fill('1')
  await send(visit, '重发')
  await visit.shot('zh')
  await held(visit, words)
  await row.getByRole('button', { name: 'Remove' }).click()
  await send(visit, 'Remove', 'no longer used')
  await page.getByText('No webhooks').waitFor()
}

async function compliance(visit, { begin, words }) {
  await open(visit, begin, 'compliance', '/compliance', '合规工作台')
  const { page } = visit
  await page.getByRole('textbox', { name: '号码' }).fill('13800138000')
  await page.getByRole('textbox', { name: '原因' }).or(page.getByRole('textbox', { name: /原因|理由/ })).first().fill('the proof of the console')
  visit.isTrying = true
  await page.getByRole('button', { name: '查证', exact: true }).click()
  await page.getByText('这段时间没有通话').or(page.getByRole('alert')).or(page.getByRole('region', { name: '通话' })).first().waitFor()
  visit.isTrying = false
  await visit.shot('inspect')
  visit.hold(!page.url().includes('138'), 'a number stands in the address')
  await page.getByRole('tab', { name: '投诉' }).click()
  await page.getByRole('button', { name: '登记投诉' }).click()
  await page.getByRole('dialog').getByRole('textbox', { name: '号码' }).fill('13800138000')
  await send(visit, '登记投诉', 'called at night')
  const row = page.getByRole('row').filter({ hasText: 'called at night' })
  await row.getByText('办理中').waitFor()
  await row.getByRole('button', { name: '分配' }).click()
  await page.getByRole('dialog').filter({ visible: true }).getByRole('textbox', { name: '处理人' }).fill('compliance')
  await send(visit, '分配')
  await row.getByRole('cell', { name: 'compliance' }).waitFor()
  await visit.shot('zh')
  await row.getByRole('button', { name: '办结' }).click()
  await send(visit, '办结', 'seen to')
  await page.getByText('没有投诉').waitFor()
  await page.getByRole('tab', { name: '签名报告' }).click()
  await page.getByText('没有签名报告').waitFor()
  await held(visit, words)
}

async function samples(visit, { begin, words }) {
  await open(visit, begin, 'auditor', '/samples', '抽检')
  const { page } = visit
  await visit.until('a call that has ended', async () => {
    const { items } = await visit.api('/api/v1/calls?campaign=DEMO&limit=20')
    return items?.some((one) => one.ended_at !== null)
  })
  await page.getByRole('button', { name: '抽取', exact: true }).click()
  const dialog = page.getByRole('dialog').filter({ visible: true })
  await dialog.getByRole('textbox', { name: '种子' }).fill('2026-11-20 index 3124.5')
  await dialog.getByRole('spinbutton', { name: '数量' }).fill('1')
  await send(visit, '抽取')
  const sample = page.getByRole('region', { name: '抽检' })
  await sample.getByText('还差 1 通').waitFor()
  visit.hold(await sample.getByRole('button', { name: '签字' }).isDisabled(), 'it may be signed off unseen')
  await sample.getByRole('button', { name: '核对' }).click()
  const groups = dialog.getByRole('group')
  for (let at = 0; at < (await groups.count()); at += 1) await groups.nth(at).getByText('是', { exact: true }).click()
  await send(visit, '核对', 'all is well')
  await sample.getByText('还差 0 通').waitFor()
  await sample.getByRole('button', { name: '签字' }).click()
  await send(visit, '签字')
  await page.getByText('auditor 已签字').waitFor()
  await visit.shot('zh')
  await held(visit, words)
}

async function labels(visit, { begin, words }) {
  await open(visit, begin, 'analyst', '/labels', '标注')
  const { page } = visit
  await page.getByRole('button', { name: '下一条' }).click()
  await page.getByText('没有待标注的语句').or(page.getByRole('group', { name: '标注结果' })).first().waitFor()
  const waits = await page.getByRole('group', { name: '标注结果' }).isVisible()
  if (waits) {
    await page.getByRole('button', { name: '听错了' }).click()
    await page.getByRole('tab', { name: '已确认' }).click()
    await page.getByRole('cell', { name: /听错/ }).first().waitFor()
  }
  await visit.shot('zh')
  await held(visit, words)
}

export const DESKS = { events, audit, projections, settings, users, approvals, webhooks, compliance, samples, labels }
