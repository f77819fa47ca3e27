// Opens the pages of a console that runs, uses them as people do, and says what was found: one JSON line.
// node console.mjs URL LOGINS SHOTS PAGE,PAGE…
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { campaignThen, lines, recording } from './lines.mjs'
import { wall, wallHeld } from './wall.mjs'
import { begin, holdWords, PAGES, scanWords } from './pages.mjs'
import { customers, ownId } from './customers.mjs'
import { flowBack, flowCall, flowKept } from './flow_kept.mjs'
import { wizard, wizardWords } from './wizard.mjs'
import { axeHolds, keyboard } from './axe.mjs'
import { ACTS } from './acts.mjs'
import { DESKS } from './desk.mjs'
import { knowledge } from './knowledge.mjs'
import { everyRole } from './roles.mjs'
import { longCall } from './long_call.mjs'
import { longLists } from './long_lists.mjs'
import { pictures } from './pictures.mjs'
import { pseudo } from './pseudo.mjs'
import { reports, sql } from './reports.mjs'
import { costs, daily, exports, pacing, pdca } from './sheets.mjs'

PAGES.wizard = (visit, context) => wizard(visit, context, begin)
PAGES.wizard_words = (visit) => wizardWords(visit, begin, holdWords, scanWords)
PAGES.customers = (visit) => customers(visit, begin, holdWords)
PAGES['own-id'] = (visit) => ownId(visit, begin)

const [url, logins, shots, wanted] = process.argv.slice(2)
const passwords = Object.fromEntries(
  readFileSync(logins, 'utf8').trim().split('\n').map((line) => line.split(' ')),
)
const ALL = { ...PAGES, 'campaign-then': campaignThen, lines, recording, wall, 'wall-held': wallHeld, reports, sql, pdca, daily, costs, exports, pacing, 'long-call': longCall, 'flow-kept': flowKept, 'flow-call': flowCall, 'flow-back': flowBack }
/** What is done with more than a page's own visit. */
const MORE = { ...DESKS, ...ACTS, knowledge, axe: axeHolds, keyboard, 'every-role': everyRole, pictures, pseudo, 'long-lists': longLists }
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]
mkdirSync(shots, { recursive: true })

/** What a browser may say though nothing is wrong: nobody is signed in yet when a page is opened. */
const EXPECTED = /Failed to load resource.*40[01]/

class Visit {
  constructor(page, name) {
    this.page = page
    this.name = name
    this.url = url
    this.shots = shots
    this.passwords = passwords
    this.violations = []
    page.on('console', (said) => {
      if (said.type() === 'error' && !this.isTrying && !EXPECTED.test(said.text())) this.hold(false, `console: ${said.text()} ${said.location().url ?? ''}`)
    })
    page.on('pageerror', (error) => this.hold(false, `page: ${error.message}`))
  }
  hold(holds, what) {
    if (!holds) this.violations.push(`${this.name}: ${what.slice(0, 300)}`)
    return holds
  }
  async open(path) {
    await this.page.goto(url + path)
  }
  async signIn(role) {
    await this.page.getByRole('textbox', { name: /用户名|Name/ }).fill(role)
    await this.page.getByLabel(/^(密码|Password)$/).fill(passwords[role])
    await this.page.getByRole('button', { name: /^(登录|Sign in)$/ }).click()
    await this.page.getByRole('navigation').waitFor()
  }
  async shot(what) {
    await this.page.screenshot({ path: join(shots, `${this.name}-${what}.png`) })
  }
  /** What the API says to whoever is signed in here. */
  async api(path) {
    return this.page.evaluate(async (at) => (await fetch(at)).json(), path)
  }
  async until(what, found, withinMs = 60_000) {
    const end = Date.now() + withinMs
    while (Date.now() < end) {
      const value = await found()
      if (value) return value
      await this.page.waitForTimeout(250)
    }
    throw new Error(`${what} does not come`)
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS })
const violations = []
const figures = {}
let passed = 0
const names = wanted.split(',')
for (const name of names) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } })
  // What is waited for here is not measured: beside other proofs on a slow machine each page takes its time.
  context.setDefaultTimeout(60_000)
  const visit = new Visit(await context.newPage(), name)
  try {
    if (MORE[name]) await MORE[name](visit, { begin, words: holdWords }, context)
    else await ALL[name](visit, context)
  } catch (error) {
    visit.hold(false, String(error))
    await visit.shot('failed').catch(() => undefined)
  }
  if (visit.violations.length === 0) passed += 1
  violations.push(...visit.violations)
  if (visit.figures) figures[name] = visit.figures
  await context.close()
}
await browser.close()
console.log(JSON.stringify({ pages: names.length, passed, failed: names.length - passed, violations, figures }))
