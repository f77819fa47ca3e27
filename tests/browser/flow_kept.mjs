// A flow on its way: a draft that the server keeps, also where it was saved elsewhere meanwhile; a past call run through it,
// with where it parts; how many calls came to each node; what became of wordings; a publication and the way back.

import { begin, endedCall, holdWords } from './pages.mjs'

async function tab(visit, name) {
  await visit.page.getByRole('tab', { name, exact: true }).click()
}

/** A command as any integrator sends it. */
async function sent(visit, method, path, body, etag) {
  return visit.page.evaluate(async ([verb, at, told, match]) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, ...(match === undefined ? {} : { 'If-Match': match }) }
    const reply = await fetch(at, { method: verb, headers, body: told === undefined ? undefined : JSON.stringify(told) })
    return { status: reply.status, told: await reply.json().catch(() => null) }
  }, [method, path, body, etag])
}

async function write(visit, words) {
  const { page } = visit
  await page.locator('.flow-name', { hasText: /^message$/ }).click()
  const field = page.getByLabel('话术', { exact: true })
  await field.fill(words)
  await field.blur()
}

export async function flowKept(visit) {
  await begin(visit, 'operator', '/flows/reminder?from=shipped')
  const { page } = visit
  await page.getByRole('region', { name: '流程图' }).waitFor()
  await write(visit, '您好，请在本周内还款。')
  await page.getByRole('button', { name: '保存草稿' }).click()
  await page.getByText('草稿已保存于').waitFor()
  await visit.shot('zh')
  const link = page.getByRole('link', { name: /^flow-\d+$/ })
  const place = await link.innerText()
  await link.click()
  await visit.until('the draft in the address', () => new URL(page.url()).searchParams.get('draft') === place)
  await page.locator('.flow-card').filter({ hasText: '请在本周内还款' }).waitFor()
  await elsewhere(visit, place)
  await page.reload()
  await page.locator('.flow-card').filter({ hasText: '请在今天内还款' }).waitFor()
  await visit.open('/flows')
  const mine = page.getByRole('region', { name: '我的草稿' })
  await mine.getByRole('link').first().waitFor()
  await mine.getByRole('button', { name: `丢弃 ${place}` }).click()
  await page.getByRole('dialog').getByRole('button', { name: '丢弃', exact: true }).click()
  await mine.waitFor({ state: 'hidden' })
  visit.hold((await visit.api('/api/v1/drafts')).items.every((one) => one.id !== place), 'the draft is still there')
}

/** Somebody else saves the same draft: both texts stand side by side, and nothing is lost. */
async function elsewhere(visit, place) {
  const { page } = visit
  const draft = await visit.api(`/api/v1/drafts/${place}`)
  const theirs = { ...draft.body, source: draft.body.source.replace('请在本周内还款', '请在本月内还款') }
  const other = await sent(visit, 'PUT', `/api/v1/drafts/${place}`, { title: draft.title, body: theirs }, draft.etag)
  visit.hold(other.status === 200, `the other one is answered ${other.status}`)
  await write(visit, '您好，请在今天内还款。')
  visit.isTrying = true
  await page.getByRole('button', { name: '保存草稿' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('请在本月内还款').waitFor()
  await dialog.getByText('请在今天内还款').waitFor()
  await visit.shot('both')
  await dialog.getByRole('button', { name: '用本页覆盖' }).click()
  await dialog.waitFor({ state: 'hidden' })
  visit.isTrying = false
  await page.getByText('有未保存的修改').waitFor()
  await page.getByRole('button', { name: '保存草稿' }).click()
  await page.getByText('草稿已保存于').waitFor()
  const kept = await visit.api(`/api/v1/drafts/${place}`)
  visit.hold(kept.body.source.includes('请在今天内还款'), 'what is kept is another text')
}

/** A call of the published flow through a draft of it: the same way while nothing is changed; then where it parts. */
export async function flowCall(visit) {
  await begin(visit, 'operator', '/flows/DEMO?version=1&tab=call')
  const { page } = visit
  const id = await endedCall(visit)
  const run = async () => {
    await page.getByRole('textbox', { name: '通话编号' }).fill(id)
    await page.getByRole('button', { name: '用草稿回放' }).click()
  }
  await run()
  await page.getByText(/与 .* 路径一致/).waitFor()
  await tab(visit, '流程覆盖率')
  await page.getByRole('button', { name: '在图上显示' }).click()
  const covered = await visit.api('/api/v1/flows/DEMO/coverage?version=1')
  const card = (name) => page.locator('.flow-card').filter({ has: page.locator('.flow-name', { hasText: new RegExp(`^${name}$`) }) })
  await card('message').getByText(/\d+ 通/).waitFor()
  const shown = Number(/(\d+) 通/.exec(await card('message').innerText())?.[1])
  visit.hold(shown > 0 && shown <= covered.entered.message && covered.entered.message === covered.talked, `${shown} calls came to the first node, of ${covered.talked}`)
  await visit.shot('coverage')
  await tab(visit, 'A/B 结果')
  await page.getByText('该版本没有话术版本').waitFor()
  // Whoever answers hears a word before the message: the call parts at its first step.
  await tab(visit, '文件')
  const file = page.getByRole('textbox', { name: '文件', exact: true })
  const before = '  hello:\n    say:\n      next: message\n      text: 您好。\n'
  await file.fill((await file.inputValue()).replace(/^start: message$/m, 'start: hello').replace(/^nodes:\n/m, `nodes:\n${before}`))
  await file.blur()
  await page.getByText('已修改', { exact: true }).waitFor()
  await tab(visit, '通话回放')
  await run()
  await page.getByText(/第 \d+ 步与 .* 分歧/).first().waitFor()
  await page.locator('.flow-card').getByText('分歧点').first().waitFor()
  await visit.shot('zh')
  await holdWords(visit)
}

/** Two versions are published, and the first is the current one again. */
export async function flowBack(visit) {
  await begin(visit, 'operator', '/flows/reminder?from=shipped')
  const { page } = visit
  const { source } = await visit.api('/api/v1/flow-files/reminder')
  const publish = async (text) => {
    const checked = await sent(visit, 'POST', '/api/v1/flow-files/check', { source: text })
    const definition = { ...checked.told.definition, flow: 'way-back' }
    return (await sent(visit, 'POST', '/api/v1/flows', { definition })).told
  }
  const first = await publish(source)
  const second = await publish(source.replace('timeout_ms: 5000', 'timeout_ms: 6000'))
  visit.hold(second.version === first.version + 1, `versions ${first.version} and ${second.version}`)
  await visit.open(`/flows/way-back?version=${second.version}&tab=publish`)
  await page.getByRole('button', { name: `回退到 @${first.version}`, exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: `回退到 @${first.version}`, exact: true }).click()
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await visit.until('the first as the current one', async () => {
    const { items } = await visit.api('/api/v1/flows/way-back/versions')
    return items.some((one) => one.version === first.version && one.current)
  })
  await page.getByRole('row').filter({ hasText: `@${first.version}` }).getByText('当前', { exact: true }).waitFor()
  await page.getByText('与该版本一致').waitFor()
  await visit.shot('zh')
}
