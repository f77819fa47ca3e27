// How figures and times are written: times in the zone that they are about, figures in digits of one width.

export function timeIn(at: number | string, zone: string): string {
  return written(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
}

/** With its day, year and offset: 2026-03-02 10:00:15 +08:00. */
export function instantIn(at: number | string, zone: string): string {
  const day = written(at, zone, { year: 'numeric', month: '2-digit', day: '2-digit' })
  return `${day} ${timeIn(at, zone)} ${offsetIn(at, zone)}`
}

/** The instant of a time that somebody typed (2026-03-02T10:00), which is meant in `zone`; none where nothing was typed. */
export function instantFrom(local: string, zone: string): string | undefined {
  if (local === '') return undefined
  const typed = Date.parse(`${local.length === 16 ? `${local}:00` : local}Z`)
  if (Number.isNaN(typed)) return undefined
  // The offset is of the instant that is looked for: a second look is right also on a day on which it changes.
  const first = typed - offsetMs(typed, zone)
  return new Date(typed - offsetMs(first, zone)).toISOString()
}

/** The zone of whoever sits here. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

function offsetMs(at: number, zone: string): number {
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(offsetIn(at, zone)) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}

/** Those that were made so far: making one takes longer than writing a hundred times with it, and a list writes thousands. */
const made = new Map<string, Intl.DateTimeFormat>()
/** Zones and shapes of one page are a handful; names of zones come from people. */
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

/** 1:05 of 65,000 ms. */
export function clockOf(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return ''
  const whole = Math.max(Math.floor(ms / 1000), 0)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : new Intl.NumberFormat('en').format(value)
}

/** A moment as whoever sits here reads the clock: their own day and time. */
export function clockNow(at: number): string {
  return Number.isNaN(at) ? '–' : new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at))
}
