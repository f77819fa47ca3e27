// The part of the wall beside the figures: targets with results, and what is wrong; now or as known at a moment.
import { keepPreviousData, useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, saidIn } from '../../api/client'
import { type AlertRow, NAMED_MAX, useAlerts } from '../../api/queries'
import { instantIn, percent } from '../../app/format'
import { useMay, useMe, useSeesAll } from '../../app/session'
import { Acknowledge } from '../../components/Acknowledge'
import { Age } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'

/** Refresh interval of figures from rows, in milliseconds: they are fresh within five seconds. */
const ROWS_MS = 5_000
/** Most alerts on the wall. */
const ALERTS_MAX = 8

export function Targets({ asOf }: { asOf: string | undefined }) {
  const { t, i18n } = useTranslation()
  const me = useMe()
  const seesAll = useSeesAll()
  const named = seesAll ? [undefined] : (me?.campaigns ?? []).slice(0, NAMED_MAX)
  const asked = useQueries({
    queries: named.map((campaign) => ({
      queryKey: ['target-actual', campaign ?? 'all', asOf ?? 'now'],
      queryFn: () => get('/api/v1/reports/target-actual', [], { campaign, as_of: asOf }),
      refetchInterval: asOf === undefined ? ROWS_MS : (false as const),
      placeholderData: keepPreviousData,
    })),
  })
  // Data of another moment is not shown as data of this one.
  const isRead = asked.every((one) => one.isSuccess && !one.isPlaceholderData)
  const rows = asked.flatMap((one) => (one.isPlaceholderData ? [] : (one.data?.items ?? [])))
  const refused = asked.find((one) => one.error)
  // A user limited to their own customers sees figures of a campaign only if it is in their list of campaigns.
  const isNobodys = named.length === 0
  const leftOff = seesAll ? 0 : Math.max((me?.campaigns?.length ?? 0) - NAMED_MAX, 0)
  return (
    <section className="card">
      <header>
        <h2>{t('wall.targets')}</h2>
        <Age at={asked[0]?.dataUpdatedAt ?? 0} position={rows[0]?.position} />
      </header>
      {refused && <Refused why={refused.error} again={() => void refused.refetch()} />}
      <ul className="list body">
        {rows.map((one) => (
          <li key={`${one.campaign}-${one.metric}-${one.version}`} className="wall-target">
            <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>
            <span>{`${i18n.language === 'en' ? one.label_en : one.label_zh} v${one.version}`}</span>
            <b>{percent(one.actual_ratio)}</b>
            <span className="muted">{t('campaign.target', { ratio: percent(one.target_ratio) })}</span>
            {one.reached == null ? (
              <Word tone="slate">{t('wall.notYet')}</Word>
            ) : (
              <Word tone={one.reached ? 'line' : 'amber'}>{one.reached ? t('wall.reached') : t('wall.gap', { ratio: percent(Math.abs(one.gap_ratio ?? 0)) })}</Word>
            )}
          </li>
        ))}
        {isNobodys && <li className="muted">{t('wall.noneNamedAtAll')}</li>}
        {!isNobodys && refused === undefined && rows.length === 0 && (isRead ? <li className="muted">{t('home.noTargets')}</li> : <li><Waiting /></li>)}
        {leftOff > 0 && <li className="c-amber">{t('wall.leftOff', { count: leftOff })}</li>}
      </ul>
    </section>
  )
}

export function Standing({ asOf, zone }: { asOf: string | undefined; zone: string }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const [seenTo, setSeenTo] = useState<AlertRow | null>(null)
  const alerts = useAlerts(asOf)
  if (!may('alerts:read')) return null
  const isRead = alerts.isSuccess && !alerts.isPlaceholderData
  const items = alerts.isPlaceholderData ? [] : (alerts.data?.items ?? [])
  const leftOff = alerts.data?.leftOff ?? 0
  return (
    <section className="card">
      <header>
        <h2>{t('menu.alerts')}</h2>
        <Age at={alerts.dataUpdatedAt} />
      </header>
      {alerts.error && <Refused why={alerts.error} again={() => void alerts.refetch()} />}
      <ul className="list body">
        {items.slice(0, ALERTS_MAX).map((one) => (
          <li key={one.alert}>
            <Word tone={one.severity === 'critical' ? 'red' : 'amber'}>{i18n.language === 'en' ? one.label_en : one.label_zh}</Word>{' '}
            <span className="muted data">{`${one.campaign ?? one.subject} · ${saidIn(i18n.language, { detail: one.detail ?? '', detail_zh: one.detail_zh })} · ${instantIn(one.raised_at, zone)}`}</span>{' '}
            {one.acknowledged_by != null && <span>{t('alerts.acknowledgedBy', { by: one.acknowledged_by })}</span>}
            {one.acknowledged_by == null && asOf === undefined && may('alerts:write') && (
              <Button size="small" onClick={() => setSeenTo(one)}>{t('alerts.acknowledge')}</Button>
            )}
          </li>
        ))}
        {items.length === 0 && !alerts.error && (isRead ? <li className="muted">{t('alerts.none')}</li> : <li><Waiting /></li>)}
        {leftOff > 0 && <li className="c-amber">{t('wall.leftOff', { count: leftOff })}</li>}
        {items.length > ALERTS_MAX && <li><Link to="/alerts">{t('wall.more', { count: items.length - ALERTS_MAX })}</Link></li>}
      </ul>
      <Acknowledge alert={seenTo} onDone={() => setSeenTo(null)} />
    </section>
  )
}
