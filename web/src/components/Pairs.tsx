// Names and what they stand for, a row each.
import { Fragment, type ReactNode } from 'react'

export interface Pair {
  /** What tells the row from others. */
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
