// A list of names and values, one row each.
import { Fragment, type ReactNode } from 'react'

export interface Pair {
  /** The React key of the row. */
  key: string
  name: ReactNode
  value: ReactNode
}

export function Pairs({ rows, className = '' }: { rows: readonly Pair[]; className?: string }) {
  return (
    <dl className={`pairs ${className}`.trim()}>
      {rows.map(({ key, name, value }) => (
        <Fragment key={key}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  )
}
