// Makes scrolling tables reachable by keyboard: a table wider than its place scrolls in an element of the library that
// cannot be focused (WCAG 2.1.1). Checked again whenever the page or its width changes.
import { useEffect, type RefObject } from 'react'

const SCROLLED = '.ant-table-content, .ant-table-body'

function reach(within: HTMLElement, name: string) {
  for (const element of within.querySelectorAll<HTMLElement>(SCROLLED)) {
    const scrolls = element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight
    if (!scrolls) {
      element.removeAttribute('tabindex')
      continue
    }
    if (element.tabIndex === 0) continue
    element.tabIndex = 0
    element.setAttribute('role', 'group')
    element.setAttribute('aria-label', name)
  }
}

/** Lets the keyboard focus each scrolling table inside `place`; `name` is its name for screen readers. */
export function useReachable(place: RefObject<HTMLElement | null>, name: string) {
  useEffect(() => {
    const within = place.current
    if (within === null) return
    let asked = 0
    const soon = () => {
      if (asked === 0)
        asked = requestAnimationFrame(() => {
          asked = 0
          reach(within, name)
        })
    }
    const changes = new MutationObserver(soon)
    changes.observe(within, { childList: true, subtree: true })
    const widths = new ResizeObserver(soon)
    widths.observe(within)
    soon()
    return () => {
      cancelAnimationFrame(asked)
      changes.disconnect()
      widths.disconnect()
    }
  }, [place, name])
}
