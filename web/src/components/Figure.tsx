// One figure with name, version and definition; with its target or budget, and the time at which it was true.
import { Tooltip } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

interface Props {
  name: string
  definition?: ReactNode
  value: string
  beside?: string | undefined
  below?: ReactNode
  /** Opens the events behind the figure. */
  onOpen?: (() => void) | undefined
}

export function Figure({ name, definition, value, beside, below, onOpen }: Props) {
  const { t } = useTranslation()
  return (
    <div className="card figure">
      <div className="name">
        <Tooltip title={definition}>
          <span tabIndex={definition === undefined ? -1 : 0}>{name}</span>
        </Tooltip>
        <span style={{ whiteSpace: 'nowrap' }}>{beside}</span>
      </div>
      <div className="value">{onOpen === undefined ? value : <button type="button" title={t('reports.events')} aria-label={`${value} · ${t('reports.events')} · ${name}`} onClick={onOpen}>{value}</button>}</div>
      <div className="below">{below}</div>
    </div>
  )
}

/** The age of the data shown; it grows while no newer data arrives, whatever the reason. */
export function Age({ at, position }: { at: number; position?: string | null | undefined }) {
  const { t } = useTranslation()
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const ticking = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(ticking)
  }, [])
  if (at === 0) return null
  const age = Math.max(now - at, 0) / 1_000
  return (
    <span className={age > 15 ? 'c-amber' : 'muted'}>
      {t('age.read', { seconds: age.toFixed(0) })}
      {position ? ` · ${t('age.position', { position })}` : ''}
    </span>
  )
}
