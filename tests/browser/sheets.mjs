// Reports that nobody saved: the review of a period, a day, costs beside a baseline, regions, and exports that come as files
// and stand on record.

import { readFileSync } from 'node:fs'
import { begin, holdWords } from './pages.mjs'

async function choose(page, title) {
  await page.locator('.ant-select-dropdown').filter({ visible: true }).getByTitle(title, { exact: true }).click()
}

/** The review of a day and of a month: figures that lead to their events, what to do, and what is not told yet. */
export async function pdca(visit) {
  await begin(visit, 'supervisor', '/reports')
  const { page } = visit
  await page.getByRole('link', { name: 'PDCA 复盘' }).click()
  await page.getByRole('heading', { level: 1, name: 'PDCA 复盘' }).waitFor()
  const done = page.getByRole('region', { name: '执行 D：通话' })
  await done.getByRole('cell', { name: /接通率（按呼叫，含应答机） v1/ }).waitFor()
  const told = await visit.api('/api/v1/reports/pdca?period=day&campaign=DEMO')
  visit.hold(told.plan.campaigns.some((one) => one.campaign === 'DEMO'), 'the day knows no campaign')
  visit.hold((await page.getByText('本报告尚缺').count()) === 0, 'a day lacks nothing')
  await page.getByRole('region', { name: '计划 P：任务与目标' }).getByRole('link', { name: 'DEMO', exact: true }).waitFor()
  await done.getByRole('button', { name: '事件 dialed_calls v1' }).click()
  await page.getByText('截至位置').first().waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('radiogroup', { name: '周期' }).getByText('年', { exact: true }).click()
  await page.getByText('本报告尚缺').waitFor()
  const year = await visit.api('/api/v1/reports/pdca?period=year&campaign=DEMO')
  for (const one of year.lacks) await page.getByText(one.zh).waitFor()
  visit.hold(year.lacks.map((one) => one.code).join() === 'tags,models,architecture', `a year lacks ${JSON.stringify(year.lacks)}`)
  await page.getByText('数据不足两周，无法预测').waitFor()
  await page.getByText('容量：日均').waitFor()
  visit.hold(new URL(page.url()).searchParams.get('period') === 'year', 'the period stands in no address')
  await page.reload()
  await page.getByText('容量：日均').waitFor()
  await visit.shot('zh')
  // As it was known at the campaign's beginning nothing had been dialed.
  const { items } = await visit.api('/api/v1/campaigns/DEMO/events?limit=3')
  await visit.open(`/pdca?campaign=DEMO&as_of=${encodeURIComponent(items[items.length - 1].time)}`)
  await page.getByText('时所知').first().waitFor()
  await page.getByText('从对比期或本期').or(page.getByText('本期或对比期没有呼叫，无法比较')).waitFor()
  await holdWords(visit)
  await visit.shot('en')
}

export async function daily(visit) {
  await begin(visit, 'operator', '/reports?tab=daily')
  const { page } = visit
  await page.getByRole('link', { name: 'DEMO', exact: true }).waitFor()
  const told = await visit.api('/api/v1/reports/daily')
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'DEMO', exact: true }) })
  visit.hold((await row.getByRole('cell').count()) === told.columns.length + 1, 'not every figure of the day is shown')
  await visit.shot('zh')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 CSV' }).click()])
  visit.hold(file.suggestedFilename() === `daily-${told.date}.csv`, `the file is ${file.suggestedFilename()}`)
  await visit.open('/reports?tab=daily&at=2020-01-01')
  await page.getByText('当天没有任务拨打').waitFor()
  await holdWords(visit)
}

export async function costs(visit) {
  await begin(visit, 'operator', '/reports?tab=costs')
  const { page } = visit
  await page.getByRole('link', { name: 'DEMO', exact: true }).waitFor()
  visit.hold((await page.getByRole('columnheader', { name: '人工坐席成本（元）' }).count()) === 0, 'a baseline that nobody said')
  await page.getByRole('checkbox', { name: '与人工坐席成本对比' }).check()
  await page.getByRole('columnheader', { name: '人工坐席成本（元）' }).waitFor()
  await page.getByRole('spinbutton', { name: '年工作日' }).fill('200')
  const path = '/api/v1/reports/costs?step=60&per_minute_fen=15&agent_year_fen=8000000&work_days_per_year=200&calls_per_agent_day_min=150&calls_per_agent_day_max=200'
  await visit.until('the figures of that baseline', async () => {
    const { total } = await visit.api(path)
    const least = (total.baseline.people_cost_fen_min / 100).toFixed(2)
    return (await page.getByRole('row').filter({ hasText: '合计' }).innerText()).includes(least)
  })
  await page.getByText('人工坐席成本按此处填写的数值计算').waitFor()
  await visit.shot('zh')
  await page.getByRole('tab', { name: '地区与行业' }).click()
  await page.getByRole('columnheader', { name: '地区', exact: true }).waitFor()
  await page.getByRole('tab', { name: '费用' }).click()
  await holdWords(visit)
}

/** A file comes, is what the server has, and stands on record; one that is cut off is none. */
export async function exports(visit) {
  await begin(visit, 'auditor', '/reports?tab=exports')
  const { page } = visit
  await page.getByRole('combobox', { name: '格式' }).click()
  await choose(page, 'JSONL')
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '开始导出' }).click()])
  await page.getByText('已保存 calls.jsonl').waitFor()
  const lines = readFileSync(await file.path(), 'utf8').trim().split('\n')
  visit.hold(lines.length > 0 && lines.every((line) => typeof JSON.parse(line).call === 'string'), 'the file holds no calls')
  visit.hold(!/(?<!\w)1[3-9]\d{9}(?!\w)/.test(lines.join('\n')), 'a number in clear')
  await visit.shot('zh')
  const record = await visit.api('/api/v1/events?kind=inquiry.exported&limit=1000')
  visit.hold(record.items.length > 0, 'the export is not on record')
  visit.isTrying = true
  await page.route('**/api/v1/exports/calls*', (route) => route.abort('connectionreset'))
  await page.getByRole('button', { name: '开始导出' }).click()
  await page.getByRole('alert').waitFor()
  await page.unroute('**/api/v1/exports/calls*')
  visit.isTrying = false
  await holdWords(visit)
}

/** What sizes a campaign's calls: its batches as its own events have them, its budget, and the lines as the dialer counts. */
export async function pacing(visit) {
  await begin(visit, 'operator', '/campaigns/DEMO?tab=pacing')
  const { page } = visit
  await page.getByText('批次依据').waitFor()
  const read = await visit.api('/api/v1/campaigns/DEMO/events?kind=campaign.dials_granted&limit=1000')
  const [first] = read.items
  const position = page.getByRole('tabpanel').locator('tbody .mono').first()
  const shown = await visit.until('a batch', async () => Number(await position.innerText().catch(() => 0)))
  const batches = await visit.api(`/api/v1/campaigns/DEMO/events?kind=campaign.dials_granted&after=${shown - 1}&limit=1`)
  visit.hold(batches.items[0]?.position === String(shown) && shown >= Number(first.position), `${shown} is no batch of the campaign`)
  const { budget } = await visit.api('/api/v1/campaigns/DEMO/abandonment')
  const left = Math.floor((budget.limit_per_mille * budget.answered) / 1000) - budget.abandoned
  // Where the robot alone calls, the share of abandoned calls has no limit.
  const words = budget.binds === false ? '仅机器人外呼：不设上限' : left < 0 ? /已超出 \d+ 通/ : /剩余 \d+ 通/
  await page.getByText(words).first().waitFor()
  await page.getByRole('meter', { name: '通道' }).first().waitFor()
  await visit.shot('zh')
  // As it was known at the first batch there was no later one.
  await visit.open(`/campaigns/DEMO?tab=pacing&position=${first.position}`)
  await page.getByText('不是现在').waitFor()
  await visit.until('the first batch', async () => (await position.innerText().catch(() => '')) === first.position)
  visit.hold((await page.getByRole('meter', { name: '通道' }).count()) === 0, 'lines of now stand on a page of then')
  await holdWords(visit)
}
