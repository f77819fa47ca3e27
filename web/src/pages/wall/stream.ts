// The pictures of this moment as the server sends them, five a second while something happens and one in five seconds
// while nothing does. Each is whole: whoever comes again begins with the latest, and what stands here is bounded.
import { useEffect, useState } from 'react'
import { get, Problem } from '../../api/client'
import type { Live } from '../../api/queries'

/** The server sends at least every 5 s; behind this a picture is old, whatever the reason. */
const STALE_MS = 6_500
/** Before a stream that was refused is asked for again. */
const AGAIN_MS = 3_000
/** Points of the curve: an hour, one in ten seconds. */
const TRAIL_MAX = 360
const TRAIL_STEP_MS = 10_000

export interface Point {
  at: number
  ratio: number | null
}

export interface Stream {
  picture: Live | null
  /** By the browser's clock: when the last picture came. */
  receivedAt: number
  /** Why no picture comes, where that is known. */
  why: unknown
  trail: readonly Point[]
}

const NOTHING: Stream = { picture: null, receivedAt: 0, why: null, trail: [] }

function grown(trail: readonly Point[], picture: Live): readonly Point[] {
  const at = Date.parse(picture.shown_at)
  const last = trail[trail.length - 1]
  if (last !== undefined && at - last.at < TRAIL_STEP_MS) return trail
  return [...trail.slice(1 - TRAIL_MAX), { at, ratio: picture.last_5_minutes.settled_answer_ratio ?? null }]
}

/** Follows the stream while the page is open; the browser takes it up again where the connection was cut. */
export function useStream(): Stream {
  const [stream, setStream] = useState(NOTHING)
  useEffect(() => {
    let source: EventSource | null = null
    let again: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const refused = (why: unknown) => {
      if (isOver) return
      setStream((now) => ({ ...now, why }))
      again = setTimeout(open, AGAIN_MS)
    }
    const open = () => {
      source = new EventSource('/api/v1/live/stream')
      source.addEventListener('figures', (event: MessageEvent<string>) => {
        const picture = JSON.parse(event.data) as Live
        setStream((now) => ({ picture, receivedAt: Date.now(), why: null, trail: grown(now.trail, picture) }))
      })
      source.addEventListener('end', (event: MessageEvent<string>) => {
        source?.close()
        const told = JSON.parse(event.data) as { reason?: string }
        refused(new Problem(503, 'unavailable', told.reason ?? ''))
      })
      source.addEventListener('error', () => {
        // A connection that was cut the browser takes up again; a stream that was refused is closed, and why is asked.
        if (source?.readyState === EventSource.CLOSED) get('/api/v1/live').then(() => refused(null), refused)
        else setStream((now) => ({ ...now, why: new Problem(0, 'no-answer', '') }))
      })
    }
    open()
    return () => {
      isOver = true
      clearTimeout(again)
      source?.close()
    }
  }, [])
  return stream
}

export interface Standing {
  /** Milliseconds since the events of the picture were those of the moment. */
  age: number
  isStale: boolean
}

/** How old the picture is, looked at each second: it grows while none comes. */
export function useAge({ picture, receivedAt }: Stream): Standing {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(ticking)
  }, [])
  const since = Math.max(now - receivedAt, 0)
  return { age: (picture?.age_ms ?? 0) + since, isStale: picture !== null && since > STALE_MS }
}
