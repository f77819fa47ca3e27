// As each role: every entry and button that the server would refuse is absent, and asking for it anyway is refused; and
// what the server would answer is there.

const ROLES = ['admin', 'operator', 'viewer', 'agent', 'supervisor', 'compliance', 'auditor', 'analyst', 'integrator']

/** An entry of the menu, where it leads, and the questions of which one at least is answered to whoever sees it. */
const ENTRIES = [
  ['外呼任务', '/campaigns', ['/api/v1/campaigns']],
  ['通话', '/calls', ['/api/v1/calls']],
  ['告警', '/alerts', ['/api/v1/alerts', '/api/v1/alerts?campaign={held}']],
  ['审批', '/approvals', ['/api/v1/approvals']],
  ['合规工作台', '/compliance', ['/api/v1/complaints', '/api/v1/requests', '/api/v1/compliance-reports']],
  ['抽检', '/samples', ['/api/v1/samples']],
  ['标注', '/labels', ['/api/v1/labels']],
  ['事件', '/events', ['/api/v1/events?limit=1']],
  ['审计检索', '/audit', ['/api/v1/audit?limit=1']],
  ['读模型', '/projections', ['/api/v1/projections']],
  ['用户与权限', '/users', ['/api/v1/users', '/api/v1/api-keys']],
  ['回调', '/webhooks', ['/api/v1/webhooks']],
  ['设置', '/settings', ['/api/v1/settings']],
]

const NOBODY = '00000000-0000-5000-8000-000000000000'

/** A page's button, and the command behind it: of what is not there, so that nothing is done where it is allowed. */
const BUTTONS = [
  ['/campaigns/DEMO', '停止', 'POST', '/api/v1/stop', { scope: 'campaign', id: 'NONE', reason: '' }, '外呼任务'],
  ['/campaigns/DEMO', '终止任务', 'POST', '/api/v1/campaigns/NONE/stop', { reason: 'x' }, '外呼任务'],
  ['/campaigns/DEMO', '暂停', 'POST', '/api/v1/campaigns/NONE/pause', undefined, '外呼任务'],
  ['/projections', '重建并核对', 'POST', '/api/v1/projections/none/rebuild', {}, '读模型'],
  ['/users', '新增用户', 'POST', '/api/v1/users', { name: '', roles: [] }, '用户与权限'],
  ['/users', '停用 viewer', 'POST', '/api/v1/users/nobody-of-that-name/disable', { reason: 'x' }, '用户与权限'],
  ['/users?tab=keys', '新建密钥', 'POST', '/api/v1/api-keys', { user: 'nobody-of-that-name' }, '用户与权限'],
  ['/webhooks', '新增回调', 'POST', '/api/v1/webhooks', { url: '' }, '回调'],
  ['/settings', '修改', 'PUT', '/api/v1/settings/sessions.hours_max', { value: 12, reason: 'x' }, '设置'],
  ['/compliance?tab=complaints', '登记投诉', 'POST', '/api/v1/complaints', { source: 'own', what: '' }, '合规工作台'],
  ['/compliance?tab=reports', '签发报告', 'POST', '/api/v1/compliance-reports', { period: 'none' }, '合规工作台'],
  ['/compliance', '查证', 'POST', '/api/v1/inspections', { number: '', reason: '' }, '合规工作台'],
  ['/samples', '抽取', 'POST', '/api/v1/samples', { seed: '', size: 0 }, '抽检'],
  ['/labels', '下一条', 'POST', `/api/v1/labels`, { turn: `call.${NOBODY}.1` }, '标注'],
]

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

async function buttons(visit, role, seen) {
  const { page } = visit
  for (const [address, name, method, path, body, entry] of BUTTONS) {
    // A campaign that is over has nothing to stop or to pause, for anybody.
    const isOver = RUNNING.has(name) && (await visit.api('/api/v1/campaigns/DEMO')).status !== 'running'
    const isRefused = (await status(visit, method, path, body)) === 403
    if (!seen.has(entry)) {
      visit.hold(isRefused || name === '登记投诉', `${role}: ${name} has no page, and the server would do it`)
      continue
    }
    await visit.open(address)
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    const main = page.getByRole('main')
    await main.getByRole('table').or(main.getByRole('slider')).or(main.getByRole('textbox')).first().waitFor()
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
