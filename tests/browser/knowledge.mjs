// What the robot may answer: a draft that a model of this test wrote is asked for, is not taken by whoever asked, is
// taken by somebody else, and is heard once it is published. A server of its own: the demonstration has no model.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ORIGINAL = '满{{fact:分期.起点}}就可以申请，3个工作日内到账。'
const BETTER = '您只要满{{fact:分期.起点}}就能申请，3个工作日内到账哦。'
const INVENTED = '满{{fact:分期.起点}}就能申请，24期免息，3个工作日内到账。'
const WORD = 'seventeen quiet lanterns'

/** A model of the OpenAI form that writes these, one after the other. */
async function model(texts) {
  const server = createServer((asked, reply) => {
    asked.resume()
    asked.on('end', () => {
      const content = JSON.stringify({ text: texts.shift() ?? BETTER })
      reply.setHeader('Content-Type', 'application/json')
      reply.end(JSON.stringify({ choices: [{ message: { content }, finish_reason: 'stop' }], usage: { prompt_tokens: 300, completion_tokens: 40 } }))
    })
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  return server
}

async function begun(port) {
  const data = mkdtempSync(join(tmpdir(), 'knowledge-'))
  const args = ['serve', '--data', data, '--http', '127.0.0.1:0', '--llm', `openai:http://127.0.0.1:${port}/v1?model=double`]
  const program = spawn(process.env.LEDGERLINE, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise((gone) => program.once('exit', gone))
  const url = await new Promise((found, failed) => {
    for (const stream of [program.stdout, program.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        const at = /http:\/\/[\d.:]+(?=\/set-up)/.exec(line)
        if (at !== null) found(at[0])
      })
    }
    program.once('exit', (code) => failed(new Error(`the server ends with ${code}`)))
  })
  const token = readFileSync(join(data, 'token'), 'utf8').trim()
  const send = async (path, body) => {
    const reply = await fetch(url + path, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`)
  }
  const stop = async () => {
    program.kill('SIGKILL')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  return { url, send, stop }
}

async function signIn(page, context, url, name) {
  await context.clearCookies()
  await page.goto(`${url}/knowledge`)
  await page.getByRole('textbox', { name: '用户名' }).fill(name)
  await page.getByLabel('密码', { exact: true }).fill(WORD)
  await page.getByRole('button', { name: '登录', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: '知识库' }).waitFor()
}

function dialog(page) {
  return page.getByRole('dialog').filter({ visible: true })
}

async function asked(visit, text) {
  const { page } = visit
  await page.getByRole('tab', { name: '答案' }).click()
  await page.getByRole('row').filter({ hasText: '起点' }).first().getByRole('button', { name: '请求改写' }).click()
  await dialog(page).getByRole('textbox', { name: '改写要求' }).fill('说得更亲切')
  await dialog(page).getByRole('button', { name: '请求改写', exact: true }).click()
  await page.getByRole('row').filter({ hasText: text }).waitFor()
}

/** From the answer as it stands to another that calls hear. */
async function worked(visit, context, url) {
  const { page } = visit
  await signIn(page, context, url, 'wang')
  await page.getByText(ORIGINAL).waitFor()
  await asked(visit, INVENTED)
  await page.getByText('出现了无出处的数字或日期').waitFor()
  visit.hold((await page.getByRole('button', { name: '采纳' }).count()) === 0, 'what a model invented can be taken')
  await asked(visit, BETTER)
  await page.getByRole('button', { name: '采纳' }).click()
  visit.isTrying = true
  await dialog(page).getByRole('button', { name: '采纳', exact: true }).click()
  await dialog(page).getByRole('alert').waitFor()
  await visit.shot('own')
  visit.isTrying = false
  await signIn(page, context, url, 'li')
  await page.getByRole('tab', { name: '文案草稿' }).click()
  await page.getByRole('button', { name: '采纳' }).click()
  await visit.shot('zh')
  await dialog(page).getByRole('button', { name: '采纳', exact: true }).click()
  await page.getByRole('tab', { name: '答案' }).click()
  await page.getByText(ORIGINAL).waitFor()
  visit.hold((await page.getByText(BETTER).count()) === 0, 'a draft is heard before it is published')
  await page.getByRole('tab', { name: '版本' }).click()
  await page.getByRole('button', { name: '发布 @2' }).click()
  await dialog(page).getByRole('button', { name: '发布 @2', exact: true }).click()
  await page.getByRole('button', { name: '回退到 @1' }).waitFor()
  await page.getByRole('tab', { name: '答案' }).click()
  await page.getByText(BETTER).waitFor()
}

export async function knowledge(visit, { words }, context) {
  const writer = await model([INVENTED, BETTER])
  const server = await begun(writer.address().port)
  try {
    for (const name of ['wang', 'li']) await server.send('/api/v1/users', { name, roles: ['operator'], reason: 'words are weighed', password: WORD })
    const file = {
      knowledge: 'card',
      answers: [{ id: '起点', question: '多少钱可以分期', answer: ORIGINAL }],
      facts: [{ entity: '分期', attribute: '起点', value: '500元' }],
    }
    await server.send('/api/v1/knowledge', { file })
    await server.send('/api/v1/knowledge/card/publish', {})
    await worked(visit, context, server.url)
    await visit.until('the end of what was said', async () => (await visit.page.locator('.ant-message-notice').count()) === 0)
    await words(visit)
  } finally {
    await server.stop()
    writer.closeAllConnections()
    writer.close()
  }
}
