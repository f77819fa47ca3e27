// Customers: found by number or id without either in the address, shown with where each value comes from, revealed for a
// reason, held and released, and erased with a certificate; somebody who is not there is not there.

async function aCustomer(visit) {
  return visit.until('somebody who was called', async () => {
    const calls = await visit.api('/api/v1/calls?campaign=DEMO&disposition=answered&limit=50')
    for (const call of calls.items ?? []) {
      if (call.ended_at === null) continue
      const { standing, id } = await visit.api(`/api/v1/customers/${call.customer}`)
      if (standing?.erasure === 'none') return id
    }
    return null
  })
}

export async function customers(visit, begin, holdWords) {
  const { page } = visit
  await begin(visit, 'compliance', '/customers')
  await page.getByRole('heading', { name: '客户', exact: true }).waitFor()
  visit.isTrying = true
  await page.getByRole('textbox', { name: '客户编号或电话号码' }).fill('nobody-like-that')
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByText('数据范围内没有该客户').waitFor()
  await visit.open('/customers/00000000000000000000000000000000')
  await page.getByText('没有这个页面').waitFor()
  visit.isTrying = false
  const id = await aCustomer(visit)
  await visit.open(`/customers/${id}?campaign=DEMO`)
  await page.getByRole('heading', { name: '画像' }).waitFor()
  await page.getByRole('link', { name: '来自呼叫' }).first().waitFor()
  await page.getByText('任何时段').waitFor()
  await visit.shot('zh')
  const phone = await revealed(visit, id)
  await found(visit, phone, id)
  await heldAndReleased(visit)
  await erased(visit, id)
  await holdWords(visit)
  await visit.shot('en')
}

/** A number in clear for a reason, and not before one is given. */
async function revealed(visit, id) {
  const { page } = visit
  const hidden = await page.getByRole('main').innerText()
  visit.hold(!/1[3-9]\d{9}/.test(hidden), 'a number in clear before anybody asked')
  await page.getByRole('button', { name: '显示号码' }).click()
  const dialog = page.getByRole('dialog')
  const sure = dialog.getByRole('button', { name: '显示号码' })
  visit.hold(await sure.isDisabled(), 'a number without a reason')
  await dialog.getByRole('textbox').fill('complaint 17')
  await sure.click()
  const phone = await page.getByText(/\+\d{10,15}/).first().innerText()
  const head = await visit.api(`/api/v1/customers/${id}`)
  visit.hold(!JSON.stringify(head).includes(phone.match(/\+\d+/)[0]), 'what is masked is not')
  await page.getByRole('button', { name: '隐藏号码' }).click()
  return phone.match(/\+\d{10,15}/)[0]
}

/** By the number: the page that opens has our id in its address, and nothing of the number. */
async function found(visit, phone, id) {
  const { page } = visit
  await visit.open('/customers')
  await page.getByRole('textbox', { name: '客户编号或电话号码' }).fill(phone)
  await page.getByRole('button', { name: '查询' }).click()
  await page.getByRole('heading', { name: '画像' }).waitFor()
  visit.hold(page.url().includes(id), 'somebody else was found')
  visit.hold(!page.url().includes(phone.slice(3)), 'the number stands in the address')
}

async function heldAndReleased(visit) {
  const { page } = visit
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: '法律保留' }).click()
  await dialog.getByRole('textbox').fill('a lawsuit')
  await dialog.getByRole('button', { name: '设置法律保留' }).click()
  await page.getByRole('button', { name: '解除保留' }).waitFor()
  await page.getByRole('definition').getByText('a lawsuit').waitFor()
  visit.hold(await page.getByRole('button', { name: '删除个人信息' }).isDisabled(), 'who is held can be erased')
  await page.getByRole('button', { name: '解除保留' }).click()
  await dialog.getByRole('textbox').fill('it is over')
  await dialog.getByRole('button', { name: '解除保留' }).click()
  await page.getByRole('button', { name: '法律保留' }).waitFor()
}

async function erased(visit, id) {
  const { page } = visit
  const dialog = page.getByRole('dialog')
  await page.getByRole('button', { name: '删除个人信息' }).click()
  await dialog.getByRole('textbox').fill('the person asked for it')
  visit.isTrying = true
  await dialog.getByRole('button', { name: '删除个人信息' }).click()
  const state = await visit.until('the erasure', async () => {
    const { standing } = await visit.api(`/api/v1/customers/${id}`)
    return standing?.erasure === 'certified' ? standing : null
  })
  // Until the page is loaded again, it may still ask for the profile that was just erased.
  await page.reload()
  visit.isTrying = false
  await page.getByText(state.certificate).waitFor()
}

/** An old link by the institution's own id leads on to the one by ours, and no request of the API has the own id in its address. */
export async function ownId(visit, begin) {
  const own = 'C00001'
  const asked = []
  visit.page.on('request', (request) => asked.push(new URL(request.url())))
  await begin(visit, 'operator', '/customers')
  const { page } = visit
  const found = await page.evaluate(async (customer) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    return (await fetch('/api/v1/customers/find', { method: 'POST', headers, body: JSON.stringify({ customer }) })).json()
  }, own)
  visit.hold(/^[0-9a-f]{32}$/.test(found.id ?? ''), `an own id is answered ${JSON.stringify(found)}`)
  await visit.open(`/customers/${own}?campaign=DEMO`)
  await visit.until('our id in the address', () => new URL(page.url()).pathname === `/customers/${found.id}`)
  visit.hold(new URL(page.url()).searchParams.get('campaign') === 'DEMO', 'the rest of the address is lost')
  await page.getByRole('heading', { level: 1 }).getByText('客户').first().waitFor()
  await page.goBack()
  visit.hold(!page.url().includes(own), 'the way back leads to the own id')
  await visit.open('/customers')
  await page.getByRole('textbox', { name: '客户编号或电话号码' }).fill(own)
  await page.keyboard.press('Enter')
  await visit.until('the page by our id', () => new URL(page.url()).pathname === `/customers/${found.id}`)
  const held = asked.filter((one) => one.pathname.startsWith('/api/') && one.href.includes(own))
  visit.hold(held.length === 0, `the own id stands in ${held.map((one) => one.pathname).join(', ')}`)
  visit.isTrying = true
  await visit.open('/customers/nobody-of-that-name')
  await page.locator('main .empty').first().waitFor()
}
