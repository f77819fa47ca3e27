// Formats a metric's figure by its unit.
import { count, percent, seconds } from '../../app/format'
import type { ResponseOf } from '../../api/client'

export type Metric = ResponseOf<'/api/v1/metrics'>['items'][number]
type Unit = Metric['unit']

export function written(unit: Unit, value: number | null | undefined): string {
  if (unit === 'ratio') return percent(value)
  return unit === 'ms' ? seconds(value) : value == null ? '–' : count(Math.round(value * 100) / 100)
}

/** Formats a difference with its sign; shares in percentage points. */
export function difference(unit: Unit, value: number | null | undefined): string {
  if (value == null) return '–'
  const sign = value > 0 ? '+' : ''
  return `${sign}${unit === 'ratio' ? `${(100 * value).toFixed(1)} pp` : written(unit, value)}`
}

/** Returns a label in the user's language. */
export function worded(text: { zh: string; en: string }, language: string): string {
  return language === 'en' ? text.en : text.zh
}
