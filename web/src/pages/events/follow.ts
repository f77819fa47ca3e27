// Follows the log live over the server's event stream: keeps a limited list of the latest events, the state of the
// stream, and the number of dropped events. After a disconnection the browser continues after the last event received.
import { useEffect, useState } from 'react'
import { addressOf, type Query } from '../../api/client'
import type { StoredEvent } from '../../components/EventsLine'

/** Most events in the live list; older ones are dropped and counted. */
const HELD_MAX = 300
/** Interval between renders while events arrive, in milliseconds. */
const DRAWN_EVERY_MS = 250

export type Standing = 'connecting' | 'caughtUp' | 'behind' | 'cut' | 'ended'

export interface Followed {
  items: StoredEvent[]
  letGo: number
  standing: Standing
  /** How many positions the stream is behind the log, as last reported. */
  behind: number
  position: string
  /** When the server last sent something; 0 means never. */
  heardAt: number
}

const NOTHING: Followed = { items: [], letGo: 0, standing: 'connecting', behind: 0, position: '', heardAt: 0 }

export function useFollowed(query: Query, from: string | null): Followed {
  const [shown, setShown] = useState<Followed>(NOTHING)
  const asked = JSON.stringify(query)
  useEffect(() => {
    if (from === null) return
    let held: Followed = { ...NOTHING, position: from }
    const change = (to: Partial<Followed>) => {
      held = { ...held, ...to }
    }
    const heard = () => change({ heardAt: Date.now() })
    const source = new EventSource(addressOf('/api/v1/events/stream', [], { ...(JSON.parse(asked) as Query), after: from }))
    const noted = (event: MessageEvent<string>) => JSON.parse(event.data) as { position: string; head?: string }
    source.onmessage = (event: MessageEvent<string>) => {
      const one = JSON.parse(event.data) as StoredEvent
      const items = [...held.items, one]
      heard()
      const over = Math.max(items.length - HELD_MAX, 0)
      change({ items: items.slice(over), letGo: held.letGo + over, position: one.position })
    }
    source.addEventListener('caught-up', (event) => {
      heard()
      change({ standing: 'caughtUp', behind: 0, position: noted(event).position })
    })
    source.addEventListener('position', (event) => {
      heard()
      change({ position: noted(event).position })
    })
    source.addEventListener('fell-behind', (event) => {
      const { position, head = position } = noted(event)
      heard()
      change({ standing: 'behind', behind: Number(head) - Number(position), position })
    })
    source.addEventListener('end', () => change({ standing: 'ended' }))
    source.onerror = () => change({ standing: source.readyState === EventSource.CLOSED ? 'ended' : 'cut' })
    // A reopened stream does not say how far behind it is; the server reports that.
    source.onopen = () => change({ standing: held.standing === 'cut' ? 'connecting' : held.standing })
    const drawing = setInterval(() => setShown(held), DRAWN_EVERY_MS)
    return () => {
      clearInterval(drawing)
      source.close()
    }
  }, [asked, from])
  return from === null ? NOTHING : shown
}
