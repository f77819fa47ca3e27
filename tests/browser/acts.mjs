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
    page.setDefaultTimeout(20_000)
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
  await page.getByRole('dialog').getByRole('button', { name: '同意', exact: true }).click()
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
  await page.getByText('另一人同意后').waitFor()
  visit.hold((await page.getByRole('link', { name: '待审批' }).count()) > 0, 'nothing leads to the approvals')
  await visit.shot('waits')
  await as(visit, context, 'admin', visit.passwords.admin, (other) => sayYes(other, visit.url))
  await page.getByRole('button', { name: '凭审批再次提交' }).click()
  await page.getByText('新增 1 人，有误 0 行').waitFor()
  await as(visit, context, 'admin', visit.passwords.admin, (other) => other.evaluate(async (password) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    return (await fetch('/api/v1/users', { method: 'POST', headers, body: JSON.stringify({ name: 'zhao', roles: ['compliance'], reason: 'a second one', password }) })).status
  }, PASSWORD))
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
  await dialog.getByText('另一人同意后').waitFor()
  await as(visit, context, 'zhao', PASSWORD, (other) => sayYes(other, visit.url))
  await dialog.getByRole('button', { name: '凭审批再次提交' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await visit.until('the erasure', async () => (await visit.api(`/api/v1/customers/${person}`)).standing?.erasure !== 'none')
  await visit.open('/compliance')
  await page.getByRole('textbox', { name: '号码' }).fill('13800138000')
  await page.getByRole('textbox', { name: /原因/ }).fill('a letter of the regulator')
  await page.getByRole('checkbox', { name: /明文/ }).check()
  await page.getByRole('button', { name: '查证', exact: true }).click()
  await page.getByText('另一人同意后').waitFor()
  await as(visit, context, 'zhao', PASSWORD, (other) => sayYes(other, visit.url))
  await page.getByRole('button', { name: '凭审批再次提交' }).click()
  await page.getByText('截至位置').waitFor()
  await words(visit)
}

export const ACTS = { approved }
export { ask, send, as }
