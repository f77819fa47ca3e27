// No serious violation by axe-core's rules on any page: both languages, both themes, two sizes of window; and the day of
// whoever runs campaigns done by keys alone.
import axe from 'axe-core'

const SIZES = [{ width: 1366, height: 768 }, { width: 1920, height: 1080 }]

/** Each page with who opens it, and what is there once it shows what it is for. */
export const PAGES = [
  ['operator', '/', 'heading'], ['operator', '/campaigns', 'table'], ['operator', '/campaigns/DEMO', 'slider'], ['operator', '/calls', 'table'],
  ['operator', '/alerts', 'table'], ['operator', '/labels', 'table'], ['operator', '/knowledge', 'heading'],
  ['operator', '/campaigns/new', 'textbox'], ['operator', '/wall', 'heading'], ['operator', '/lines', 'meter'], ['operator', '/customers', 'textbox'],
  ['operator', '/flows', 'heading'], ['operator', '/reports', 'heading'], ['operator', '/campaigns/DEMO?tab=abandonment', 'table'],
  ['operator', '/campaigns/DEMO?tab=regions', 'table'], ['operator', '/campaigns/DEMO?tab=reasons', 'textbox'], ['operator', '/campaigns/DEMO?tab=cut-off', 'table'],
  ['operator', '/campaigns/DEMO?tab=lists', 'table'], ['operator', '/campaigns/DEMO?tab=pacing', 'meter'],
  ['operator', '/pdca', 'table'], ['operator', '/reports?tab=daily', 'table'], ['operator', '/reports?tab=costs', 'table'],
  ['auditor', '/reports?tab=exports', 'combobox'], ['operator', '/flows/DEMO?version=1&tab=variants', 'tab'],
  ['auditor', 'a call', 'slider'], ['auditor', 'a person', 'slider'], ['auditor', '/events', 'slider'], ['auditor', '/audit', 'table'], ['auditor', '/samples', 'table'],
  ['auditor', '/subscribers', 'table'],
  ['admin', '/approvals', 'table'], ['admin', '/projections', 'table'], ['admin', '/users', 'table'], ['admin', '/users?tab=keys', 'table'],
  ['admin', '/users?tab=matrix', 'table'], ['admin', '/users?tab=why', 'combobox'], ['admin', '/webhooks', 'table'], ['admin', '/settings', 'table'],
  ['compliance', '/compliance', 'textbox'], ['compliance', '/compliance?tab=complaints', 'table'], ['compliance', '/compliance?tab=reports', 'table'],
  ['compliance', '/compliance?tab=requests', 'table'], ['compliance', '/compliance?tab=seen', 'textbox'], ['compliance', '/compliance?tab=registries', 'table'],
  ['compliance', 'a person', 'slider'],
]

export async function addressOf(visit, path) {
  if (path !== 'a call' && path !== 'a person') return path
  const call = await visit.until('a call that has ended', async () => {
    const { items } = await visit.api('/api/v1/calls?campaign=DEMO&disposition=answered&limit=20')
    return items?.find((one) => one.ended_at !== null)
  })
  return path === 'a call' ? `/calls/${call.id}` : `/customers/${call.customer}`
}

async function violations(page) {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations: found } = await window.axe.run(document, { resultTypes: ['violations'] })
    return found
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map((one) => `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 140)} ${one.nodes[0].any[0]?.message?.slice(0, 140) ?? ''}`)
  })
}

/** The scripts of axe are no part of the console: the policy of its pages is set aside for them alone. */
export async function axeHolds(visit, { begin }, context) {
  const { page } = visit
  let role = null
  let looked = 0

  await page.emulateMedia({ reducedMotion: 'reduce' })
  for (const [who, path, shown] of PAGES) {
    if (role !== who) {
      await context.clearCookies()
      await begin(visit, who, '/')
      role = who
    }
    const address = await addressOf(visit, path)
    for (const language of ['zh-CN', 'en']) {
      for (const theme of ['light', 'dark']) {
        await page.evaluate(([lang, look]) => {
          localStorage.setItem('language', lang)
          localStorage.setItem('theme', look)
        }, [language, theme])
        await visit.open(address)
        await page.getByRole('main').getByRole(shown).first().waitFor()
        for (const size of SIZES) {
          await page.setViewportSize(size)
          for (const what of await violations(page)) visit.hold(false, `${path} ${language} ${theme} ${size.width}: ${what}`)
          looked += 1
        }
      }
    }
  }
  visit.hold(looked === PAGES.length * 8, `only ${looked} looks`)
}

/** Tab goes on until what is wanted has the focus; the mouse is not touched. */
async function tabTo(visit, wanted, what) {
  for (let step = 0; step < 150; step += 1) {
    if (await wanted.evaluateAll((found) => found.includes(document.activeElement))) return
    await visit.page.keyboard.press('Tab')
  }
  throw new Error(`no key leads to ${what}`)
}

export async function keyboard(visit) {
  const { page } = visit
  await visit.open('/')
  await page.getByRole('textbox', { name: '用户名' }).waitFor()
  await tabTo(visit, page.getByRole('textbox', { name: '用户名' }), 'the name')
  await page.keyboard.type('operator')
  await page.keyboard.press('Tab')
  await page.keyboard.type(visit.passwords.operator)
  await page.keyboard.press('Enter')
  const menu = page.getByRole('navigation')
  await menu.waitFor()
  await tabTo(visit, menu.getByRole('link', { name: '外呼任务' }), 'the campaigns')
  await page.keyboard.press('Enter')
  const campaign = page.getByRole('main').getByRole('link', { name: 'DEMO', exact: true })
  await campaign.first().waitFor()
  await tabTo(visit, campaign, 'the campaign')
  await page.keyboard.press('Enter')
  await page.getByRole('slider').waitFor()
  const stop = page.getByRole('button', { name: '停止', exact: true })
  await stop.waitFor()
  await tabTo(visit, stop, 'the stop')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').waitFor()
  await tabTo(visit, dialog.getByRole('textbox'), 'the reason')
  await page.keyboard.type('the flow names a wrong date')
  await tabTo(visit, dialog.getByRole('button', { name: '停止任务 DEMO' }), 'the sure stop')
  await page.keyboard.press('Enter')
  const lift = page.getByRole('button', { name: '解除停止' })
  await lift.first().waitFor()
  await dialog.waitFor({ state: 'hidden' })
  await tabTo(visit, lift, 'the lifting')
  await page.keyboard.press('Enter')
  await dialog.getByRole('textbox').waitFor()
  await tabTo(visit, dialog.getByRole('textbox'), 'the reason')
  await page.keyboard.type('the date is right now')
  await tabTo(visit, dialog.getByRole('button', { name: '解除停止' }), 'the sure lifting')
  await page.keyboard.press('Enter')
  await stop.waitFor()
  await dialog.waitFor({ state: 'hidden' })
  await tabTo(visit, page.getByRole('slider'), 'the line of time')
  await page.keyboard.press('Home')
  await page.getByText('不是现在').waitFor()
  await page.keyboard.press('End')
  await page.getByText('不是现在').waitFor({ state: 'hidden' })
  await tabTo(visit, page.getByRole('tab'), 'the tabs')
  await tabTo(visit, menu.getByRole('link', { name: /^告警/ }), 'the alerts')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: '告警' }).waitFor()
  await tabTo(visit, menu.getByRole('link', { name: '标注' }), 'the labelling')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: '标注' }).waitFor()
  await tabTo(visit, page.getByRole('button', { name: '下一条' }), 'the next turn')
  await page.keyboard.press('Enter')
  await page.getByText('没有待标注的语句').or(page.getByRole('group', { name: '标注结果' })).first().waitFor()
  await tabTo(visit, page.getByRole('button', { name: '退出' }), 'the way out')
  await page.keyboard.press('Enter')
  await page.getByRole('textbox', { name: '用户名' }).waitFor()
}
