// The log as it grows, as the server sends it: a list of the latest with an end, where the stream stands, and how many
// were let go of. The browser takes a cut stream up again behind the last event that it had.
import { useEffect, useState } from 'react'
import { addressOf, type Query } from '../../api/client'
import type { StoredEvent } from '../../components/EventsLine'

/** Most events that a followed list holds; older ones are let go of, and counted. */
const HELD_MAX = 300
/** How often the page is drawn again while events come. */
const DRAWN_EVERY_MS = 250

export type Standing = 'connecting' | 'caughtUp' | 'behind' | 'cut' | 'ended'

export interface Followed {
  items: StoredEvent[]
  letGo: number
  standing: Standing
  /** How many positions the stream is behind the log, where it said so. */
  behind: number
  position: string
  /** When the server was last heard; 0: never. */
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
    // That it is open again says nothing of how far it is: the server says so.
    source.onopen = () => change({ standing: held.standing === 'cut' ? 'connecting' : held.standing })
    const drawing = setInterval(() => setShown(held), DRAWN_EVERY_MS)
    return () => {
      clearInterval(drawing)
      source.close()
    }
  }, [asked, from])
  return from === null ? NOTHING : shown
}
