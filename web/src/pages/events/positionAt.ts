// Finds the log position of a moment. There is no request for it, so it takes a binary search of some thirty short
// requests, between the first event and the log's head: the server refuses positions beyond the head.
import { get } from '../../api/client'

async function firstAfter(position: number): Promise<{ position: number; at: number } | null> {
  const { items } = await get('/api/v1/events', [], { after: position, limit: 1 })
  const [event] = items
  return event === undefined ? null : { position: Number(event.position), at: Date.parse(event.time) }
}

/** Returns the position of the last event in the log; 0 if it is empty. */
export async function headOfLog(): Promise<number> {
  return Number((await get('/readyz')).position)
}

/** Returns the last position before the first event at or after the moment; the head if there is no such event. */
export async function positionBefore(moment: number): Promise<number> {
  let low = 0
  let high = await headOfLog()
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const found = await firstAfter(middle)
    if (found === null || found.at >= moment) high = middle
    else low = Math.max(middle + 1, Math.min(found.position, high))
  }
  return low
}
