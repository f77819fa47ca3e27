// What somebody fills in on the way to a campaign, and the orders that are made of it. An uploaded list is no part of it: a
// draft holds this and nothing else.

import { instantFrom, ownZone } from '../../app/format'

/** What a campaign is for; it chooses the rules and targets that are offered. */
export const SCENARIOS = ['collection', 'marketing', 'survey'] as const
export type Scenario = (typeof SCENARIOS)[number]

export const STEPS = ['file', 'trial', 'segment', 'flow', 'lines', 'targets', 'live'] as const

export interface Filled {
  step: number
  taskId: string
  scenario: Scenario
  preset: string
  basis: string
  purpose: string
  fileName: string
  encoding: string
  /** Titles of columns and what they are taken for, where somebody said so. */
  map: Record<string, string>
  segment: string
  /** A published version, `NAME@V`; where there is none, the script counts. */
  flow: string
  script: string
  from: string
  to: string
  restFrom: string
  restTo: string
  concurrent: number
  ringSeconds: number
  retries: 'standard' | 'none'
  startAt: string
  stopAt: string
  stages: 'test' | 'pilot' | 'full'
  answerPercent: number
  conversionPercent: number
}

/** The presets of rules that ship. */
export const PRESETS = ['cn-service', 'cn-marketing', 'cn-collection', 'cn-cloud-trunk', 'us-tsr', 'us-regf', 'eu-gdpr']

/** The rules that go with a scenario, and what is usually aimed at. */
export const OF_SCENARIO: Record<Scenario, Pick<Filled, 'preset' | 'basis' | 'answerPercent' | 'conversionPercent'>> = {
  collection: { preset: 'cn-collection', basis: 'contract', answerPercent: 60, conversionPercent: 30 },
  marketing: { preset: 'cn-marketing', basis: 'consent', answerPercent: 50, conversionPercent: 5 },
  survey: { preset: 'cn-service', basis: 'contract', answerPercent: 55, conversionPercent: 40 },
}

export const EMPTY: Filled = {
  step: 0, taskId: '', scenario: 'collection', ...OF_SCENARIO.collection, purpose: '', fileName: '', encoding: 'auto', map: {},
  segment: '', flow: '', script: '', from: '09:00', to: '18:00', restFrom: '', restTo: '', concurrent: 50, ringSeconds: 30,
  retries: 'standard', startAt: '', stopAt: '', stages: 'test',
}

/** A draft as it was kept: of each member that is as it should be, the rest as at the beginning. */
export function readFilled(body: Record<string, unknown> | null | undefined): Filled {
  const read: Record<string, unknown> = { ...EMPTY }
  for (const [name, usual] of Object.entries(EMPTY)) {
    const kept = body?.[name]
    if (typeof kept === typeof usual && kept !== null && Array.isArray(kept) === Array.isArray(usual)) read[name] = kept
  }
  const filled = read as unknown as Filled
  const scenario = SCENARIOS.includes(filled.scenario) ? filled.scenario : EMPTY.scenario
  return { ...filled, scenario, step: Math.min(Math.max(Math.trunc(filled.step), 0), STEPS.length - 1) }
}

/** What is typed, whichever step is shown: by it one tells whether it is kept. */
export function wordsOf(filled: Filled): string {
  return JSON.stringify({ ...filled, step: 0 })
}

export function mapText(map: Record<string, string>): string {
  const said = Object.entries(map).filter(([, member]) => member !== '')
  return said.length === 0 ? '' : JSON.stringify(said.map(([column, member]) => ({ column, member })))
}

/** An instant of the rules' own zone: those of China are meant in Beijing's time, others where the browser stands. */
function instantOf(local: string, preset: string): string | undefined {
  return instantFrom(local, preset.startsWith('cn-') ? 'Asia/Shanghai' : ownZone())
}

/** The body that creates the campaign. */
export function campaignOf(one: Filled): Record<string, unknown> {
  const rests = one.restFrom !== '' && one.restTo !== '' ? [[one.restFrom, one.restTo]] : []
  const [startAt, stopAt] = [instantOf(one.startAt, one.preset), instantOf(one.stopAt, one.preset)]
  return {
    task_id: one.taskId,
    preset: one.preset,
    basis: one.basis,
    ...(one.purpose === '' ? {} : { purpose: one.purpose }),
    ...(one.flow === '' ? { script_template: one.script } : { flow_version: one.flow }),
    schedule: {
      start_time: one.from, end_time: one.to, rests, max_concurrent: one.concurrent,
      ...(startAt === undefined ? {} : { start_at: startAt }),
      ...(stopAt === undefined ? {} : { stop_at: stopAt }),
    },
    ring_timeout_ms: one.ringSeconds * 1_000,
    ...(one.retries === 'none' ? { retry_policy: { retries_max: 0, uncharged_max: 0, rules: {} } } : {}),
    ...(one.stages === 'full' ? {} : { stages: { from: one.stages } }),
  }
}

export function targetsOf(one: Filled): { metric: string; ratio: number }[] {
  return [
    { metric: 'answer_ratio_per_call', ratio: one.answerPercent / 100 },
    { metric: 'conversion_ratio', ratio: one.conversionPercent / 100 },
  ].filter((target) => target.ratio > 0)
}

/** The server's look at a list: its columns, and the variables of the chosen flow that have no column. */
export interface ListLook {
  columns: readonly { title: string; member?: string | null; variable?: string | null }[]
  missing_variables: readonly string[]
}

/** Variables that an import fills from the number, where no column does (docs/reference/lists.md). */
const OF_NUMBER: readonly string[] = ['home_province', 'home_city', 'carrier']

/** Variables of the text, or of the flow, that no column fills: a row without them is bad, so all rows would be. */
export function unfilledOf(one: Filled, list: ListLook | null): string[] {
  if (list === null) return []
  if (one.flow !== '') return list.missing_variables.filter((name) => !OF_NUMBER.includes(name))
  const filled = new Set(list.columns.flatMap(({ title, member, variable }) => [title, variable ?? '', member === 'name' ? 'customer_name' : (member ?? '')]))
  const asked = [...one.script.matchAll(/\{\{\s*([^{}\s|]+)/g)].map((found) => found[1] ?? '')
  return [...new Set(asked)].filter((name) => !filled.has(name) && !OF_NUMBER.includes(name))
}

/** What a step still needs before the next one; nothing where it is complete. */
export function lackingOf(one: Filled, hasFile: boolean, list: ListLook | null): string | null {
  switch (STEPS[one.step]) {
    case 'file':
      return /^[A-Za-z0-9_.-]{1,64}$/.test(one.taskId) ? null : 'wizard.lackTaskId'
    case 'segment':
      return hasFile || one.segment.trim() !== '' ? null : 'wizard.lackPeople'
    case 'flow':
      if (one.flow === '' && one.script.trim() === '') return 'wizard.lackFlow'
      return unfilledOf(one, list).length === 0 ? null : 'wizard.lackVariables'
    case 'live':
      // Behind a reload the list is gone from the page: without it a campaign would be made and started without its people.
      if (one.fileName !== '' && !hasFile) return 'wizard.lackFile'
      if (unfilledOf(one, list).length > 0) return 'wizard.lackVariables'
      return hasFile || one.segment.trim() !== '' ? null : 'wizard.lackPeople'
    default:
      return null
  }
}
