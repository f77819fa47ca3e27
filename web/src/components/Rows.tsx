// A list of rows of one height, of which only those that are seen are made: ten thousand cost what twenty do. The row at
// which the cursor stands is kept within sight.
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'

interface Props {
  count: number
  /** Where the cursor stands; none where it stands nowhere. */
  at: number | undefined
  render: (index: number) => ReactNode
  label: string
}

/** As the stylesheet has it (`.event`). */
const ROW = 28
const HEIGHT = 220
/** Rows made above and below those that are seen, so that keys and a wheel find them there. */
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
