// The stream of live pictures: five per second while something changes, one per five seconds otherwise. Each picture is
// complete, so after a reconnection the latest is enough; and the stored points are limited.
import { useEffect, useState } from 'react'
import { get, Problem } from '../../api/client'
import type { Live } from '../../api/queries'

/** Age in milliseconds from which a picture is stale: the server sends at least every 5 s. */
const STALE_MS = 6_500
/** Delay before a refused stream is requested again, in milliseconds. */
const AGAIN_MS = 3_000
/** Most points of the curve: an hour, with one point per ten seconds. */
const TRAIL_MAX = 360
const TRAIL_STEP_MS = 10_000

export interface Point {
  at: number
  ratio: number | null
}

export interface Stream {
  picture: Live | null
  /** When the last picture arrived, by the browser's clock. */
  receivedAt: number
  /** Why no picture arrives, if that is known. */
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

/** Follows the stream while the page is open; the browser reconnects after a disconnection. */
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
        const notice = JSON.parse(event.data) as { reason?: string }
        refused(new Problem(503, 'unavailable', notice.reason ?? ''))
      })
      source.addEventListener('error', () => {
        // The browser reconnects by itself after a disconnection; a refused stream is closed, and a request finds out
        // why.
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
  /** Milliseconds since the moment that the picture shows. */
  age: number
  isStale: boolean
}

/** Returns the age of the picture, updated each second; it grows while no picture arrives. */
export function useAge({ picture, receivedAt }: Stream): Standing {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(ticking)
  }, [])
  const since = Math.max(now - receivedAt, 0)
  return { age: (picture?.age_ms ?? 0) + since, isStale: picture !== null && since > STALE_MS }
}
