// What stands on a line of time: events as marks, and the moves of its cursor from one to another.

export type Tone = 'line' | 'amber' | 'red' | 'slate'

export interface Mark {
  position: number
  /** Milliseconds since 1970. */
  at: number
  kind: string
  label: string
  tone: Tone
}

/** A stretch of a lane below the marks: who spoke, how many rang. */
export interface Stretch {
  from: number
  to: number
  tone: Tone
  label: string
}

/** How loud a lane was along its time: thousandths of the loudest there could be, one each so many milliseconds. */
export interface Peaks {
  from: number
  stepMs: number
  values: readonly number[]
}

export interface Lane {
  name: string
  stretches: readonly Stretch[]
  /** Where they are known they are drawn in place of the stretches. */
  peaks?: Peaks | undefined
}

/** A wave as one path: a line for each column of the screen, as long as its loudest point of all that fall into it. */
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

/** Pixels within which marks are one to the eye, and to a finger. */
const TOUCH = 3

/** A mark as it is drawn: it stands for all that fall into its place, the gravest of them or else the first. */
export interface Drawn extends Mark {
  x: number
  many: number
}

const GRAVITY: Record<Tone, number> = { red: 3, amber: 2, line: 1, slate: 0 }

/** Marks that fall into one place are drawn as one: a line of ten thousand has no more than there is room for. */
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

/** Stretches that touch on the screen and are of one tone are drawn as one. */
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

/** The mark nearest to an instant, of marks in the order of their positions; times may go back where clocks did. */
export function nearest(marks: readonly Mark[], at: number): Mark | undefined {
  let best: Mark | undefined
  for (const mark of marks) if (best === undefined || Math.abs(mark.at - at) < Math.abs(best.at - at)) best = mark
  return best
}

/** The last of some things in the order of their positions that stands at or before one; -1 where none does. */
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

/** The last mark at or before a position; -1 before the first. */
export function indexAt(marks: readonly Mark[], position: number): number {
  return lastAt(marks, position, (mark) => mark.position)
}

/** Where the cursor goes by a key; null is now, undefined: not a key of ours. */
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

/** What somebody typed behind `/`: a position, or a time of day of the line's own day. */
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
