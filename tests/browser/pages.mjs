// What is done on each page, and what is then so. Words are those that people and screen readers go by.
import { badge } from './badge.mjs'
import { flowFiles, flowUndo, flows } from './flow_editor.mjs'
import { honest } from './honest.mjs'

const CHINESE = /[\u4e00-\u9fff]/

export async function begin(visit, role, path) {
  await visit.open(path)
  await visit.signIn(role)
}

/** In English nothing of the frame is Chinese, and the switch says so in both languages. */
export async function holdWords(visit) {
  const { page } = visit
  await page.getByRole('switch', { name: /^(语言|Language)$/ }).click()
  await page.getByRole('switch', { name: 'Language' }).waitFor()
  await scanWords(visit)
}

/** The same of a page that is in English already. */
export async function scanWords(visit) {
  const { page } = visit
  const found = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const texts = []
    while (walker.nextNode()) {
      // What people and flows said is shown as it was said.
      const isData = walker.currentNode.parentElement?.closest('.turn, .mono, .data, dd, script, style, tbody') !== null
      if (!isData) texts.push(walker.currentNode.textContent ?? '')
    }
    return texts
  })
  // The language switch names Chinese in Chinese.
  const left = found.filter((text) => CHINESE.test(text) && text !== '中')
  visit.hold(left.length === 0, `Chinese in English: ${left.slice(0, 5).join(' | ')}`)
  const keys = found.filter((text) => /^[a-zA-Z]+\.[a-zA-Z_.]+$/.test(text.trim()))
  visit.hold(keys.length === 0, `a word that no catalogue has: ${keys.slice(0, 5).join(' | ')}`)
  visit.hold((await page.evaluate(() => document.documentElement.lang)) === 'en', 'the page does not say its language')
}

async function door(visit, context) {
  await visit.open('/campaigns/DEMO')
  const { page } = visit
  await page.getByRole('textbox', { name: '用户名' }).fill('operator')
  await page.getByLabel('密码', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByText('用户名、密码或动态码不正确').waitFor()
  await visit.shot('refused')
  await visit.signIn('operator')
  await page.getByRole('heading', { name: 'DEMO' }).waitFor()
  const cookies = await context.cookies()
  const session = cookies.find((one) => one.name === '__Host-ledgerline')
  visit.hold(session?.httpOnly === true && session.sameSite === 'Strict', 'the session cookie is for scripts or other sites')
  const kept = await page.evaluate(() => Object.keys({ ...localStorage, ...sessionStorage }))
  visit.hold(kept.every((name) => name === 'language' || name === 'theme'), `the browser keeps ${kept.join(', ')}`)
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByRole('button', { name: '登录', exact: true }).waitFor()
}

async function home(visit) {
  await begin(visit, 'operator', '/')
  const { page } = visit
  await page.getByRole('heading', { name: '待处理' }).waitFor()
  await page.getByRole('main').getByRole('link', { name: 'DEMO', exact: true }).first().waitFor()
  visit.hold(await page.getByText('演练', { exact: false }).first().isVisible(), 'nothing says that it is a rehearsal')
  await page.getByText('秒前更新').first().waitFor()
  await visit.shot('zh')
  await page.getByRole('button', { name: /· 事件 · 接通率/ }).click()
  await page.getByRole('dialog').getByText('截至位置').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await movedBack(visit, () => page.getByRole('heading', { name: '当时的告警' }).waitFor())
  await holdWords(visit)
  await visit.shot('en')
  await page.getByRole('switch', { name: 'Dark theme' }).click()
  await visit.shot('en-dark')
}

/** The page is moved to the first event of its line, shows what was then, and comes back to now. */
async function movedBack(visit, then) {
  const { page } = visit
  const slider = page.getByRole('slider')
  await slider.focus()
  await page.keyboard.press('Home')
  await page.getByText('不是现在').waitFor()
  visit.hold(new URL(page.url()).searchParams.has('position'), 'a moment stands in no address')
  await then()
  await visit.shot('past')
  await page.getByRole('button', { name: '回到现在' }).click()
  await page.getByText('不是现在').waitFor({ state: 'hidden' })
}

async function campaigns(visit) {
  await begin(visit, 'operator', '/campaigns')
  const { page } = visit
  await page.getByRole('columnheader', { name: '拨打状态' }).waitFor()
  // When it was made it did not run yet.
  const row = page.locator('tr[data-row-key=DEMO]')
  await movedBack(visit, () => row.getByText('进行中').waitFor({ state: 'hidden' }))
  await row.getByText('进行中').waitFor()
  await visit.shot('zh')
  await holdWords(visit)
  await page.getByRole('link', { name: 'DEMO', exact: true }).click()
  await page.getByRole('heading', { name: 'DEMO' }).waitFor()
  visit.hold(page.url().includes('/campaigns/DEMO'), 'a campaign has no address')
}

async function campaign(visit) {
  await begin(visit, 'operator', '/campaigns/DEMO')
  const { page } = visit
  const slider = page.getByRole('slider')
  await slider.waitFor()
  await page.getByText('已接通').waitFor()
  await visit.shot('zh')
  await stopAndLift(visit)
  await slider.focus()
  await page.keyboard.press('Home')
  await page.getByText('不是现在').waitFor()
  const first = new URL(page.url()).searchParams.get('position')
  await page.getByText('当时所知：').waitFor()
  const then = await visit.api(`/api/v1/campaigns/DEMO?as_of=${first}`)
  visit.hold(then.enrolled === 0, 'the first event is not the creation')
  await page.getByText('待呼 0 · 呼叫中 0 · 已完成外呼 0', { exact: true }).waitFor()
  await visit.shot('past')
  await page.keyboard.press('ArrowRight')
  await visit.until('the next event', () => new URL(page.url()).searchParams.get('position') !== first)
  await page.reload()
  await page.getByText('不是现在').waitFor()
  // Where everybody was called meanwhile, the line has an end, and that is where one comes back to.
  await page.getByRole('button', { name: /^(回到现在|跳到结束)$/ }).click()
  await page.getByText('不是现在').waitFor({ state: 'hidden' })
  await page.getByRole('tab', { name: '呼叫结果' }).click()
  await page.getByText('已完成外呼的客户').waitFor()
  await page.getByRole('tab', { name: '分时统计' }).click()
  await page.getByRole('img', { name: '分时统计' }).locator('svg').waitFor()
  await holdWords(visit)
  await visit.shot('en')
}

/** The emergency stop acts at once, with its reason, and is lifted. */
async function stopAndLift(visit) {
  const { page } = visit
  await page.getByRole('button', { name: '停止', exact: true }).click()
  const dialog = page.getByRole('dialog')
  const sure = dialog.getByRole('button', { name: '停止任务 DEMO' })
  visit.hold(await sure.isDisabled(), 'a stop without a reason')
  await dialog.getByRole('textbox').fill('the flow names a wrong date')
  await sure.click()
  await page.getByText('紧急停止中', { exact: true }).waitFor()
  const engaged = await visit.api('/api/v1/stop')
  const stop = engaged.items.find((one) => one.id === 'DEMO')
  visit.hold(stop?.reason === 'the flow names a wrong date' && stop.by === 'operator', 'the stop is not on record')
  await visit.shot('stopped')
  await page.getByRole('button', { name: '解除停止' }).click()
  await dialog.getByRole('textbox').fill('the date is right now')
  await dialog.getByRole('button', { name: '解除停止' }).click()
  await page.getByRole('button', { name: '停止', exact: true }).waitFor()
  visit.hold((await visit.api('/api/v1/stop')).items.length === 0, 'the stop is not lifted')
}

/** A call that a person answered and that is over. */
export async function endedCall(visit, campaign = 'DEMO') {
  return visit.until('an answered call that has ended', async () => {
    const calls = await visit.api(`/api/v1/calls?campaign=${campaign}&disposition=answered&limit=20`)
    return calls.items?.find((one) => one.ended_at !== null)?.id
  })
}

/** A person who was called and is not erased: an earlier page may have erased whoever came first. */
export async function keptCall(visit, filter = 'disposition=answered') {
  return visit.until('a call of somebody who is not erased', async () => {
    const calls = await visit.api(`/api/v1/calls?campaign=DEMO&${filter}&limit=50`)
    for (const one of calls.items ?? []) {
      if (one.ended_at === null) continue
      const { standing } = await visit.api(`/api/v1/customers/${one.customer}`)
      if (standing?.erasure === 'none') return one
    }
    return null
  })
}

async function call(visit) {
  await begin(visit, 'auditor', '/calls')
  const { page } = visit
  const id = await endedCall(visit)
  await visit.open(`/calls/${id}`)
  await page.getByText('证明有效').waitFor()
  const slider = page.getByRole('slider')
  const state = page.locator('section', { has: page.getByRole('heading', { name: '此时状态' }) })
  await state.getByText('结束').first().waitFor()
  await visit.shot('zh')
  await slider.focus()
  await page.keyboard.press('Home')
  await state.getByText('准备').waitFor()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  await state.getByText('+ 通话').waitFor()
  const address = page.url()
  await visit.open(new URL(address).pathname + new URL(address).search)
  await state.getByText('+ 通话').waitFor()
  await page.keyboard.press('Tab')
  await page.getByRole('slider').focus()
  await page.keyboard.press('/')
  await page.getByRole('textbox', { name: '位置或时间' }).fill('1')
  await page.keyboard.press('Enter')
  await state.getByText('准备').waitFor()
  await visit.shot('past')
  await page.getByRole('textbox', { name: '收听原因' }).fill('the proof of the console')
  await page.getByRole('button', { name: '播放录音' }).click()
  await page.getByRole('group', { name: '录音' }).getByRole('button', { name: '播放 / 暂停' }).click()
  await holdWords(visit)
  await visit.shot('en')
}

/** Why somebody is not called, by rules; and the person as they were known before. */
async function customer(visit) {
  await begin(visit, 'operator', '/calls?campaign=DEMO')
  const { page } = visit
  const { items } = await visit.until('a call', async () => {
    const told = await visit.api('/api/v1/calls?campaign=DEMO&limit=20')
    return told.items?.some((one) => one.ended_at !== null) ? told : null
  })
  const [one] = items.filter((call) => call.ended_at !== null)
  await visit.open(`/customers/${one.customer}?campaign=DEMO`)
  await page.getByRole('heading', { name: '现在不可外呼的原因' }).waitFor()
  await page.getByTitle(/^calling_window v\d+$/).waitFor()
  await visit.shot('zh')
  await page.getByRole('slider').focus()
  await page.keyboard.press('Home')
  await page.getByText('不是现在').waitFor()
  await page.getByText('请返回“现在”查看').waitFor()
  const shown = await page.getByRole('main').innerText()
  visit.hold(!/1[3-9]\d{9}/.test(shown), 'a number in clear')
  await holdWords(visit)
  await visit.shot('en')
}

async function calls(visit) {
  await begin(visit, 'viewer', '/calls?campaign=DEMO')
  const { page } = visit
  await page.getByRole('columnheader', { name: '呼叫结果' }).waitFor()
  await page.getByText(/1\d\d\*{4}\d{4}/).first().waitFor()
  const shown = await page.getByRole('main').innerText()
  visit.hold(!/1[3-9]\d{9}/.test(shown), 'a number in clear')
  await holdWords(visit)
  await visit.shot('en')
}

async function alerts(visit) {
  await begin(visit, 'supervisor', '/alerts')
  await visit.page.getByRole('heading', { name: '告警' }).waitFor()
  await visit.shot('zh')
  await holdWords(visit)
}

/** What a role may not do has no button, and is refused where somebody asks all the same. */
async function roles(visit) {
  await begin(visit, 'viewer', '/campaigns/DEMO')
  const { page } = visit
  await page.getByRole('slider').waitFor()
  for (const name of ['暂停', '停止', '终止任务']) {
    visit.hold((await page.getByRole('button', { name, exact: true }).count()) === 0, `a viewer sees ${name}`)
  }
  visit.isTrying = true
  const status = await page.evaluate(async () => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    const body = JSON.stringify({ scope: 'campaign', id: 'DEMO', reason: 'x' })
    return [
      (await fetch('/api/v1/stop', { method: 'POST', headers, body })).status,
      (await fetch('/api/v1/stop', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })).status,
    ]
  })
  visit.hold(status.every((one) => one === 403), `a viewer stops a campaign: ${status.join(', ')}`)
}

/** A session that ends while something is typed: the door stands before the page, and the page is still there. */
async function session(visit, context) {
  await begin(visit, 'compliance', '/campaigns/DEMO')
  const { page } = visit
  await page.getByRole('button', { name: '停止', exact: true }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('typed before the session ended')
  visit.isTrying = true
  await context.clearCookies()
  await page.getByText('登录会话已结束').waitFor()
  await visit.shot('ended')
  await visit.signIn('compliance')
  const kept = await page.getByRole('dialog').getByRole('textbox').first().inputValue()
  visit.hold(kept === 'typed before the session ended', 'what was typed is lost')
}

export const PAGES = { door, home, campaigns, campaign, call, calls, customer, alerts, roles, session, flows, 'flow-files': flowFiles, 'flow-undo': flowUndo, badge: (visit) => badge(visit, begin, endedCall), honest: (visit) => honest(visit, begin, endedCall) }
