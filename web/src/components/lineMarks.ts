// The marks of a timeline, and the moves of its cursor from one to another.

export type Tone = 'line' | 'amber' | 'red' | 'slate'

export interface Mark {
  position: number
  /** Milliseconds since 1970. */
  at: number
  kind: string
  label: string
  tone: Tone
}

/** A stretch of a lane below the marks, for example of who spoke or how many calls rang. */
export interface Stretch {
  from: number
  to: number
  tone: Tone
  label: string
}

/** The loudness of a lane over time, in thousandths of the maximum, one value each `stepMs` milliseconds. */
export interface Peaks {
  from: number
  stepMs: number
  values: readonly number[]
}

export interface Lane {
  name: string
  stretches: readonly Stretch[]
  /** If known, the loudness is drawn instead of the stretches. */
  peaks?: Peaks | undefined
}

/** Returns a waveform as one SVG path: a line per screen column, as long as the loudest value within it. */
export function waveOf({ from, stepMs, values }: Peaks, xOf: (at: number) => number, middle: number, half: number): string {
  const loudest = Math.max(...values, 1)
  const columns = new Map<number, number>()
  for (const [index, value] of values.entries()) {
    const x = Math.round(xOf(from + index * stepMs))
    columns.set(x, Math.max(columns.get(x) ?? 0, value))
  }
  const lines: string[] = []
  for (const [x, value] of columns) {
    const reach = Math.max((value / loudest) * half, 0.5)
    lines.push(`M${x} ${(middle - reach).toFixed(1)}V${(middle + reach).toFixed(1)}`)
  }
  return lines.join('')
}

/** Pixels within which marks look and feel like one. */
const TOUCH = 3

/** A mark as drawn: it represents all marks at its place, by the most severe of them or else the first. */
export interface Drawn extends Mark {
  x: number
  many: number
}

const GRAVITY: Record<Tone, number> = { red: 3, amber: 2, line: 1, slate: 0 }

/** Merges marks that fall into one place, so that a timeline of ten thousand draws no more than fit. */
export function drawnOf(marks: readonly Mark[], xOf: (at: number) => number): Drawn[] {
  const places = new Map<number, Drawn>()
  for (const mark of marks) {
    const x = xOf(mark.at)
    const place = Math.round(x / TOUCH)
    const there = places.get(place)
    if (there === undefined) places.set(place, { ...mark, x, many: 1 })
    else if (GRAVITY[mark.tone] > GRAVITY[there.tone]) places.set(place, { ...mark, x, many: there.many + 1 })
    else there.many += 1
  }
  return [...places.values()]
}

/** Merges stretches of one tone that touch on the screen. */
export function joined(stretches: readonly Stretch[], xOf: (at: number) => number): Stretch[] {
  const found: Stretch[] = []
  for (const one of [...stretches].sort((some, other) => some.from - other.from)) {
    const last = found[found.length - 1]
    const isNear = last !== undefined && last.tone === one.tone && xOf(one.from) - xOf(last.to) < 1 && xOf(one.to) - xOf(last.from) < TOUCH
    if (isNear) last.to = Math.max(last.to, one.to)
    else found.push({ ...one })
  }
  return found
}

/** Returns the mark nearest to an instant. Marks are ordered by position; times may decrease where clocks did. */
export function nearest(marks: readonly Mark[], at: number): Mark | undefined {
  let best: Mark | undefined
  for (const mark of marks) if (best === undefined || Math.abs(mark.at - at) < Math.abs(best.at - at)) best = mark
  return best
}

/** Returns the index of the last item at or before a position, in items ordered by position; -1 if there is none. */
export function lastAt<One>(all: readonly One[], position: number, of: (one: One) => number): number {
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const one = all[middle]
    if (one !== undefined && of(one) <= position) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Returns the index of the last mark at or before a position; -1 before the first. */
export function indexAt(marks: readonly Mark[], position: number): number {
  return lastAt(marks, position, (mark) => mark.position)
}

/** Returns the cursor position after a key press; null is now, undefined means that the key is not handled. */
export function moved(
  marks: readonly Mark[],
  cursor: number | null,
  key: string,
  isOfKind: boolean,
): number | null | undefined {
  const last = marks.length - 1
  const here = cursor === null ? last : indexAt(marks, cursor)
  if (key === 'Home') return marks[0]?.position
  if (key === 'End') return null
  if (key !== 'ArrowLeft' && key !== 'ArrowRight') return undefined
  const step = key === 'ArrowLeft' ? -1 : 1
  if (step === 1 && cursor === null) return null
  const kind = marks[here]?.kind
  let next = here + step
  while (isOfKind && next >= 0 && next <= last && marks[next]?.kind !== kind) next += step
  if (next > last) return null
  return marks[Math.max(next, 0)]?.position
}

/** Returns the position for the text typed after `/`: a position, or a time of day on the timeline's day. */
export function jumpedTo(marks: readonly Mark[], typed: string, dayOf: (at: number) => string): number | undefined {
  const text = typed.trim()
  if (/^\d+$/.test(text)) {
    const mark = marks[Math.max(indexAt(marks, Number(text)), 0)]
    return mark?.position
  }
  const asked = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text)
  if (asked === null) return undefined
  const [, hour = '', minute = '', second = '00'] = asked
  const until = `${hour.padStart(2, '0')}:${minute}:${second}`
  const reached = marks.filter((mark) => dayOf(mark.at) <= until)
  return (reached[reached.length - 1] ?? marks[0])?.position
}
