// A list of rows of equal height. Only the visible rows are rendered, so that ten thousand cost as much as twenty. The
// row at the cursor is kept in view.
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'

interface Props {
  count: number
  /** The index of the row at the cursor; undefined if there is none. */
  at: number | undefined
  render: (index: number) => ReactNode
  label: string
}

/** Row height in pixels, as in the stylesheet (`.event`). */
const ROW = 28
const HEIGHT = 220
/** Rows rendered above and below the visible ones, for keys and the wheel. */
const BESIDE = 6

export function Rows({ count, at, render, label }: Props) {
  const list = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const element = list.current
    if (element === null || at === undefined) return
    const [begin, end] = [at * ROW, at * ROW + ROW]
    if (begin < element.scrollTop) element.scrollTop = begin
    if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight
    setTop(element.scrollTop)
  }, [at, count])
  useEffect(() => {
    const element = list.current
    if (element === null) return
    const see = () => setTop(element.scrollTop)
    element.addEventListener('scroll', see, { passive: true })
    return () => element.removeEventListener('scroll', see)
  }, [])
  const first = Math.max(Math.floor(top / ROW) - BESIDE, 0)
  const last = Math.min(Math.ceil((top + HEIGHT) / ROW) + BESIDE, count)
  const shown: ReactNode[] = []
  for (let index = first; index < last; index += 1) shown.push(render(index))
  return (
    <div ref={list} className="scroll short" role="group" aria-label={label}>
      <div style={{ height: count * ROW }}>
        <div style={{ transform: `translateY(${(first * ROW).toString()}px)` }}>{shown}</div>
      </div>
    </div>
  )
}
