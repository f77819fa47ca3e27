// Formats figures and times: times in the time zone that they concern, figures in digits of equal width.

export function timeIn(at: number | string, zone: string): string {
  return written(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
}

/** Formats an instant with date and offset: 2026-03-02 10:00:15 +08:00. */
export function instantIn(at: number | string, zone: string): string {
  const day = written(at, zone, { year: 'numeric', month: '2-digit', day: '2-digit' })
  return `${day} ${timeIn(at, zone)} ${offsetIn(at, zone)}`
}

/** Returns the instant of a typed local time (2026-03-02T10:00) in `zone`; undefined if nothing was typed. */
export function instantFrom(local: string, zone: string): string | undefined {
  if (local === '') return undefined
  const typed = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`)
  if (Number.isNaN(typed)) return undefined
  // The offset depends on the instant that is computed: a second step is right also on a day on which the offset
  // changes.
  const first = typed - offsetMs(typed, zone)
  return new Date(typed - offsetMs(first, zone)).toISOString()
}

/** Returns the time zone of the browser. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

function offsetMs(at: number, zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(offsetIn(at, zone)) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** Cached formatters: creating one takes longer than a hundred uses, and a list needs thousands of uses. */
const made = new Map<string, Intl.DateTimeFormat>()
/** Most cached formatters. One page uses a handful of zones and shapes, but names of zones come from user input. */
const MADE_MAX = 64

function formatOf(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${language} ${Object.entries(options).join()}`
  const known = made.get(name)
  if (known !== undefined) return known
  if (made.size >= MADE_MAX) made.clear()
  const format = new Intl.DateTimeFormat(language, options)
  made.set(name, format)
  return format
}

function written(at: number | string, zone: string, options: Intl.DateTimeFormatOptions): string {
  const moment = new Date(at)
  if (Number.isNaN(moment.getTime())) return '–'
  return formatOf('sv-SE', { ...options, timeZone: zone }).format(moment)
}

function offsetIn(at: number | string, zone: string): string {
  const parts = formatOf('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(new Date(at))
  const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
  return name === 'GMT' ? 'UTC' : name.replace('GMT', '')
}

export function percent(ratio: number | null | undefined): string {
  return ratio === null || ratio === undefined ? '–' : `${(100 * ratio).toFixed(1)} %`
}

export function seconds(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`
}

/** Formats a duration: 1:05 for 65,000 ms. */
export function clockOf(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return ''
  const whole = Math.max(Math.floor(ms / 1000), 0)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : new Intl.NumberFormat('en').format(value)
}

/** Formats an instant in the browser's time zone, with date and time. */
export function clockNow(at: number): string {
  return Number.isNaN(at) ? '–' : new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at))
}
