// One command, however often it is sent: its name is kept until the server has answered it, so that what is sent again
// behind a reply that was lost is done once.
import { useRef } from 'react'
import { commandKey, Problem } from '../api/client'

/** What says nothing of the command itself: nobody is signed in any more, it took too long, too many came at once. */
const UNJUDGED = new Set([401, 408, 429])

/** Whether the server has judged it: what is sent after a refusal is another command. Of a fault, an outage, a server that is busy and a name that it knows, it has not. */
export function isAnswered(why: unknown): boolean {
  return why instanceof Problem && why.status >= 400 && why.status < 500 && !UNJUDGED.has(why.status) && !why.code.startsWith('idempotency-key')
}

/** Whether the first that came by this name was of other words: it was done, or may be. */
export function isReused(why: unknown): boolean {
  return why instanceof Problem && why.code === 'idempotency-key-reused'
}

/**
 * Sends `what` by its name. Another thing than the last one has another name; the same one keeps it until it is answered,
 * and where it was used for other words: who has been told so sends another command. `seen` is what the page showed when
 * it was asked for: once that is another, so is the command.
 */
export function useOnce(seen = ''): <T>(what: string, send: (key: string) => Promise<T>) => Promise<T> {
  const last = useRef<{ what: string; seen: string; key: string } | null>(null)
  return async (what, send) => {
    const now = last.current?.what === what && last.current.seen === seen ? last.current : { what, seen, key: commandKey() }
    last.current = now
    try {
      const told = await send(now.key)
      if (last.current === now) last.current = null
      return told
    } catch (why) {
      if ((isAnswered(why) || isReused(why)) && last.current === now) last.current = null
      throw why
    }
  }
}

/** What a file is known by while it is in somebody's hand. */
export function nameOf(file: File): string {
  return `${file.name} ${file.size} ${file.lastModified}`
}
