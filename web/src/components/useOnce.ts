// Sends a command once: its idempotency key is kept until the server has answered, so that a repetition after a lost
// response is executed once.
import { useRef } from 'react'
import { commandKey, Problem } from '../api/client'

/** Statuses that do not judge the command: not signed in, timeout, too many requests. */
const UNJUDGED = new Set([401, 408, 429])

/**
 * Whether the server has judged the command, so that the next attempt is a new one. After a fault, an outage, a busy
 * server or a known idempotency key it has not.
 */
export function isAnswered(why: unknown): boolean {
  return why instanceof Problem && why.status >= 400 && why.status < 500 && !UNJUDGED.has(why.status) && !why.code.startsWith('idempotency-key')
}

/** Whether the key was already used with another body: the first command was or may have been executed. */
export function isReused(why: unknown): boolean {
  return why instanceof Problem && why.code === 'idempotency-key-reused'
}

/**
 * Sends `what` with its idempotency key. Another command gets another key; the same command keeps its key until it is
 * answered, or until it was refused because the key was used with another body. `seen` is what the page showed when the
 * command was requested: if that changes, so does the key.
 */
export function useOnce(seen = ''): <T>(what: string, send: (key: string) => Promise<T>) => Promise<T> {
  const last = useRef<{ what: string; seen: string; key: string } | null>(null)
  return async (what, send) => {
    const now = last.current?.what === what && last.current.seen === seen ? last.current : { what, seen, key: commandKey() }
    last.current = now
    try {
      const reply = await send(now.key)
      if (last.current === now) last.current = null
      return reply
    } catch (why) {
      if ((isAnswered(why) || isReused(why)) && last.current === now) last.current = null
      throw why
    }
  }
}

/** Returns the identity of a file while the user has it selected: name, size and time. */
export function nameOf(file: File): string {
  return `${file.name} ${file.size} ${file.lastModified}`
}
