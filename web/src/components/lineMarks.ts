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

/** The last mark at or before a position; -1 before the first. */
export function indexAt(marks: readonly Mark[], position: number): number {
  let low = 0
  let high = marks.length
  while (low < high) {
    const middle = (low + high) >> 1
    const mark = marks[middle]
    if (mark !== undefined && mark.position <= position) low = middle + 1
    else high = middle
  }
  return low - 1
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
