// A list that is loaded while the user scrolls: page after page by the server's cursor, up to a limit; larger lists
// must be filtered. Once a second page is loaded, the list is no longer refreshed, so that rows do not move while they
// are read.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { startTransition, useCallback, useRef, useState } from 'react'

/** Most rows that a list holds: some 40 MB of a browser's memory. Rows beyond it are found with a filter. */
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
  /** The cursor of the next page; null at the end. */
  next: string | null
  /** When the first page was loaded. */
  readAt: number
  /** There are more rows, and the limit allows to load them. */
  hasMore: boolean
  /** There are more rows, but the list is at its limit. */
  isFull: boolean
  /** Further pages are loaded, so the list is no longer refreshed. */
  isStill: boolean
  more: () => void
  /** Loads the list again from the first page. */
  again: () => void
}

interface Further<Row> {
  /** The key of the query that the rows belong to. */
  of: string
  rows: Row[]
  next: string | null
  error: unknown
  isReading: boolean
}

interface Asked<Row> {
  /** Identifies the query; another key starts with the first page. */
  key: readonly unknown[]
  ask: (cursor: string | undefined) => Promise<Page<Row>>
  /** How often the first page is refreshed while it is the only one. */
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
    // A list with further pages is not refreshed.
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
        // Rows that are not visible yet can wait for an idle frame.
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
