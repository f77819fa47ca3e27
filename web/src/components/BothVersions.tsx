// Another user changed the same object: shows the own version and the current one.
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Pairs } from './Pairs'

export function BothVersions({ mine, theirs }: { mine: string; theirs: string }) {
  const { t } = useTranslation()
  const rows: [string, string][] = [[t('desk.mine'), mine], [t('desk.theirs'), theirs], [t('desk.then'), t('desk.thenWhat')]]
  return (
    <div className="notice card" role="status" style={{ padding: '8px 14px' }}>
      <Pairs rows={rows.map(([name, value]) => ({ key: name, name, value }))} />
    </div>
  )
}

export interface Differing {
  name: string
  mine: ReactNode
  theirs: ReactNode
}

/** Shows the members that differ between two versions, side by side. */
export function BothTable({ mine, theirs, rows }: { mine: string; theirs: string; rows: readonly Differing[] }) {
  return (
    <table className="both">
      <thead>
        <tr><th /><th>{mine}</th><th>{theirs}</th></tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={one.name}><td>{one.name}</td><td>{one.mine}</td><td>{one.theirs}</td></tr>
        ))}
      </tbody>
    </table>
  )
}
