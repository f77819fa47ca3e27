// A list that is read on as somebody scrolls: page after page by the server's cursor, up to a limit, beyond which it is
// narrowed. From the second page on it stands still as it was read: rows do not move under whoever reads them.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { startTransition, useCallback, useRef, useState } from 'react'

/** Most rows that a list holds at once: some 40 MB of a browser's memory. What stands behind is asked for by a filter. */
export const ROWS_MAX = 100_000

export interface Page<Row> {
  items: Row[]
  next: string | null
}

export interface Long<Row> {
  rows: readonly Row[]
  isPending: boolean
  isReading: boolean
  error: unknown
  /** Where the next page begins. */
  next: string | null
  /** When the first page was read. */
  readAt: number
  /** More stands behind, and may be held. */
  hasMore: boolean
  /** More stands behind, and is not held: the list is at its limit. */
  isFull: boolean
  /** Pages behind the first are here: the list stands still. */
  isStill: boolean
  more: () => void
  /** From the first page on, as it is now. */
  again: () => void
}

interface Further<Row> {
  /** Of which question. */
  of: string
  rows: Row[]
  next: string | null
  error: unknown
  isReading: boolean
}

interface Asked<Row> {
  /** Names the question; another one begins from its first page. */
  key: readonly unknown[]
  ask: (cursor: string | undefined) => Promise<Page<Row>>
  /** How often the first page is read while it is the only one. */
  everyMs: number | false
  enabled?: boolean
}

export function useLong<Row>({ key, ask, everyMs, enabled = true }: Asked<Row>): Long<Row> {
  const of = JSON.stringify(key)
  const [kept, setKept] = useState<Further<Row> | null>(null)
  const further = kept?.of === of ? kept : null
  const first = useQuery({
    queryKey: ['long', ...key],
    queryFn: () => ask(undefined),
    refetchInterval: everyMs,
    placeholderData: keepPreviousData,
    // What stands still is not read under its later pages either.
    enabled: enabled && further === null,
  })
  const isOther = first.isPlaceholderData
  const begun = isOther ? undefined : first.data
  const next = further === null ? (begun?.next ?? null) : further.next
  const rows = further?.rows ?? begun?.items ?? []
  const reading = useRef(false)
  const more = useCallback(() => {
    if (reading.current || next === null || begun === undefined || rows.length >= ROWS_MAX) return
    reading.current = true
    const before: Further<Row> = { of, rows: further?.rows ?? begun.items, next, error: null, isReading: true }
    setKept(before)
    ask(next)
      .then((page) => {
        const rows = [...before.rows, ...page.items].slice(0, ROWS_MAX)
        // Rows that nobody sees yet may wait for a frame that has time for them.
        startTransition(() => setKept({ of, rows, next: page.next, error: null, isReading: false }))
      })
      .catch((error: unknown) => setKept({ ...before, error, isReading: false }))
      .finally(() => {
        reading.current = false
      })
  }, [ask, begun, further, next, of, rows.length])
  const again = useCallback(() => {
    setKept(null)
    void first.refetch()
  }, [first])
  return {
    rows,
    next,
    isPending: enabled && (first.isPending || isOther),
    isReading: further?.isReading ?? false,
    error: further?.error ?? first.error,
    readAt: first.dataUpdatedAt,
    hasMore: next !== null && rows.length < ROWS_MAX,
    isFull: next !== null && rows.length >= ROWS_MAX,
    isStill: further !== null,
    more,
    again,
  }
}
