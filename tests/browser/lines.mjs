// The lines: what each carries of what it may, its numbers, how it fared; and the wave of a recording on a call's line of
// time, for a reason that is on record.

import { begin, holdWords, keptCall } from './pages.mjs'

export async function lines(visit, context) {
  await begin(visit, 'operator', '/lines')
  const { page } = visit
  await page.getByRole('heading', { name: '线路' }).waitFor()
  const told = await visit.api('/api/v1/trunks')
  const [line] = told.items
  const card = page.getByRole('region', { name: line.trunk })
  await card.getByText(`/ ${line.channels_max}`).waitFor()
  await card.getByText(`/ ${line.calls_per_second_max}`).waitFor()
  await card.getByText('主叫号码').waitFor()
  await page.getByRole('columnheader', { name: '结束码' }).waitFor()
  await page.getByRole('cell', { name: line.trunk }).first().waitFor()
  await visit.shot('zh')
  await tried(visit, context)
  await holdWords(visit)
  await visit.shot('en')
}

/** One of our own phones rings by the campaign's flow, and what came of it is told. */
async function tried(visit, context) {
  const { page } = visit
  await context.clearCookies()
  await begin(visit, 'admin', '/lines')
  const listed = await page.evaluate(async () => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    const body = JSON.stringify({ phone: '13800138000', label: 'reception', reason: 'who reviews flows' })
    return (await fetch('/api/v1/test-phones/add', { method: 'POST', headers, body })).status
  })
  visit.hold(listed === 200, `a phone of ours is answered ${listed}`)
  await page.getByRole('button', { name: '试呼' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('138****8000').waitFor()
  await dialog.getByRole('combobox', { name: '任务' }).click()
  await page.locator('.ant-select-dropdown').filter({ visible: true }).getByTitle('DEMO', { exact: true }).click()
  visit.isTrying = true
  await dialog.getByRole('button', { name: '试呼', exact: true }).click()
  await dialog.getByText('/variables 缺少变量 days').waitFor()
  visit.isTrying = false
  await dialog.getByRole('textbox', { name: /^流程变量/ }).fill('account=1234\ncustomer_name=王先生\ndays=3')
  await dialog.getByRole('button', { name: '试呼', exact: true }).click()
  const course = dialog.getByRole('region', { name: '试呼过程' })
  await course.getByText('已结束').waitFor({ timeout: 90_000 })
  visit.hold((await course.getByRole('listitem').count()) > 1, 'a test call has no steps')
  await visit.shot('tried')
  await dialog.getByRole('button', { name: '关闭', exact: true }).last().click()
  await dialog.waitFor({ state: 'hidden' })
}

export async function recording(visit) {
  await begin(visit, 'auditor', '/calls')
  const { page } = visit
  const { id } = await keptCall(visit)
  await visit.open(`/calls/${id}`)
  const slider = page.getByRole('slider')
  await slider.waitFor()
  visit.hold((await slider.locator('.line-wave').count()) === 0, 'a wave before a reason')
  const listen = page.getByRole('button', { name: '播放录音' })
  visit.hold(await listen.isDisabled(), 'a recording without a reason')
  await page.getByRole('textbox', { name: '收听原因' }).fill('a complaint about this call')
  const { position: before } = await visit.api('/readyz')
  await listen.click()
  await page.getByRole('group', { name: '录音' }).waitFor()
  await visit.until('both sides', async () => (await slider.locator('.line-wave').count()) === 2)
  const reads = await visit.api(`/api/v1/events?kind=inquiry.personal_data_read&after=${before}&limit=1000`)
  const fields = reads.items.filter((one) => one.data.reason === 'a complaint about this call').flatMap((one) => one.data.fields)
  visit.hold(fields.includes('waveform') && fields.includes('recording'), `on record is ${fields.join(', ')}`)
  await visit.shot('zh')
}

/** The calls and the funnel of a campaign move with its line of time. */
export async function campaignThen(visit) {
  await begin(visit, 'operator', '/campaigns/DEMO')
  const { page } = visit
  const slider = page.getByRole('slider')
  await slider.waitFor()
  const funnel = page.locator('section', { has: page.getByRole('heading', { name: '漏斗' }) })
  await funnel.locator('.end').first().waitFor()
  const firstStage = async () => Number.parseInt(await funnel.locator('.end').first().innerText(), 10)
  visit.hold((await firstStage()) > 0, 'nobody is in the funnel now')
  await page.getByRole('main').getByRole('table').getByRole('link').first().waitFor()
  await slider.focus()
  await page.keyboard.press('Home')
  await page.getByText('当时所知的通话').waitFor()
  await visit.until('an empty funnel', async () => (await firstStage()) === 0)
  await page.getByText('暂无通话').waitFor()
  visit.hold((await page.getByRole('alert').count()) === 0, 'a part of the page is refused')
  await visit.shot('zh')
}
