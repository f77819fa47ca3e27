// Computes which rows of a long list are rendered: the visible ones and some around them. Rows have equal height, so
// they follow from the scroll position. The range moves in steps, so that small scrolling renders nothing again.
import { useEffect, useState, type RefObject } from 'react'

/** Rows rendered above and below the visible ones, for the wheel. */
const BESIDE = 12
/** Rows by which the range moves. */
const STEP = 8

export interface Window {
  first: number
  last: number
}

export function useWindow(element: RefObject<HTMLElement | null>, count: number, row: number): Window {
  const [seen, setSeen] = useState<Window>({ first: 0, last: 0 })
  useEffect(() => {
    const list = element.current
    if (list === null) return
    const see = () => {
      const top = Math.floor(list.scrollTop / row / STEP) * STEP
      const first = Math.max(top - BESIDE, 0)
      const last = top + Math.ceil(list.clientHeight / row) + STEP + BESIDE
      setSeen((before) => (before.first === first && before.last === last ? before : { first, last }))
    }
    see()
    list.addEventListener('scroll', see, { passive: true })
    const sized = new ResizeObserver(see)
    sized.observe(list)
    return () => {
      list.removeEventListener('scroll', see)
      sized.disconnect()
    }
  }, [element, row])
  return { first: Math.min(seen.first, Math.max(count - 1, 0)), last: Math.min(seen.last, count) }
}
