// As each role: every entry and button that the server would refuse is absent, and asking for it anyway is refused; and
// what the server would answer is there.

const ROLES = ['admin', 'operator', 'viewer', 'agent', 'supervisor', 'compliance', 'auditor', 'analyst', 'integrator']

/** An entry of the menu, where it leads, and the questions of which one at least is answered to whoever sees it. */
const ENTRIES = [
  ['外呼任务', '/campaigns', ['/api/v1/campaigns']],
  ['实时大屏', '/wall', ['/api/v1/live']],
  ['客户', '/customers', ['/api/v1/customers?limit=1']],
  ['通话', '/calls', ['/api/v1/calls']],
  ['话术流程', '/flows', ['/api/v1/flow-files']],
  ['报表', '/reports', ['/api/v1/saved-reports']],
  ['线路', '/lines', ['/api/v1/trunks']],
  ['告警', '/alerts', ['/api/v1/alerts', '/api/v1/alerts?campaign={held}']],
  ['审批', '/approvals', ['/api/v1/approvals']],
  ['合规工作台', '/compliance', ['/api/v1/complaints', '/api/v1/requests', '/api/v1/compliance-reports']],
  ['知识库', '/knowledge', ['/api/v1/knowledge']],
  ['抽检', '/samples', ['/api/v1/samples']],
  ['标注', '/labels', ['/api/v1/labels']],
  ['事件', '/events', ['/api/v1/events?limit=1']],
  ['订阅者', '/subscribers', ['/api/v1/subscribers']],
  ['审计检索', '/audit', ['/api/v1/audit?limit=1']],
  ['读模型', '/projections', ['/api/v1/projections']],
  ['用户与权限', '/users', ['/api/v1/users', '/api/v1/api-keys']],
  ['事件推送', '/webhooks', ['/api/v1/webhooks']],
  ['设置', '/settings', ['/api/v1/settings']],
]

const NOBODY = '00000000-0000-5000-8000-000000000000'
const NONE = NOBODY.replaceAll('-', '')

/** A page's button, and the command behind it: of what is not there, so that nothing is done where it is allowed. */
const BUTTONS = [
  ['/campaigns/DEMO', '停止', 'POST', '/api/v1/stop', { scope: 'campaign', id: 'NONE', reason: '' }, '外呼任务'],
  ['/campaigns/DEMO', '终止任务', 'POST', '/api/v1/campaigns/NONE/stop', { reason: 'x' }, '外呼任务'],
  ['/campaigns/DEMO', '暂停', 'POST', '/api/v1/campaigns/NONE/pause', undefined, '外呼任务'],
  ['/campaigns/DEMO', '试呼', 'POST', '/api/v1/campaigns/NONE/test-calls', {}, '外呼任务'],
  ['/lines', '试呼', 'POST', '/api/v1/campaigns/NONE/test-calls', {}, '线路'],
  ['/projections', '重建并核对', 'POST', '/api/v1/projections/none/rebuild', {}, '读模型'],
  ['/users', '新增用户', 'POST', '/api/v1/users', { name: '', roles: [] }, '用户与权限'],
  ['/users', '停用 viewer', 'POST', '/api/v1/users/nobody-of-that-name/disable', { reason: 'x' }, '用户与权限'],
  ['/webhooks', '新增事件推送', 'POST', '/api/v1/webhooks', { url: '' }, '事件推送'],
  ['/settings', '修改', 'PUT', '/api/v1/settings/sessions.hours_max', { value: 12, reason: 'x' }, '设置'],
  ['/compliance?tab=complaints', '登记投诉', 'POST', '/api/v1/complaints', { source: 'own', what: '' }, '合规工作台'],
  ['/compliance?tab=reports', '签发报告', 'POST', '/api/v1/compliance-reports', { period: 'none' }, '合规工作台'],
  ['/compliance', '查证', 'POST', '/api/v1/inspections', { number: '', reason: '' }, '合规工作台'],
  ['/samples', '抽取', 'POST', '/api/v1/samples', { seed: '', size: 0 }, '抽检'],
  ['/labels', '下一条', 'POST', `/api/v1/labels`, { turn: `call.${NOBODY}.1` }, '标注'],
  ['/', '停止全部外呼', 'POST', '/api/v1/stop', { scope: 'trunk', id: 'no-such-line', reason: 'x' }, null],
  ['/campaigns/DEMO?tab=lists', '止呼指定客户', 'POST', '/api/v1/campaigns/NONE/withdraw', { customers: [], reason: '' }, '外呼任务'],
  ['/events', '导出 CSV', 'GET', '/api/v1/exports/nothing', undefined, '事件'],
  ['/audit', '下载证据包', 'POST', '/api/v1/audit/export', { limit: 'none' }, '审计检索'],
  ['/users', '修改范围 viewer', 'POST', '/api/v1/users/nobody-of-that-name/scope', { reason: 'x' }, '用户与权限'],
  ['/compliance?tab=inspect', '下载证据包', 'POST', '/api/v1/inspections/bundle', { reason: '' }, '合规工作台'],
  ['/compliance?tab=seen', '排查', 'POST', '/api/v1/inspections/seen', { from: 'none' }, '合规工作台'],
  ['/compliance?tab=registries', '登记新版本', 'POST', '/api/v1/registries', { registry: '' }, '合规工作台'],
  ['a call', '更正呼叫结果', 'POST', `/api/v1/calls/${NOBODY}/correct`, { disposition: 'busy', reason: 'x' }, '通话'],
  ['a call', '登记投诉', 'POST', '/api/v1/complaints', { source: 'own', what: '' }, '通话'],
  ['a person', '登记个人信息请求', 'POST', '/api/v1/requests', { customer: '', wish: 'none' }, '客户'],
  ['a person', '分配', 'POST', `/api/v1/customers/${NONE}/assign`, { reason: 'x' }, '客户'],
  ['a person', '登记同意', 'POST', `/api/v1/customers/${NONE}/consents`, { scope: '', source: '' }, '客户'],
  ['a person', '撤回同意', 'POST', `/api/v1/customers/${NONE}/consents/withdraw`, { scope: '', source: '' }, '客户'],
  ['a person', '登记谢绝来电', 'POST', '/api/v1/numbers/opt-out', { number: '', reason: '' }, '客户'],
  ['a person', '加入黑名单', 'POST', '/api/v1/numbers/suppress', { number: '', reason: '' }, '客户'],
  ['a person', '显示号码', 'POST', `/api/v1/customers/${NONE}/reveal`, { fields: [], reason: '' }, '客户'],
  ['a person', '法律保留', 'POST', `/api/v1/customers/${NONE}/hold`, { reason: '' }, '客户'],
]

/** What somebody may ask of the server who has no page for it here: agents take calls at their own desk, programs have none. */
const ELSEWHERE = new Set(['登记投诉', '登记个人信息请求', '登记同意', '撤回同意', '登记谢绝来电', '导出 CSV'])

/** What only a campaign that runs has. */
const RUNNING = new Set(['停止', '暂停', '终止任务'])

async function status(visit, method, path, body) {
  return visit.page.evaluate(async ([verb, at, told]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    return (await fetch(at, { method: verb, headers, body: told === undefined ? undefined : JSON.stringify(told) })).status
  }, [method, path, body])
}

async function entries(visit, role) {
  const { page } = visit
  const menu = page.getByRole('navigation')
  const seen = new Set()
  // Whoever is held to campaigns is told of each by its name.
  const [held] = (await visit.api('/api/v1/whoami')).campaigns ?? []
  for (const [name, address, asked] of ENTRIES) {
    const isShown = (await menu.getByRole('link', { name: name === '告警' ? /^告警/ : name, exact: name !== '告警' }).count()) > 0
    const answers = []
    for (const path of asked) answers.push(await status(visit, 'GET', held === undefined ? path : path.replace('{held}', held)))
    const isAnswered = answers.includes(200)
    visit.hold(isShown === isAnswered, `${role}: ${name} is ${isShown ? 'shown' : 'absent'}, the server answers ${answers.join(', ')}`)
    if (isShown) seen.add(name)
    else {
      await visit.open(address)
      await page.getByRole('alert').first().or(page.getByRole('main').getByRole('button')).or(page.locator('main .empty')).first().waitFor()
      visit.hold((await page.locator('tbody tr.ant-table-row').count()) === 0, `${role}: ${address} shows rows of what is refused`)
      await visit.open('/')
      await menu.waitFor()
    }
  }
  return seen
}

/** The page of a call or a person of theirs; none where they have none. */
async function addressOf(visit, path) {
  if (path !== 'a call' && path !== 'a person') return path
  const { items } = await visit.api('/api/v1/calls?campaign=DEMO&disposition=answered&limit=50')
  for (const call of items ?? []) {
    if (call.ended_at === null) continue
    if (path === 'a call') return `/calls/${call.id}`
    const person = await visit.api(`/api/v1/customers/${call.customer}`)
    if (person.standing?.erasure === 'none' && person.standing.held === null) return `/customers/${call.customer}`
  }
  return null
}

async function buttons(visit, role, seen) {
  const { page } = visit
  for (const [where, name, method, path, body, entry] of BUTTONS) {
    // A campaign that is over has nothing to stop or to pause, for anybody.
    const isOver = RUNNING.has(name) && (await visit.api('/api/v1/campaigns/DEMO')).status !== 'running'
    const isRefused = (await status(visit, method, path, body)) === 403
    if (entry !== null && !seen.has(entry)) {
      visit.hold(isRefused || ELSEWHERE.has(name), `${role}: ${name} has no page, and the server would do it`)
      continue
    }
    const address = await addressOf(visit, where)
    if (address === null) continue
    await visit.open(address)
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    const main = page.getByRole('main')
    await main.getByRole('table').or(main.getByRole('slider')).or(main.getByRole('textbox')).or(main.getByRole('heading', { level: 2 })).first().waitFor()
    const button = page.getByRole('main').getByRole('button', { name, exact: true })
    if (isRefused) {
      await page.waitForTimeout(400)
      visit.hold((await button.count()) === 0, `${role}: ${name} on ${address} is shown, and refused`)
    } else if (!isOver) {
      const isThere = await button.first().waitFor({ timeout: 5_000 }).then(() => true, () => false)
      visit.hold(isThere, `${role}: ${name} on ${address} is absent, and the server would do it`)
    }
  }
}

/** Every role signs in by itself, in a window of its own. */
export async function everyRole(visit, { begin }, context) {
  visit.isTrying = true
  for (const role of ROLES) {
    await context.clearCookies()
    await begin(visit, role, '/')
    const seen = await entries(visit, role)
    await buttons(visit, role, seen)
  }
}
