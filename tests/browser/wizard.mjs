// A campaign from its file to its start in the wizard, as an operator makes it: what is typed survives a server that is away,
// a session that ends and somebody else's save; a file that is wrong is said to be so.

const HEAD = '编号,联系方式,days\n'

/** Chooses a file of these bytes. */
async function choose(page, name, text, label = '名单文件') {
  const buffer = typeof text === 'string' ? Buffer.from(text, 'utf8') : text
  await page.getByLabel(label, { exact: true }).setInputFiles({ name, mimeType: 'application/octet-stream', buffer })
}

/** GBK of the titles above, byte for byte, with two good rows and a bad one. */
function inGbk() {
  const title = Buffer.from('b1e0bac52cc1aacfb5b7bdcabd2c646179730a', 'hex')
  return Buffer.concat([title, Buffer.from('W1,13800138000,3\nW2,1.38E+10,3\nW3,13800138002,5\n', 'utf8')])
}

async function step(page, name) {
  await page.getByRole('region', { name }).waitFor()
}

const nextOf = (page) => page.getByRole('button', { name: '下一步', exact: true })

export async function wizard(visit, context, begin) {
  const { page } = visit
  const id = `WIZARD_${Date.now() % 1_000_000}`
  await begin(visit, 'operator', '/campaigns/new')
  await step(page, '名单与映射')
  visit.hold(await nextOf(page).isDisabled(), 'a campaign without a name')
  await page.getByRole('textbox', { name: '任务编号' }).fill(id)
  await badFiles(visit)
  await choose(page, 'list.csv', inGbk())
  await page.getByText('GB18030').first().waitFor()
  await page.getByText('尚未指定：电话号码').waitFor()
  await page.getByRole('combobox', { name: '列 联系方式 的含义' }).click()
  await page.getByTitle('电话号码', { exact: true }).last().click()
  await page.getByText('尚未指定').waitFor({ state: 'detached' })
  await visit.shot('mapping')
  await nextOf(page).click()
  await trial(visit)
  await page.getByText('草稿已保存').waitFor()
  await conflict(visit, id)
  await away(visit)
  await ended(visit, context)
  await nextOf(page).click()
  await step(page, '客群')
  await nextOf(page).click()
  await step(page, '话术')
  await page.getByRole('textbox', { name: '话术文本' }).fill('您好,您的账单将于{{days}}天后到期。')
  await nextOf(page).click()
  await step(page, '线路与时间')
  await page.getByLabel('外呼开始').fill('08:00')
  await page.getByLabel('外呼结束').fill('20:00')
  await nextOf(page).click()
  await step(page, '目标')
  await nextOf(page).click()
  await step(page, '合规与启动')
  await visit.shot('summary')
  await reopened(visit, id)
  await made(visit, id)
}

/** What was refused, and why, is told in Chinese: no English words in a row, the name of its code apart. */
function holdChinese(visit, why) {
  visit.hold(!/[a-z]+ [a-z]+ [a-z]+/i.test(why), `a refusal in English: ${why}`)
}

/** A file that is not what its name says, and one without a header, are refused with their reason. */
async function badFiles(visit) {
  const { page } = visit
  visit.isTrying = true
  await choose(page, 'list.xlsx', `${HEAD}W1,13800138000,3\n`)
  await page.getByText('文件内容与扩展名不符').waitFor()
  holdChinese(visit, await page.getByRole('alert').innerText())
  await choose(page, 'empty.csv', '')
  await page.getByText('文件没有表头').waitFor()
  visit.isTrying = false
}

async function trial(visit) {
  const { page } = visit
  await step(page, '试运行')
  await page.getByRole('cell', { name: '联系方式' }).waitFor()
  await page.getByText('科学计数法').waitFor()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载有误的行' }).click()])
  visit.hold(download.suggestedFilename() === 'bad-rows.csv', 'the bad rows are no file')
  const figure = async (name) => (await page.locator('.figure', { hasText: name }).locator('.value').innerText()).trim()
  visit.hold((await figure('可导入')) === '2' && (await figure('有误')) === '1', 'the dry run counts other rows')
  await visit.shot('trial')
}

/** Somebody changes the same draft in another window: both are shown, and ours goes over theirs only when told to. */
async function conflict(visit, id) {
  const { page } = visit
  const draft = new URL(page.url()).searchParams.get('draft')
  visit.hold(draft !== null, 'the draft has no address')
  visit.isTrying = true
  const status = await page.evaluate(async (at) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const read = await (await fetch(`/api/v1/drafts/${at}`)).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'If-Match': read.etag }
    const body = JSON.stringify({ title: read.title, body: { ...read.body, purpose: 'changed elsewhere' } })
    return (await fetch(`/api/v1/drafts/${at}`, { method: 'PUT', headers, body })).status
  }, draft)
  visit.hold(status === 200, `the other window's save: ${status}`)
  await page.getByRole('button', { name: '保存草稿' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('changed elsewhere').waitFor()
  await visit.shot('both')
  await dialog.getByRole('button', { name: '用本页覆盖' }).click()
  await dialog.waitFor({ state: 'hidden' })
  await visit.until('our version', async () => {
    const kept = await visit.api(`/api/v1/drafts/${draft}`)
    return kept.body?.purpose === '' && kept.body.taskId === id
  })
  visit.isTrying = false
}

/** The server goes away while something is typed: nothing is lost, the page says since when, and it is kept when it is back. */
async function away(visit) {
  const { page } = visit
  visit.isTrying = true
  await page.route('**/api/v1/drafts/**', (route) => route.abort())
  await page.getByRole('button', { name: '保存草稿' }).click()
  await page.getByText('服务器无响应').first().waitFor()
  await visit.shot('away')
  await page.unroute('**/api/v1/drafts/**')
  await page.getByText('草稿已保存').waitFor()
  visit.isTrying = false
}

/** The session ends before a step: the door stands before the page, and behind it the step is kept as it was typed. */
async function ended(visit, context) {
  const { page } = visit
  visit.isTrying = true
  await context.clearCookies()
  // Whatever the page asks next hears it.
  await page.getByText('登录会话已结束').waitFor()
  await visit.signIn('operator')
  await page.getByText('登录会话已结束').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: '保存草稿' }).click()
  await page.getByText('草稿已保存').waitFor()
  visit.isTrying = false
}

/** Another day, by its address: what was filled in is there again, and the list is asked for again. */
async function reopened(visit, id) {
  const { page } = visit
  await visit.until('the last step kept', async () => {
    const draft = new URL(page.url()).searchParams.get('draft')
    return (await visit.api(`/api/v1/drafts/${draft}`)).body?.step === 6
  })
  await page.reload()
  await step(page, '合规与启动')
  await page.getByText('您好,您的账单将于{{days}}天后到期。').waitFor()
  const kept = await visit.api(`/api/v1/drafts/${new URL(page.url()).searchParams.get('draft')}`)
  visit.hold(!JSON.stringify(kept).includes('13800138000'), 'a draft holds the list')
  for (let back = 0; back < 6; back += 1) await page.getByRole('button', { name: '上一步' }).click()
  await page.getByText('请重新选择 list.csv').waitFor()
  // Other titles under the same name: what was said of the columns before is said of no column here.
  visit.isTrying = true
  await choose(page, 'list.csv', `编号,电话号码,days\n${id}_1,13800138000,3\n${id}_2,1.38E+10,3\n${id}_3,13800138002,5\n`)
  await page.getByRole('combobox', { name: '列 电话号码 的含义' }).waitFor()
  visit.isTrying = false
  for (let on = 0; on < 6; on += 1) await nextOf(page).click()
  await step(page, '合规与启动')
}

/** Made, imported and asked the rules about; then started in its first stage, and the draft is gone. */
async function made(visit, id) {
  const { page } = visit
  const draft = new URL(page.url()).searchParams.get('draft')
  await page.getByRole('button', { name: /创建任务并导入名单/ }).click()
  await page.getByText(`任务 ${id} 已创建`).waitFor()
  await page.getByRole('columnheader', { name: '规则', exact: true }).waitFor()
  const shown = await visit.api(`/api/v1/campaigns/${id}`)
  visit.hold(shown.enrolled === 2 && shown.status !== 'running', `made as ${shown.status} with ${shown.enrolled}`)
  visit.hold(shown.stage?.stage === 'test', 'it does not go live in stages')
  await visit.shot('preflight')
  await page.getByRole('button', { name: '启动', exact: true }).click()
  await page.getByRole('heading', { name: id }).waitFor()
  await visit.until('the start', async () => ['running', 'completed'].includes((await visit.api(`/api/v1/campaigns/${id}`)).status))
  const targets = await visit.api(`/api/v1/campaigns/${id}/targets`)
  visit.hold(targets.items?.length === 2, 'the targets are not set')
  const drafts = await visit.api('/api/v1/drafts')
  visit.hold(!drafts.items.some((one) => one.id === draft), 'the draft is left behind')
  await changed(visit, id)
}

/** A campaign that runs takes a further list, and gives one up again. */
async function changed(visit, id) {
  const { page } = visit
  await page.getByRole('tab', { name: '名单管理' }).click()
  await choose(page, 'more.csv', `编号,电话号码,days\n${id}_4,13800138004,3\n`, '追加名单')
  await page.getByText('新增 1 位客户，有误 0 行').waitFor()
  const row = page.getByRole('row', { name: /more\.csv/ })
  await row.getByRole('button', { name: '撤销' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox').fill('the wrong month')
  await dialog.getByRole('button', { name: '撤销这份名单' }).click()
  await row.getByText('已撤销').waitFor()
  await page.getByRole('tab', { name: '上线阶段' }).click()
  await page.getByText(/已拨 \d+ \/ 200 位客户/).waitFor()
  visit.isTrying = true
  await page.getByRole('button', { name: '进入试点' }).click()
  await dialog.getByRole('textbox', { name: /原因/ }).fill('too early')
  await dialog.getByRole('button', { name: '进入试点' }).click()
  // Nobody may have been called yet, or somebody may: refused for its reason, or done on what the server counted.
  const refused = dialog.getByRole('alert')
  const counted = page.getByRole('list', { name: '进入下一阶段的依据' }).getByText('服务器统计至位置')
  await refused.or(counted).first().waitFor()
  if (await refused.count() > 0) {
    const why = await refused.innerText()
    visit.hold(/[\u4e00-\u9fff]{4}/.test(why) && !why.includes('操作失败'), `a refusal without its reason: ${why}`)
    holdChinese(visit, why)
    await dialog.getByRole('button', { name: '取消' }).click()
  }
  await visit.shot('promoted')
  visit.isTrying = false
  await page.getByRole('tab', { name: '费用' }).click()
  await page.getByText('合计').waitFor()
  await page.getByRole('button', { name: '复制', exact: true }).click()
  await dialog.getByRole('button', { name: '复制任务' }).click()
  await page.getByRole('heading', { name: `${id}_2` }).waitFor()
}

/** Every step in English, without a word of Chinese; whoever may make none is shown no way there. */
export async function wizardWords(visit, begin, holdWords, scanWords) {
  const { page } = visit
  await begin(visit, 'viewer', '/campaigns')
  await page.getByRole('columnheader', { name: '状态', exact: true }).waitFor()
  visit.hold((await page.getByRole('link', { name: '新建外呼任务' }).count()) === 0, 'a viewer is shown the wizard')
  await visit.open('/campaigns/new')
  await page.getByText('没有这个页面').waitFor()
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByRole('button', { name: '登录', exact: true }).waitFor()
  await begin(visit, 'operator', '/campaigns/new')
  await page.getByRole('textbox', { name: '任务编号' }).fill('WORDS')
  await choose(page, 'list.csv', 'id,mobile,days\n1,13800138000,3\n2,1.38E+10,3\n')
  await page.getByText('识别格式：').waitFor()
  await holdWords(visit)
  for (const name of ['Dry run', 'Segment', 'Flow', 'Lines and times', 'Targets', 'Rules and start']) {
    if (name === 'Lines and times') await page.getByRole('textbox', { name: 'Script' }).fill('hello')
    await page.getByRole('button', { name: 'Next', exact: true }).click()
    await step(page, name)
    await scanWords(visit)
  }
  await visit.shot('en')
  const draft = new URL(page.url()).searchParams.get('draft')
  const status = await page.evaluate(async (at) => {
    const { csrf_token } = await (await fetch('/api/v1/whoami')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }
    return (await fetch(`/api/v1/drafts/${at}/remove`, { method: 'POST', headers, body: '{}' })).status
  }, draft)
  visit.hold(status === 200, `a draft cannot be removed: ${status}`)
}
