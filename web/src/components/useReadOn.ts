// Loads the next page of a long list when the user comes near its end.
import { useEffect, type RefObject } from 'react'
import type { Long } from '../api/long'

/** Rows before the end at which the next page is loaded. */
const AHEAD = 150

export function useReadOn<Row>(frame: RefObject<HTMLElement | null>, list: Long<Row> | null, last: number): void {
  useEffect(() => {
    // A list that was not scrolled is not loaded further.
    if (list === null || !list.hasMore || list.isReading || list.error !== null || (frame.current?.scrollTop ?? 0) === 0) return
    if (last > list.rows.length - AHEAD) list.more()
  }, [frame, list, last])
}
