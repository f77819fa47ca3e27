// The event list: only visible rows are rendered, and further pages are loaded near the end. The selected event is kept
// in view.
import { memo, useEffect, useLayoutEffect, useRef } from 'react'
import type { Long } from '../../api/long'
import { timeIn } from '../../app/format'
import type { EventRow } from '../../components/EventsLine'
import { ReadOn } from '../../components/ReadOn'
import { ZONE } from '../../components/PageHead'
import { useReadOn } from '../../components/useReadOn'
import { useWindow } from '../../components/window'

interface Props {
  events: readonly EventRow[]
  shown: EventRow | undefined
  /** The shown event was selected by the user. */
  isChosen: boolean
  onMove: (position: number) => void
  /** Called with the block of rows that is visible. */
  onSeen: (block: number) => void
  /** The list to load further; null if events arrive by themselves. */
  list: Long<EventRow> | null
}

/** Row height in pixels, as in the stylesheet (`.event.long-event`). */
const ROW = 28
/** Rows per block; the timeline follows in steps of a block. */
export const BLOCK = 500

export function List({ events, shown, isChosen, onMove, onSeen, list }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const { first, last } = useWindow(frame, events.length, ROW)
  useReadOn(frame, list, last)
  const block = Math.floor(first / BLOCK)
  useEffect(() => onSeen(block), [block, onSeen])
  const at = shown === undefined ? -1 : events.indexOf(shown)
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null || at < 0 || !isChosen) return
    const [begin, end] = [at * ROW, at * ROW + ROW]
    if (begin < element.scrollTop || end > element.scrollTop + element.clientHeight) element.scrollTop = begin
  }, [at, isChosen])
  return (
    <>
      <div ref={frame} className="scroll" role="group" data-rows={events.length}>
        <div style={{ height: events.length * ROW }}>
          <div style={{ transform: `translateY(${(first * ROW).toString()}px)` }}>
            {events.slice(first, last).map((one) => (
              <Line key={one.id} event={one} isShown={one === shown} onMove={onMove} />
            ))}
          </div>
        </div>
      </div>
      {list !== null && <ReadOn list={list} />}
    </>
  )
}

const Line = memo(function Line({ event, isShown, onMove }: { event: EventRow; isShown: boolean; onMove: (position: number) => void }) {
  return (
    <button
      type="button"
      className={isShown ? 'event long-event here' : 'event long-event'}
      style={{ gridTemplateColumns: '72px 1fr 1fr 72px' }}
      aria-current={isShown}
      onClick={() => onMove(Number(event.position))}
    >
      <span className="mono">{event.position}</span>
      <span className="mono">{event.type}</span>
      <span className="mono muted">{event.subject}</span>
      <span className="muted">{timeIn(event.time, ZONE)}</span>
    </button>
  )
})
