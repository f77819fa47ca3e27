// The timeline at the top of a page: its events as marks, and a cursor that moves the whole page to a moment. The right
// end is now. Keys: ← → one event, with Shift the next of the same kind, Home and End, / to a position or a time.
import { Button, Input } from 'antd'
import { memo, useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { timeIn } from '../app/format'
import { drawnOf, indexAt, joined, jumpedTo, moved, nearest, waveOf, type Drawn, type Lane, type Mark } from './lineMarks'

interface Props {
  marks: readonly Mark[]
  /** A log position; null means now. */
  cursor: number | null
  onMove: (position: number | null) => void
  zone: string
  lanes?: readonly Lane[]
  /** Formats a moment below the timeline. */
  tell?: (at: number) => string
  /** The current time, if the timeline extends to it. */
  until?: number | undefined
  /** The subject is over: the right end is its end instead of now. */
  isOver?: boolean
}

const LEFT = 84
const RIGHT = 60
const ROW = 30

function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(1100)
  useEffect(() => {
    const element = ref.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(entry?.contentRect.width ?? 0, 320)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, width]
}

/** Returns the marks that get a label: labels that do not overlap, red ones first, then from the left. */
function labelled(marks: readonly Drawn[]): Set<number> {
  const taken: [number, number][] = []
  const shown = new Set<number>()
  const order = [...marks].sort((one, other) => Number(other.tone === 'red') - Number(one.tone === 'red'))
  for (const mark of order) {
    const from = mark.x
    const to = from + 14 + [...mark.label].reduce((sum, letter) => sum + (letter > '\u2e80' ? 12 : 7), 0)
    if (taken.some(([begin, end]) => from < end && to > begin)) continue
    taken.push([from, to])
    shown.add(mark.position)
  }
  return shown
}

/** Returns the time range of everything on the timeline. */
function reachOf(marks: readonly Mark[], lanes: readonly Lane[], until: number | undefined): [number, number] {
  let from = marks[0]?.at ?? 0
  for (const { stretches } of lanes) for (const one of stretches) from = Math.min(from, one.from)
  let to = Math.max(marks[marks.length - 1]?.at ?? 1, from + 1, until ?? 0)
  for (const { stretches, peaks } of lanes) {
    for (const one of stretches) to = Math.max(to, one.to)
    if (peaks !== undefined) to = Math.max(to, peaks.from + peaks.stepMs * peaks.values.length)
  }
  return [from, to]
}

const NO_LANES: readonly Lane[] = []

/** Rendered again only if its content changes, not while the page scrolls below it. */
export const LineOfTime = memo(function LineOfTime({ marks, cursor, onMove, zone, lanes = NO_LANES, tell, until, isOver = false }: Props) {
  const { t } = useTranslation()
  const [ref, width] = useWidth()
  const [typed, setTyped] = useState<string | null>(null)
  const last = marks[marks.length - 1]
  const [from, to] = useMemo(() => reachOf(marks, lanes, until), [marks, lanes, until])
  const span = to - from
  const xOf = (at: number) => LEFT + ((at - from) / span) * (width - LEFT - RIGHT)
  const here = cursor === null ? marks.length - 1 : indexAt(marks, cursor)
  const mark = marks[here]
  const atCursor = cursor === null ? to : (mark?.at ?? from)
  const drawn = useMemo(() => drawnOf(marks, xOf), [marks, width, from, to])
  const waves = useMemo(
    () => lanes.map(({ peaks }, row) => (peaks === undefined ? undefined : waveOf(peaks, xOf, 56 + row * ROW, ROW / 2 - 2))),
    [lanes, width, from, to],
  )
  // The part that does not move with the cursor is rendered once for all cursor steps.
  const ground = useMemo(() => {
    const shown = labelled(drawn)
    return (
      <>
        <text x={12} y={22} className="line-lane">{t('line.events')}</text>
        <line x1={LEFT} x2={width - RIGHT} y1={18} y2={18} className="line-axis" />
        {lanes.map((lane, row) => (
          <g key={lane.name}>
            <text x={12} y={60 + row * ROW} className="line-lane">{lane.name}</text>
            <line x1={LEFT} x2={width - RIGHT} y1={56 + row * ROW} y2={56 + row * ROW} className="line-axis faint" />
            {waves[row] !== undefined && <path className={row === 0 ? 'line-wave tone-line' : 'line-wave tone-slate'} d={waves[row]} />}
            {(waves[row] === undefined ? joined(lane.stretches, xOf) : []).map((one) => (
              <rect
                key={`${one.from}-${one.label}`}
                className={`tone-${one.tone}`}
                x={xOf(one.from)}
                y={48 + row * ROW}
                width={Math.max(xOf(one.to) - xOf(one.from), 2)}
                height={16}
                rx={2}
              />
            ))}
          </g>
        ))}
        {drawn.map((one) => (
          <g key={one.position} className={`tone-${one.tone}`}>
            {one.tone === 'red' ? (
              <path d={`M ${one.x} 11 l 7 7 l -7 7 l -7 -7 z`} className="line-mark" />
            ) : (
              <circle cx={one.x} cy={18} r={5.5} className="line-mark" />
            )}
            {shown.has(one.position) && (
              <text x={one.x + 4} y={38} className="line-label">{one.label}</text>
            )}
          </g>
        ))}
      </>
    )
  }, [drawn, lanes, waves, width, from, to, t])
  const height = 46 + lanes.length * ROW + 18
  const written = (at: number) => (tell ? tell(at) : timeIn(at, zone))

  const onKey = (event: KeyboardEvent) => {
    if (event.key === '/') {
      event.preventDefault()
      setTyped('')
      return
    }
    const to = moved(marks, cursor, event.key, event.shiftKey)
    if (to === undefined) return
    event.preventDefault()
    onMove(to)
  }
  const onPointer = (event: PointerEvent<SVGSVGElement>) => {
    if (event.type === 'pointermove' && event.buttons !== 1) return
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    if (x > width - RIGHT + 8) return onMove(null)
    const at = from + ((x - LEFT) / (width - LEFT - RIGHT)) * span
    onMove(nearest(marks, at)?.position ?? null)
  }
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => from + part * span)
  return (
    <section className={cursor === null ? 'card line' : 'card line past'} aria-label={t('line.name')}>
      <div
        ref={ref}
        className="line-slider"
        role="slider"
        tabIndex={0}
        aria-label={t('line.scrubber')}
        aria-valuemin={0}
        aria-valuemax={Math.max(marks.length - 1, 0)}
        aria-valuenow={Math.max(here, 0)}
        aria-valuetext={cursor === null ? t('line.now') : `${mark?.label ?? ''} ${written(atCursor)}`}
        onKeyDown={onKey}
      >
        <svg width={width} height={height} onPointerDown={onPointer} onPointerMove={onPointer} aria-hidden="true">
          {ground}
          <g className={cursor === null ? 'line-cursor' : 'line-cursor past'}>
            <path d={`M ${xOf(atCursor) - 7} 0 h 14 l -7 9 z`} />
            <line x1={xOf(atCursor)} x2={xOf(atCursor)} y1={4} y2={height - 18} />
            {cursor === null && !isOver && <text x={xOf(to) + 10} y={22}>{t('line.now')}</text>}
          </g>
          {ticks.map((at) => (
            <text key={at} x={xOf(at)} y={height - 3} textAnchor="middle" className="line-tick">{written(at)}</text>
          ))}
        </svg>
      </div>
      <div className="line-foot">
        <span>
          {t('line.position')} <b>{cursor ?? last?.position ?? '–'}</b>
          {cursor === null && !isOver ? ` · ${t('line.now')}` : ` · ${mark?.label ?? ''} · ${written(atCursor)}`}
        </span>
        <span className="muted">{t('line.keys')}</span>
        {typed !== null && (
          <Input
            size="small"
            autoFocus
            className="line-jump"
            aria-label={t('line.jump')}
            placeholder={t('line.jump')}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onBlur={() => setTyped(null)}
            onKeyDown={(event) => {
              event.stopPropagation()
              if (event.key === 'Escape') setTyped(null)
              if (event.key !== 'Enter') return
              const found = jumpedTo(marks, typed, (at) => timeIn(at, zone))
              setTyped(null)
              if (found !== undefined) onMove(found)
            }}
          />
        )}
        {cursor !== null && (
          <span className="line-back">
            {t('line.past', { time: written(atCursor) })}
            <Button size="small" onClick={() => onMove(null)}>{t(isOver ? 'line.toEnd' : 'line.back')}</Button>
          </span>
        )}
      </div>
    </section>
  )
})
