// Acts that need more than a button: another person's word, a reason, a look behind the figure; each done to its end in
// the console.

async function ask(visit, method, path, body) {
  return visit.page.evaluate(async ([verb, at, told]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    const reply = await fetch(at, { method: verb, headers, body: told === undefined ? undefined : JSON.stringify(told) })
    return { status: reply.status, told: await reply.json().catch(() => null) }
  }, [method, path, body])
}

/** A dialog is filled, sent and gone; a refusal would stand in it. */
async function send(visit, button, reason) {
  const dialog = visit.page.getByRole('dialog').filter({ visible: true })
  if (reason !== undefined) await dialog.locator('textarea').last().fill(reason)
  await dialog.getByRole('button', { name: button, exact: true }).click()
  await dialog.waitFor({ state: 'hidden' })
}

/** What somebody else does in a browser of their own. */
async function as(visit, context, name, password, does) {
  const other = await context.browser().newContext()
  try {
    const page = await other.newPage()
    page.setDefaultTimeout(60_000)
    await page.goto(visit.url)
    await page.getByRole('textbox', { name: /用户名|Name/ }).fill(name)
    await page.getByLabel(/^(密码|Password)$/).fill(password)
    await page.getByRole('button', { name: /^(登录|Sign in)$/ }).click()
    await page.getByRole('navigation').waitFor()
    return await does(page)
  } finally {
    await other.close()
  }
}

/** Says yes to what waits, on the page on which people do. */
async function sayYes(page, url) {
  await page.goto(`${url}/approvals`)
  await page.getByRole('button', { name: '同意', exact: true }).first().click()
  const answered = page.waitForResponse((reply) => reply.url().endsWith('/approve'))
  await page.getByRole('dialog').getByRole('button', { name: '同意', exact: true }).click()
  const reply = await answered
  if (!reply.ok()) throw new Error(`an approval is answered ${reply.status()} ${await reply.text()}`)
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
}

const PASSWORD = 'eighteen quiet lanterns'

/** A list and an erasure that need another person's word are done to their end where they were begun. */
async function approved(visit, { begin, words }, context) {
  const { page } = visit
  const id = `FOUR_EYES_${Date.now() % 1_000_000}`
  visit.isTrying = true
  await begin(visit, 'operator', '/')
  const made = await ask(visit, 'POST', '/api/v1/campaigns', {
    task_id: id, approvals: ['lists'], preset: 'cn-collection', basis: 'contract', script_template: '您好', purpose: 'the proof of approvals',
    schedule: { start_time: '08:00', end_time: '20:00', max_concurrent: 1 },
  })
  visit.hold(made.status === 200 || made.status === 201, `a campaign is answered ${made.status} ${JSON.stringify(made.told)}`)
  await visit.open(`/campaigns/${id}?tab=lists`)
  await page.getByLabel('追加名单', { exact: true }).setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('customer_id,phone\nA1,13800138000\n') })
  await page.getByText('须由另一人在').waitFor()
  visit.hold((await page.getByRole('link', { name: '待审批' }).count()) > 0, 'nothing leads to the approvals')
  await visit.shot('waits')
  await as(visit, context, 'admin', visit.passwords.admin, (other) => sayYes(other, visit.url))
  await page.getByRole('button', { name: '完成操作' }).click()
  await page.getByText('新增 1 位客户，有误 0 行').waitFor()
  const second = `second-${Date.now() % 1_000_000}`
  const added = await as(visit, context, 'admin', visit.passwords.admin, (other) => other.evaluate(async ([name, password]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    return (await fetch('/api/v1/users', { method: 'POST', headers, body: JSON.stringify({ name, roles: ['compliance'], reason: 'a second one', password }) })).status
  }, [second, PASSWORD]))
  visit.hold(added < 300, `a second person is answered ${added}`)
  await context.clearCookies()
  await begin(visit, 'compliance', '/')
  const { items } = await visit.api('/api/v1/calls?campaign=DEMO&limit=50')
  const person = await visit.until('somebody who is not erased', async () => {
    for (const call of items) {
      const told = await visit.api(`/api/v1/customers/${call.customer}`)
      if (call.ended_at !== null && told.standing?.erasure === 'none' && told.standing.held === null) return told.id
    }
    return null
  })
  await visit.open(`/customers/${person}`)
  await page.getByRole('button', { name: '删除个人信息' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.locator('textarea').fill('the person asked for it')
  await dialog.getByRole('button', { name: '删除个人信息' }).click()
  await dialog.getByText('须由另一人在').waitFor()
  await as(visit, context, second, PASSWORD, (other) => sayYes(other, visit.url))
  await dialog.getByRole('button', { name: '完成操作' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await visit.until('the erasure', async () => (await visit.api(`/api/v1/customers/${person}`)).standing?.erasure !== 'none')
  await visit.open('/compliance')
  await page.getByRole('textbox', { name: '号码' }).fill('13800138000')
  await page.getByRole('textbox', { name: /原因/ }).fill('a letter of the regulator')
  await page.getByRole('checkbox', { name: /明文/ }).check()
  await page.getByRole('button', { name: '查证', exact: true }).click()
  await page.getByText('须由另一人在').waitFor()
  await as(visit, context, second, PASSWORD, (other) => sayYes(other, visit.url))
  await page.getByRole('button', { name: '完成操作' }).click()
  await page.getByText('截至位置').waitFor()
  await words(visit)
}

/** Everything, a preset and a line are stopped from where one sees them, and each stop is lifted where it is shown. */
async function stops(visit, { begin, words }) {
  const { page } = visit
  const engaged = async (id) => (await visit.api('/api/v1/stop')).items.some((one) => one.stop === id)
  await begin(visit, 'operator', '/')
  const everything = page.getByRole('button', { name: '停止全部外呼' })
  await everything.click()
  await send(visit, '停止全部外呼', 'the proof of stops')
  await visit.until('the stop of everything', () => engaged('all'))
  const needs = page.locator('section', { has: page.getByRole('heading', { name: '待处理' }) })
  await needs.getByText('全部外呼').waitFor()
  await visit.shot('all')
  await visit.open('/campaigns/DEMO')
  await page.getByRole('button', { name: '解除停止' }).waitFor()
  await visit.open('/')
  await needs.getByRole('button', { name: '解除停止' }).click()
  await send(visit, '解除停止', 'the proof goes on')
  await visit.until('its lifting', async () => !(await engaged('all')))
  await page.getByRole('combobox', { name: '按合规规则集停呼' }).click()
  await page.locator('.ant-select-dropdown').filter({ visible: true }).getByTitle('eu-gdpr', { exact: true }).click()
  await page.getByRole('button', { name: '停止合规规则集 eu-gdpr' }).click()
  await send(visit, '停止合规规则集 eu-gdpr', 'the proof of stops')
  await needs.getByRole('button', { name: '解除停止' }).click()
  await send(visit, '解除停止', 'the proof goes on')
  await visit.until('no stop', async () => (await visit.api('/api/v1/stop')).items.length === 0)
  const { items } = await visit.api('/api/v1/trunks')
  await visit.open('/lines')
  const line = page.getByRole('region', { name: items[0].trunk, exact: true })
  await line.getByRole('button', { name: /^停止线路/ }).click()
  await send(visit, `停止线路 ${items[0].trunk}`, 'the proof of stops')
  await line.getByRole('button', { name: '解除停止' }).click()
  await send(visit, '解除停止', 'the proof goes on')
  await line.getByRole('button', { name: /^停止线路/ }).waitFor()
  await page.getByRole('heading', { level: 1 }).click()
  await visit.until('the end of what was said', async () => (await page.locator('.ant-message-notice').count()) === 0)
  await words(visit)
}

/** The ledger of abandoned calls leads to events; regions, reasons, words and who was cut off have their tabs. */
async function ledger(visit, { begin, words }) {
  const { page } = visit
  await begin(visit, 'operator', '/campaigns/DEMO?tab=abandonment')
  const told = await visit.api('/api/v1/campaigns/DEMO/abandonment')
  await page.getByText('上限采用此指标').first().waitFor()
  for (const one of told.definitions) await page.getByText(one.label.zh, { exact: false }).first().waitFor()
  await visit.shot('ledger')
  await page.getByRole('button', { name: `事件 ${told.budget.metric}` }).first().click()
  await page.getByRole('dialog').getByText('合计').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: '地区与行业' }).click()
  await page.getByText('Asia/Shanghai').first().waitFor()
  const { items } = await visit.api('/api/v1/campaigns/DEMO/industries')
  const industry = { unknown: '未知', few: '人数过少的行业' }[items[0].industry] ?? items[0].industry
  await page.getByRole('row', { name: new RegExp(`^${industry} ${items[0].dialed} ${items[0].answered} `) }).waitFor()
  await page.getByRole('tab', { name: '拒绝原因' }).click()
  await page.getByText('有对话').first().waitFor()
  await page.getByRole('textbox', { name: /查看原因/ }).fill('the proof of words')
  await page.getByRole('button', { name: '统计关键词' }).click()
  await page.getByText('已读取').waitFor()
  await page.getByRole('tab', { name: '我方中断' }).click()
  await page.getByText('没有我方中断的通话').or(page.getByRole('columnheader', { name: '重呼时间' })).first().waitFor()
  await words(visit)
}

/** A call that ended: corrected by a new event, complained about, summed up, and taken away with its proof. */
async function callActs(visit, { begin, words }) {
  const { page } = visit
  await begin(visit, 'compliance', '/calls')
  const call = await visit.until('an answered call that has ended', async () => {
    const { items } = await visit.api('/api/v1/calls?campaign=DEMO&disposition=answered&limit=50')
    return items?.find((one) => one.ended_at !== null && one.corrected_at === null)
  })
  await visit.open(`/calls/${call.id}`)
  await page.getByRole('region', { name: '小结' }).getByText('跟进建议', { exact: true }).waitFor()
  const placed = page.locator('section', { has: page.getByRole('heading', { name: '拨打依据' }) })
  await placed.getByText('可外呼时段 · 允许').waitFor()
  await page.getByRole('button', { name: '更正呼叫结果' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: '呼叫结果' }).click()
  await page.locator('.ant-select-dropdown').filter({ visible: true }).locator('.ant-select-item-option').nth(1).click()
  await dialog.getByRole('combobox', { name: '沟通结果' }).locator('xpath=ancestor::*[contains(@class,"ant-select")][1]').hover()
  await page.locator('.ant-modal .ant-select-clear').last().click()
  await send(visit, '更正呼叫结果', 'the recording says otherwise')
  const region = page.getByRole('region', { name: '更正' })
  await region.getByText('the recording says otherwise').waitFor()
  const told = await visit.api(`/api/v1/calls/${call.id}`)
  visit.hold(told.corrections.length === 1 && told.ended.disposition !== 'answered', 'the correction is not on record')
  await page.getByRole('button', { name: '登记投诉' }).click()
  await send(visit, '登记投诉', 'called in the evening')
  await visit.until('the complaint', async () => (await visit.api('/api/v1/complaints?open=true')).items.some((one) => one.call === call.id))
  const taken = page.waitForEvent('download')
  await page.getByRole('button', { name: '下载证据包' }).click()
  visit.hold((await taken).suggestedFilename() === `call-${call.id}.proof`, 'the proof is not taken away')
  await visit.until('the end of what was said', async () => (await page.locator('.ant-message-notice').count()) === 0)
  await visit.shot('zh')
  await words(visit)
}

/** One person: why not at another moment, a request, a consent, somebody who sees to them, and no calls any more. */
async function personActs(visit, { begin, words }, context) {
  const { page } = visit
  await begin(visit, 'compliance', '/')
  const id = await visit.until('somebody who waits', async () => {
    const { items } = await visit.api('/api/v1/calls?campaign=DEMO&limit=100')
    for (const call of items.filter((one) => one.ended_at !== null)) {
      const told = await visit.api(`/api/v1/customers/${call.customer}`)
      const number = await visit.api(`/api/v1/numbers/${told.numbers?.[0]?.id}`)
      if (told.standing?.erasure === 'none' && number.opted_out === false) return told.id
    }
    return null
  })
  await visit.open(`/customers/${id}?campaign=DEMO`)
  const moment = page.getByLabel(/查询其他时间/)
  await moment.fill('2026-03-03 23:00')
  await moment.press('Enter')
  await page.getByRole('heading', { name: /该时间不可外呼的原因/ }).waitFor()
  await page.getByText('2026-03-03 23:00:00').first().waitFor()
  const acts = page.getByRole('region', { name: '操作', exact: true })
  await acts.getByRole('button', { name: '登记个人信息请求' }).click()
  await send(visit, '登记个人信息请求')
  await visit.until('the request', async () => (await visit.api('/api/v1/requests?open=true')).items.some((one) => one.customer === id))
  await acts.getByRole('button', { name: '登记同意' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: '用途' }).fill('service')
  await dialog.getByRole('textbox', { name: /来源/ }).fill('counter')
  await dialog.getByRole('textbox', { name: /证据/ }).fill('form 17')
  await send(visit, '登记同意')
  await visit.until('the consent', async () => (await visit.api(`/api/v1/customers/${id}/consents`)).consents.some((one) => one.scope === 'service' && one.consent === 'given'))
  const shown = await page.getByRole('main').innerText()
  visit.hold(!/1[3-9]\d{9}/.test(shown), 'a number in clear')
  await page.getByRole('button', { name: '显示号码' }).click()
  await send(visit, '显示号码', 'the letter names the number')
  const [phone] = (await page.getByText(/\+\d{10,15}/).first().innerText()).match(/\+\d{10,15}/)
  await page.getByRole('button', { name: '隐藏号码' }).click()
  await acts.getByRole('button', { name: '加入名单' }).click()
  await dialog.getByRole('textbox', { name: '号码' }).fill(phone)
  await dialog.getByRole('textbox', { name: '名单名称' }).fill('signed-2026')
  await send(visit, '加入名单', 'signed at the counter')
  await acts.getByRole('button', { name: '登记谢绝来电' }).click()
  await dialog.getByRole('textbox', { name: '号码' }).fill(phone)
  await send(visit, '登记谢绝来电', 'said so by letter')
  await acts.getByText('已谢绝来电').waitFor()
  await acts.getByText('没有其他客户').waitFor()
  await visit.shot('zh')
  await context.clearCookies()
  await begin(visit, 'operator', `/customers/${id}`)
  await acts.getByRole('button', { name: '分配' }).click()
  await dialog.getByRole('textbox', { name: '团队' }).fill('north')
  await send(visit, '分配', 'speaks the dialect')
  await visit.until('who sees to them', async () => {
    return (await visit.api('/api/v1/customers?limit=100')).items?.length > 0
  })
  await visit.until('the end of what was said', async () => (await page.locator('.ant-message-notice').count()) === 0)
  await words(visit)
}

/** Waits for a file that a button hands over, and answers its name. */
async function taken(visit, button) {
  const file = visit.page.waitForEvent('download')
  await button.click()
  return (await file).suggestedFilename()
}

/** Events as stored, and as the server's table; a search of the audit with its proof; who follows the events, and how far. */
async function files(visit, { begin, words }, context) {
  const { page } = visit
  await begin(visit, 'auditor', '/events?kind=campaign.')
  visit.hold((await taken(visit, page.getByRole('button', { name: '导出 JSONL' }))) === 'events.jsonl', 'events are not taken away')
  await page.getByText(/已导出 \d+ 个事件/).waitFor()
  visit.hold(/\.csv$/.test(await taken(visit, page.getByRole('button', { name: '导出 CSV' }))), 'the table of events is not taken away')
  await visit.open('/audit')
  await page.locator('tbody tr.ant-table-row').first().waitFor()
  // A proof is of a thousand events at most: what is taken away is narrowed first.
  await page.getByRole('textbox', { name: '事件类型' }).fill('inquiry.exported')
  await page.getByRole('button', { name: '检索', exact: true }).click()
  await page.getByRole('row').filter({ hasText: 'inquiry.exported' }).first().waitFor()
  await page.getByRole('row').filter({ hasText: 'inquiry.personal_data_read' }).first().waitFor({ state: 'hidden' })
  visit.hold(/\.proof$/.test(await taken(visit, page.getByRole('button', { name: '下载证据包' }))), 'a search is not taken away with its proof')
  const followed = await page.evaluate(async () => {
    const stop = new AbortController()
    const reply = await fetch('/api/v1/events/stream?subscriber=browser-proof&kind=campaign.', { signal: stop.signal })
    await reply.body.getReader().read()
    stop.abort()
    return reply.status
  })
  visit.hold(followed === 200, `a subscriber is answered ${followed}`)
  await visit.open('/subscribers')
  const row = page.getByRole('row', { name: /browser-proof/ })
  await row.getByText(/距日志末端/).waitFor()
  await visit.shot('subscribers')
  await row.getByRole('button', { name: '移除' }).click()
  await send(visit, '移除', 'the proof is over')
  await page.getByText('没有订阅者').waitFor()
  await visit.until('the end of what was said', async () => (await page.locator('.ant-message-notice').count()) === 0)
  await words(visit)
  await context.clearCookies()
}

/** What a user saw, of which day others' lists are, and a look taken away; a guest, and how far somebody sees. */
async function offices(visit, { begin, words }, context) {
  const { page } = visit
  await page.evaluate(() => localStorage.clear()).catch(() => undefined)
  await begin(visit, 'compliance', '/compliance?tab=seen')
  await page.getByRole('textbox', { name: '用户' }).fill('operator')
  await page.getByRole('button', { name: '排查', exact: true }).click()
  await page.getByText('截至位置').waitFor()
  await visit.shot('seen')
  await page.getByRole('tab', { name: '外部黑名单' }).click()
  await page.getByRole('button', { name: '登记新版本' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: '名单' }).fill('us-dnc')
  await dialog.getByLabel('日期').fill('2026-03-01')
  await dialog.getByRole('spinbutton', { name: '号码数' }).fill('12')
  await send(visit, '登记新版本', 'the list of March')
  await page.getByRole('cell', { name: 'us-dnc' }).waitFor()
  await page.getByRole('tab', { name: '号码查证' }).click()
  await page.getByRole('textbox', { name: '号码' }).fill('13800138000')
  await page.getByRole('textbox', { name: /原因/ }).fill('a letter of the regulator')
  visit.hold((await taken(visit, page.getByRole('button', { name: '下载证据包' }))).length > 0, 'a look is not taken away')
  await visit.until('the end of what was said', async () => (await page.locator('.ant-message-notice').count()) === 0)
  await words(visit)
  await page.evaluate(() => localStorage.clear())
  await context.clearCookies()
  await begin(visit, 'admin', '/users')
  const name = `guest-${Date.now() % 1_000_000}`
  await page.getByRole('button', { name: '新增用户' }).click()
  await dialog.getByRole('textbox', { name: '用户名' }).fill(name)
  await dialog.getByRole('combobox', { name: '角色' }).click()
  await page.locator('.ant-select-dropdown').filter({ visible: true }).getByTitle('审计员', { exact: true }).click()
  await page.keyboard.press('Escape')
  await dialog.getByLabel(/来宾/).fill('2026-12-31T18:00')
  await send(visit, '新增用户', 'the visit of the regulator')
  const row = page.getByRole('row', { name: new RegExp(name) })
  await row.getByText('来宾，至 2026-12-31 18:00:00').waitFor()
  await row.getByRole('button', { name: `修改范围 ${name}` }).click()
  await dialog.getByRole('textbox', { name: '团队' }).fill('north')
  await dialog.getByLabel('延长至').fill('2027-01-15T18:00')
  await send(visit, '修改范围', 'stays longer')
  await row.getByText('来宾，至 2027-01-15 18:00:00').waitFor()
  await row.getByText('north').waitFor()
  await visit.shot('guest')
}

export const ACTS = { approved, stops, ledger, 'call-acts': callActs, 'person-acts': personActs, files, offices }
export { ask, send, as }
