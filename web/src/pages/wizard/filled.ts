// The input of the wizard for a campaign, and the request bodies made from it. An uploaded list is not part of it, and
// a draft contains only this input.

import { instantFrom, ownZone } from '../../app/format'

/** The purposes of a campaign; each has its own suggested rules and targets. */
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
  /** The titles of columns and their meanings, where the user chose one. */
  map: Record<string, string>
  segment: string
  /** A published version, `NAME@V`; if empty, the script is used. */
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

/** The shipped presets of rules. */
export const PRESETS = ['cn-service', 'cn-marketing', 'cn-collection', 'cn-cloud-trunk', 'us-tsr', 'us-regf', 'eu-gdpr']

/** The suggested rules and usual targets of each scenario. */
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

/** Returns the input of a stored draft: every member of the expected type, and the initial value of all others. */
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

/** Returns the input as a text without the shown step, which tells whether it is saved. */
export function wordsOf(filled: Filled): string {
  return JSON.stringify({ ...filled, step: 0 })
}

export function mapText(map: Record<string, string>): string {
  const said = Object.entries(map).filter(([, member]) => member !== '')
  return said.length === 0 ? '' : JSON.stringify(said.map(([column, member]) => ({ column, member })))
}

/** Returns the instant of a local time: for presets of China in Beijing time, for others in the browser's time zone. */
function instantOf(local: string, preset: string): string | undefined {
  return instantFrom(local, preset.startsWith('cn-') ? 'Asia/Shanghai' : ownZone())
}

/** Returns the body of the request that creates the campaign. */
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

/** ~The server's look at a list: its columns, and the variables of the chosen flow that have no column. */
export interface ListLook {
  columns: readonly { title: string; member?: string | null; variable?: string | null }[]
  missing_variables: readonly string[]
}

/** Variables that an import derives from the number if no column contains them (docs/reference/lists.md). */
const OF_NUMBER: readonly string[] = ['home_province', 'home_city', 'carrier']

/** Returns the variables of the text or the flow that no column fills; without them every row would be bad. */
export function unfilledOf(one: Filled, list: ListLook | null): string[] {
  if (list === null) return []
  if (one.flow !== '') return list.missing_variables.filter((name) => !OF_NUMBER.includes(name))
  const filled = new Set(list.columns.flatMap(({ title, member, variable }) => [title, variable ?? '', member === 'name' ? 'customer_name' : (member ?? '')]))
  const asked = [...one.script.matchAll(/\{\{\s*([^{}\s|]+)/g)].map((found) => found[1] ?? '')
  return [...new Set(asked)].filter((name) => !filled.has(name) && !OF_NUMBER.includes(name))
}

/** Returns the translation key of what a step still needs; null if it is complete. */
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
      // After a reload the page no longer has the list. Without it the campaign would be created and started without
      // its people.
      if (one.fileName !== '' && !hasFile) return 'wizard.lackFile'
      if (unfilledOf(one, list).length > 0) return 'wizard.lackVariables'
      return hasFile || one.segment.trim() !== '' ? null : 'wizard.lackPeople'
    default:
      return null
  }
}
