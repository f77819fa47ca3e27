// Keeps the item at the cursor in view within its own list; the page around it does not scroll.
import { useEffect, useRef, type RefObject } from 'react'

export function useSeen<E extends HTMLElement>(what: unknown): RefObject<E | null> {
  const here = useRef<E>(null)
  useEffect(() => {
    const [element, list] = [here.current, here.current?.closest('.scroll')]
    if (element === null || !(list instanceof HTMLElement)) return
    const [inner, outer] = [element.getBoundingClientRect(), list.getBoundingClientRect()]
    if (inner.top < outer.top) list.scrollTop += inner.top - outer.top
    if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom
  }, [what])
  return here
}
