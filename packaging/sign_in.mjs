// Opens the server from another machine, as an administrator does after an installation. Prints one JSON line.
// node sign_in.mjs plain URL          over plain HTTP: the pages must refuse to take a password
// node sign_in.mjs secure URL LINK    over TLS: set up the first admin, sign in
import { chromium } from 'playwright-core'

const [mode, url, link] = process.argv.slice(2)
const PASSWORD = 'a long sentence of this proof'
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
// The certificate is self-signed; an administrator compares its fingerprint and goes on.
const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'zh-CN' })
const page = await context.newPage()

/** The page has no field for a password that can be used, and the server refuses one that is sent anyway. */
async function plain() {
  await page.goto(`${url}/`)
  await page.getByText('ssh -L').first().waitFor()
  const fields = await page.locator('input[type=password]:enabled').count()
  const reply = await page.request.post(`${url}/api/v1/sign-in`, { data: { name: 'admin', password: PASSWORD } })
  const body = await reply.json()
  return { refused: fields === 0 && reply.status() >= 400, fields, status: reply.status(), code: body.code }
}

async function secure() {
  await page.goto(`${url}/set-up#${link}`)
  await page.locator('#name').fill('admin')
  await page.locator('#password').fill(PASSWORD)
  await page.locator('#again').fill(PASSWORD)
  await page.locator('form button').click()
  await page.getByText('完成 done').waitFor()
  await page.goto(`${url}/`)
  await page.getByRole('textbox', { name: '用户名' }).fill('admin')
  await page.getByLabel('密码', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByRole('navigation').waitFor()
  const who = await page.evaluate(async () => (await fetch('/api/v1/whoami')).json())
  return { signed_in: who.user === 'admin', user: who.user }
}

try {
  console.log(JSON.stringify(await (mode === 'plain' ? plain() : secure())))
} catch (error) {
  console.log(JSON.stringify({ error: String(error).slice(0, 400) }))
} finally {
  await browser.close()
}
