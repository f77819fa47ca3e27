// Shows the facts of a compliance rule as text: names and codes by the catalogues, times in a time zone, shares, counts
// and durations in readable form. A name or code unknown to the catalogues, of a later build, is shown unchanged.
import type { TFunction } from 'i18next'
import { count, instantIn, percent } from './format'

export type Facts = Readonly<Record<string, string>>

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/
const CAP = /^(imported_)?([a-z]+_per_[a-z]+)_in_(\d+)_(days|minutes)$/
const PRESET = /^(\S+) since (\S+)$/
const OF = /^(\d+) of (\d+)$/
/** Facts with texts written by people, names and ids, which are not translated. */
const NO_CODES = ['reason', 'by', 'agent', 'offered_to', 'stop', 'scope', 'quota', 'list', 'call', 'same_as', 'merged_with', 'holiday', 'preset', 'time_zones', 'times_group', 'registry']
const PER_MILLE = ['per_mille', 'instead_per_mille']

/** Returns the facts as stored, for auditors to compare. */
export function rawFacts(facts: Facts): string {
  return Object.entries(facts).map(([name, value]) => `${name}=${value}`).join(' ')
}

function lengthOf(ms: number, t: TFunction): string {
  const units = [['hours', 3_600_000], ['minutes', 60_000]] as const
  const [unit, of] = units.find(([, of]) => ms >= of && ms % of === 0) ?? (['seconds', 1000] as const)
  return t(`factSaid.${unit}`, { count: ms / of })
}

/** Translates codes; several may be separated by commas or blanks. */
function coded(value: string, t: TFunction): string {
  if (value === 'in force') return t('factValue.in_force')
  return value.replace(/[a-z][a-z_]*/g, (code) => t(`factValue.${code}`, { defaultValue: code }))
}

function valueOf(name: string, value: string, zone: string, t: TFunction): string {
  if (INSTANT.test(value)) return instantIn(value, zone)
  const [, preset, day] = (name === 'preset' && PRESET.exec(value)) || []
  if (preset !== undefined && day !== undefined) return t('factSaid.preset', { preset, day })
  if (NO_CODES.includes(name)) return value
  if (name === 'settled') return t(`disposition.${value}`, { defaultValue: value })
  if (name === 'status') return t(`status.${value}`, { defaultValue: value })
  if (name === 'local_time') return value.replaceAll('T', ' ')
  if (name === 'hour' && /^\d+$/.test(value)) return `${value.padStart(2, '0')}:00–${String(Number(value) + 1).padStart(2, '0')}:00`
  if (name.endsWith('_ms')) return lengthOf(Number(value), t)
  if (PER_MILLE.includes(name)) return percent(Number(value) / 1000)
  const [, used, most] = OF.exec(value) ?? []
  if (used !== undefined && most !== undefined) return t('factSaid.of', { used, most })
  return /^\d{1,9}$/.test(value) && !name.includes('version') ? count(Number(value)) : coded(value, t)
}

/** Describes a cap such as `dialed_per_number_in_1_days`: what it counts, per what, and in which period. */
function cap(name: string, value: string, t: TFunction): string | null {
  const [, imported, what, length, unit] = CAP.exec(name) ?? []
  if (what === undefined || unit === undefined) return null
  const said = { what: t(`factCap.${what}`, { defaultValue: what }), period: unit === 'minutes' ? lengthOf(Number(length) * 60_000, t) : t(`factSaid.${unit}`, { count: Number(length) }) }
  if (imported !== undefined) return t('factSaid.imported', { ...said, count: Number(value) })
  const [, used, most] = OF.exec(value) ?? []
  return used === undefined ? null : t('factSaid.cap', { ...said, used, most })
}

export function wordedFacts(facts: Facts, zone: string, t: TFunction): string {
  const said = Object.entries(facts).map(
    ([name, value]) => cap(name, value, t) ?? t('factSaid.one', { name: t(`fact.${name}`, { defaultValue: name }), value: valueOf(name, value, zone, t) }),
  )
  return said.join(t('factSaid.between'))
}
