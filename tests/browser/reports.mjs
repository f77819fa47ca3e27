// Reports as they are used: one is saved with its schedule, read beside another period, down to its events, changed where
// somebody else was first, and removed; a question in SQL with a fault and without; and what a user prefers.

import { begin, holdWords } from './pages.mjs'

async function choose(page, title) {
  await page.locator('.ant-select-dropdown').filter({ visible: true }).getByTitle(title, { exact: true }).click()
}

export async function reports(visit) {
  await begin(visit, 'operator', '/reports')
  const { page } = visit
  await page.getByRole('heading', { level: 1, name: '报表' }).waitFor()
  await page.getByRole('button', { name: '新建报表' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('网址名称（小写字母与数字）').fill('weekly')
  await dialog.getByLabel('标题').fill('接通周报')
  await dialog.getByLabel('指标').fill('接通率')
  await choose(page, '接通率（按呼叫，含应答机）')
  await page.keyboard.press('Escape')
  await dialog.getByRole('button', { name: '保存' }).click()
  await page.getByRole('heading', { level: 1, name: '接通周报' }).waitFor()
  const compared = page.getByRole('region', { name: '与其他期间对比' })
  await compared.getByRole('row').nth(1).waitFor()
  const told = await visit.api('/api/v1/saved-reports/weekly')
  const asked = `from=${encodeURIComponent(told.from)}&to=${encodeURIComponent(told.to)}`
  const comparison = await visit.api(`/api/v1/metrics/answer_ratio_per_call/comparison?${asked}`)
  visit.hold(['no_figure', 'too_few', 'unclear', 'higher', 'lower'].includes(comparison.verdict), `a verdict of ${comparison.verdict}`)
  await page.getByRole('button', { name: '事件 answer_ratio_per_call' }).click()
  await page.getByText('截至位置').first().waitFor()
  await page.keyboard.press('Escape')
  await noted(page)
  await visit.shot('zh')
  await changed(visit)
  await page.getByRole('button', { name: '删除报表' }).click()
  await page.getByRole('dialog').getByRole('button', { name: '删除报表' }).click()
  await page.getByText('暂无已存报表').waitFor()
  await preferred(visit)
  await holdWords(visit)
  await visit.shot('en')
}

/** What happened is noted on the chart that it is about. */
async function noted(page) {
  const chart = page.getByRole('region', { name: /^接通率（按呼叫，含应答机） v\d+$/ })
  await chart.getByText(/^图表注记 \d+ 条$/).click()
  await chart.getByRole('textbox', { name: /^发生了什么/ }).fill('线路二停了十分钟')
  await chart.getByRole('button', { name: '添加注记' }).click()
  await chart.getByRole('paragraph').filter({ hasText: '线路二停了十分钟' }).waitFor()
}

/** Somebody else comes between: both versions stand side by side, and nothing typed is lost. */
async function changed(visit) {
  const { page } = visit
  await page.getByRole('button', { name: '修改报表' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('天数').fill('30')
  visit.isTrying = true
  const other = await page.evaluate(async () => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const shown = await (await fetch('/api/v1/saved-reports/weekly')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'If-Match': shown.etag }
    const body = JSON.stringify({ title: '别处改的', metrics: shown.metrics, days: 14 })
    return (await fetch('/api/v1/saved-reports/weekly', { method: 'PUT', headers, body })).status
  })
  visit.hold(other === 200, `the other one is answered ${other}`)
  await dialog.getByRole('button', { name: '保存' }).click()
  await dialog.getByText('别处改的').waitFor()
  visit.hold((await dialog.getByLabel('天数').inputValue()) === '30', 'what was typed is lost')
  await dialog.getByRole('button', { name: '保存' }).click()
  await dialog.waitFor({ state: 'hidden' })
  visit.isTrying = false
  visit.hold((await visit.api('/api/v1/saved-reports/weekly')).days === 30, 'it was not changed')
}

async function preferred(visit) {
  const { page } = visit
  await page.getByRole('button', { name: '偏好' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: '首页' }).click()
  await choose(page, '实时大屏')
  await dialog.getByRole('button', { name: '保存偏好' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await visit.open('/')
  await visit.until('the page that comes first', () => new URL(page.url()).pathname === '/wall')
  const told = await visit.api('/api/v1/preferences')
  visit.hold(told.home === 'wall', `kept is ${JSON.stringify(told)}`)
  // As it was before, for whoever comes next.
  const status = await page.evaluate(async (etag) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'If-Match': etag }
    return (await fetch('/api/v1/preferences', { method: 'PUT', headers, body: '{}' })).status
  }, told.etag)
  visit.hold(status === 200, `preferences are answered ${status}`)
}

/** A question in SQL: a fault says where, and an answer of how old it is. */
export async function sql(visit) {
  await begin(visit, 'analyst', '/reports?tab=sql')
  const { page } = visit
  const field = page.getByRole('textbox', { name: '即席查询 SQL' })
  await field.fill('select campaign\nfrom calls whre 1')
  visit.isTrying = true
  await page.getByRole('button', { name: '查询', exact: true }).click()
  await page.getByRole('alert').getByText(/line 2, column/).waitFor()
  const at = await field.evaluate((one) => one.selectionStart)
  visit.hold(at > 'select campaign\n'.length, `the cursor stands at ${at}`)
  await field.fill('select count(*) as calls from calls')
  await page.getByRole('button', { name: '查询', exact: true }).click()
  await page.getByText(/1 行，/).waitFor()
  await page.getByRole('columnheader', { name: 'calls' }).waitFor()
  await visit.shot('zh')
  await holdWords(visit)
}
