// Reads a long list on once somebody comes near to its end.
import { useEffect, type RefObject } from 'react'
import type { Long } from '../api/long'

/** Rows before the end at which the next page is asked for. */
const AHEAD = 150

export function useReadOn<Row>(frame: RefObject<HTMLElement | null>, list: Long<Row> | null, last: number): void {
  useEffect(() => {
    // A list that nobody has scrolled is not read on.
    if (list === null || !list.hasMore || list.isReading || list.error !== null || (frame.current?.scrollTop ?? 0) === 0) return
    if (last > list.rows.length - AHEAD) list.more()
  }, [frame, list, last])
}
