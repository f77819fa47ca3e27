// The pictures of the docs, made of a demonstration that runs: first page, campaign, call, wall, designer and customer, in
// both languages. Each is small: drawn anew as WebP by the browser itself.
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { begin, endedCall } from './pages.mjs'

/** Most bytes of one: they stand in the tree for ever. */
const BYTES_MAX = 150_000

/** A picture as WebP. The page that draws it is a blank one: ours allows no picture that it has not made. */
async function webp(context, png) {
  const blank = await context.newPage()
  const written = await blank.evaluate(async (bytes) => {
    const image = new Image()
    image.src = `data:image/png;base64,${bytes}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height
    canvas.getContext('2d').drawImage(image, 0, 0)
    return canvas.toDataURL('image/webp', 0.9).split(',')[1]
  }, png.toString('base64'))
  await blank.close()
  return Buffer.from(written, 'base64')
}

export async function pictures(visit, _, context) {
  const { page, shots } = visit
  const folder = join(shots, 'pictures')
  mkdirSync(folder, { recursive: true })
  await begin(visit, 'operator', '/')
  const id = await endedCall(visit)
  const { customer } = await visit.api(`/api/v1/calls/${id}`)
  const views = {
    home: ['/', async () => page.getByText(/秒前更新|updated \d+ s ago|s ago/).first().waitFor()],
    campaign: ['/campaigns/DEMO?tab=by-hour', async () => page.getByRole('tabpanel').locator('svg, table').first().waitFor()],
    call: [`/calls/${id}`, async () => {
      await page.getByText(/证明有效|Verified/).first().waitFor()
      await page.getByRole('textbox', { name: /^(收听原因|Reason for listening)/ }).first().fill('a picture for the docs')
      await page.getByRole('button', { name: /^(播放录音|Play recording|Listen)/ }).first().click()
      await page.getByRole('slider').locator('path.line-wave').first().waitFor()
    }],
    wall: ['/wall', async () => page.locator('.wall-clock').waitFor()],
    flow: ['/flows/DEMO?version=1&tab=coverage', async () => {
      await page.getByRole('button', { name: /^(在图上显示|Show on graph)$/ }).click()
      await page.locator('.flow-card.seen').first().waitFor()
    }],
    customer: [`/customers/${customer}?campaign=DEMO`, async () => page.getByText('calling_window v').first().waitFor()],
  }
  const take = async (language, name) => {
    const [path, ready] = views[name]
    await visit.open(path)
    await page.getByRole('main').waitFor()
    await ready()
    // What has just come moves into its place.
    await page.evaluate(() => document.fonts.ready)
    await page.waitForTimeout(1_200)
    await page.evaluate(() => window.scrollTo(0, 0))
    const png = await page.screenshot({ path: join(shots, `picture-${name}-${language}.png`) })
    const file = join(folder, `${name}.${language}.webp`)
    writeFileSync(file, await webp(context, png))
    const bytes = statSync(file).size
    visit.hold(bytes > 5_000 && bytes <= BYTES_MAX, `${name} in ${language} has ${bytes} bytes`)
  }
  const turn = (to) => page.getByRole('switch', { name: /^(语言|Language)$/ }).click().then(() => page.getByRole('switch', { name: to }).waitFor())
  for (const name of ['home', 'campaign', 'wall', 'flow', 'customer']) await take('zh', name)
  await turn('Language')
  for (const name of ['home', 'campaign', 'wall', 'flow', 'customer']) await take('en', name)
  // A recording is listened to by whoever may.
  await context.clearCookies()
  await page.goto(visit.url)
  await visit.signIn('auditor')
  await take('en', 'call')
  await turn('语言')
  await take('zh', 'call')
}
