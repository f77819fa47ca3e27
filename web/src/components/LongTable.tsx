// A table for a hundred thousand rows: only visible rows are rendered, and further rows are loaded when the user comes
// near them. It is a table for screen readers too: each row has its index.
import { memo, useRef, type ReactNode } from 'react'
import type { Long } from '../api/long'
import { ReadOn } from './ReadOn'
import { useRowLinks } from './RowLink'
import { Refused, Waiting } from './States'
import { useReadOn } from './useReadOn'
import { useWindow } from './window'

export interface LongColumn<Row> {
  key: string
  title: string
  /** Share of the table's width, in per cent. */
  width: number
  align?: 'right'
  /** The content is a value, not text in a language. */
  isValue?: boolean
  render: (row: Row) => ReactNode
}

interface Props<Row> {
  label: string
  columns: readonly LongColumn<Row>[]
  list: Long<Row>
  idOf: (row: Row) => string
  empty: ReactNode
}

/** Row height in pixels, as in the stylesheet (`.long td`). */
const ROW = 36

export function LongTable<Row>(props: Props<Row>) {
  const { list, empty } = props
  const { rows, error } = list
  if (error !== null && rows.length === 0) return <Refused why={error} again={list.again} />
  if (list.isPending) return <Waiting />
  if (rows.length === 0) return empty
  return <Body {...props} />
}

/** The rows of a non-empty list, in a scrolling frame that exists from the first render. */
function Body<Row>({ label, columns, list, idOf }: Props<Row>) {
  const frame = useRef<HTMLDivElement>(null)
  const { rows, hasMore } = list
  const open = useRowLinks()
  const { first, last } = useWindow(frame, rows.length, ROW)
  useReadOn(frame, list, last)
  return (
    <>
      <div ref={frame} className="long" onClick={open} tabIndex={0} role="group" aria-label={label}>
        <table aria-rowcount={hasMore ? -1 : rows.length + 1}>
          <colgroup>{columns.map((one) => <col key={one.key} style={{ width: `${one.width.toString()}%` }} />)}</colgroup>
          <thead>
            <tr>{columns.map((one) => <th key={one.key} scope="col" className={one.align}>{one.title}</th>)}</tr>
          </thead>
          <tbody>
            {first > 0 && <tr aria-hidden="true" className="gap" style={{ height: first * ROW }}><td colSpan={columns.length} /></tr>}
            {rows.slice(first, last).map((row, index) => (
              <Line key={idOf(row)} row={row} at={first + index} columns={columns as readonly LongColumn<unknown>[]} />
            ))}
            {last < rows.length && <tr aria-hidden="true" className="gap" style={{ height: (rows.length - last) * ROW }}><td colSpan={columns.length} /></tr>}
          </tbody>
        </table>
      </div>
      <ReadOn list={list} />
    </>
  )
}

const Line = memo(function Line({ row, at, columns }: { row: unknown; at: number; columns: readonly LongColumn<unknown>[] }) {
  return (
    <tr className="long-row" aria-rowindex={at + 2}>
      {columns.map((one) => <td key={one.key} className={[one.align, one.isValue === true ? 'data' : undefined].filter(Boolean).join(' ') || undefined}>{one.render(row)}</td>)}
    </tr>
  )
})
