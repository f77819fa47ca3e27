// The live wall as it is used: figures of this moment that move by themselves, the age of each, rewinding to a minute of
// today and back, alerts that are seen to, a phone's width, full screen, and a stream that ends.

import { begin, holdWords } from './pages.mjs'

const PHONE = { width: 390, height: 844 }

export async function wall(visit) {
  await begin(visit, 'operator', '/wall')
  const { page } = visit
  await page.getByRole('heading', { name: '实时大屏' }).waitFor()
  await page.getByText('近 1 小时').first().waitFor()
  const clock = page.locator('.wall-clock')
  const before = await clock.innerText()
  // While nothing happens there is one in five seconds.
  await visit.until('a picture after a picture', async () => (await clock.innerText()) !== before, 12_000)
  await page.getByText('秒前的事件').waitFor()
  const shown = await page.getByRole('main').innerText()
  visit.hold(shown.includes('接通率 · 实时'), 'what is no metric does not say so')
  visit.hold(!/1[3-9]\d{9}/.test(shown), 'a number in clear')
  const live = await visit.api('/api/v1/live')
  const [line] = live.lines
  await page.getByText(`/ ${line.channels_max}`).first().waitFor()
  await page.getByRole('meter', { name: '通道' }).first().waitFor()
  await page.getByRole('table').getByRole('link', { name: 'DEMO', exact: true }).waitFor()
  await visit.shot('zh')
  await behind(visit)
  await target(visit)
  await rewind(visit)
  await seeTo(visit)
  await page.getByRole('button', { name: '全屏' }).click()
  await visit.until('full screen', () => page.evaluate(() => document.fullscreenElement !== null))
  visit.hold(!(await page.getByRole('navigation').isVisible()), 'the menu stands in full screen')
  await visit.shot('full-screen')
  await page.getByRole('button', { name: '全屏' }).click()
  await visit.until('the end of full screen', () => page.evaluate(() => document.fullscreenElement === null))
  await page.setViewportSize(PHONE)
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1)
  visit.hold(!tooWide, 'a phone has to scroll sideways')
  await visit.shot('phone')
  await page.setViewportSize({ width: 1366, height: 768 })
  await ends(visit)
  await holdWords(visit)
  await visit.shot('en')
}

/** A figure of the last hour leads to the events of the hours that it lies in, which are named. */
async function behind(visit) {
  const { page } = visit
  await page.getByRole('button', { name: /· 事件 · 接通率/ }).first().click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText(/条事件，列出/).waitFor()
  const told = await drawer.innerText()
  visit.hold(!/共 0 条事件/.test(told), 'a figure of calls has no events')
  await drawer.getByText(/:00:00.* – .*:00:00/).waitFor()
  await drawer.getByText('call.answered').first().waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'hidden' })
}

/** A target that is set is seen beside what was reached. */
async function target(visit) {
  const { page } = visit
  const status = await page.evaluate(async () => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    const body = JSON.stringify({ targets: [{ metric: 'answer_ratio_per_call', version: 1, ratio: 0.99 }] })
    return (await fetch('/api/v1/campaigns/DEMO/targets', { method: 'POST', headers, body })).status
  })
  visit.hold(status === 200, `a target is refused: ${status}`)
  await page.getByText('目标 99.0 %').waitFor()
  await page.getByText(/差 \d/).first().waitFor()
}

/** A minute of today, by the keys of the slider: figures as they were known then, and the address opens the same. */
async function rewind(visit) {
  const { page } = visit
  // A minute that has begun before the log has nothing to be looked at.
  const { items } = await visit.api('/api/v1/campaigns/DEMO/events?limit=1')
  const begun = Date.parse(items[0].time)
  await visit.until('a whole minute', async () => Date.parse((await visit.api('/api/v1/live')).shown_at) > begun + 61_000, 90_000)
  const slider = page.getByRole('slider', { name: '回看今天' })
  await slider.focus()
  await page.keyboard.press('ArrowLeft')
  await page.getByText('不是现在').waitFor()
  await visit.until('an address', () => new URL(page.url()).searchParams.has('as_of'))
  await page.getByText('任务开始至该时刻').waitFor()
  const asOf = new URL(page.url()).searchParams.get('as_of')
  const then = await visit.api(`/api/v1/reports/daily?as_of=${encodeURIComponent(asOf)}`)
  const dialed = then.totals.dialed_calls_v1?.numerator ?? 0
  await page.locator('.wall-figure', { hasText: '拨号量' }).locator('.value').getByText(String(dialed), { exact: true }).waitFor()
  visit.hold((await page.getByRole('meter').count()) === 0, 'the room of lines is shown of a moment of which nothing is kept')
  await visit.shot('past')
  await page.reload()
  await page.getByText('不是现在').waitFor()
  await page.getByRole('button', { name: '回到现在' }).click()
  await page.getByText('秒前的事件').waitFor()
}

/** An alert on the wall is seen to with a note; where the demonstration has none that is open, what is so is said. */
async function seeTo(visit) {
  const { page } = visit
  const told = await visit.api('/api/v1/alerts?standing=true&limit=100')
  const isOpen = told.items.some((one) => one.acknowledged_by == null)
  if (!isOpen) {
    await page.getByText(told.items.length === 0 ? '没有未解除的告警' : '已确认').first().waitFor()
    return
  }
  await page.getByRole('button', { name: '确认' }).first().click()
  const dialog = page.getByRole('dialog')
  visit.hold(await dialog.getByRole('button', { name: '确认' }).isDisabled(), 'seen to without a note')
  await dialog.getByRole('textbox').fill('the carrier is asked')
  await dialog.getByRole('button', { name: '确认' }).click()
  await page.getByText('operator 已确认').first().waitFor()
}

/** A stream that is cut: the page says since when it stands still, and goes on by itself. */
async function ends(visit) {
  const { page } = visit
  visit.isTrying = true
  await page.route('**/api/v1/live**', (route) => route.abort())
  await page.reload()
  await page.getByRole('alert').first().waitFor()
  await visit.shot('cut')
  await page.unroute('**/api/v1/live**')
  await page.getByText('秒前的事件').waitFor()
  visit.isTrying = false
}

/** Whoever is held to campaigns has the wall of those. */
export async function wallHeld(visit) {
  await begin(visit, 'supervisor', '/wall')
  const { page } = visit
  await page.getByText('仅您数据范围内的任务').waitFor()
  visit.hold((await page.getByRole('link', { name: '线路' }).count()) === 0, 'lines of everybody are offered')
  const live = await visit.api('/api/v1/live')
  const { campaigns } = await visit.api('/api/v1/whoami')
  const isTheirs = live.campaigns.every((one) => campaigns.includes(one.campaign))
  visit.hold(live.of === 'named_campaigns' && isTheirs && live.lines === undefined && live.trunks.length === 0, 'more than is theirs')
  await page.getByRole('table').getByRole('link', { name: campaigns[0], exact: true }).waitFor()
  visit.hold((await page.getByRole('alert').count()) === 0, 'a part of the page is refused')
  visit.isTrying = true
  visit.hold((await visit.api('/api/v1/trunks')).status === 403, 'lines are told to whoever is held to a team')
  await visit.shot('zh')
}
