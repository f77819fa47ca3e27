// One command, however often it is sent: its name is kept until the server has answered it, so that what is sent again
// behind a reply that was lost is done once.
import { useRef } from 'react'
import { commandKey, Problem } from '../api/client'

/** Whether the server has judged it: what is sent after a refusal is another command. Of a fault, an outage and a key that it knows, it has not. */
export function isAnswered(why: unknown): boolean {
  return why instanceof Problem && why.status >= 400 && why.status < 500 && !why.code.startsWith('idempotency-key')
}

/** Sends `what` by its name. Another thing than the last one has another name; the same one keeps it until it is answered. */
export function useOnce(): <T>(what: string, send: (key: string) => Promise<T>) => Promise<T> {
  const last = useRef<{ what: string; key: string } | null>(null)
  return async (what, send) => {
    const now = last.current?.what === what ? last.current : { what, key: commandKey() }
    last.current = now
    try {
      const told = await send(now.key)
      if (last.current === now) last.current = null
      return told
    } catch (why) {
      if (isAnswered(why) && last.current === now) last.current = null
      throw why
    }
  }
}

/** What a file is known by while it is in somebody's hand. */
export function nameOf(file: File): string {
  return `${file.name} ${file.size} ${file.lastModified}`
}
