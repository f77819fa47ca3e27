// The page of alerts: which figure is beyond its limit, since when, and who acknowledged it.
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { saidIn } from '../api/client'
import { type AlertRow, useAlerts } from '../api/queries'
import { instantIn } from '../app/format'
import { useMay } from '../app/session'
import { Acknowledge } from '../components/Acknowledge'
import { EventsLine } from '../components/EventsLine'
import { Age } from '../components/Figure'
import { OF_ALERTS } from '../components/lineKinds'
import { Word } from '../components/Marks'
import { Empty, Missing, Refused } from '../components/States'

const here = getRouteApi('/alerts')

export function Alerts() {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const isPast = position !== undefined
  const alerts = useAlerts(position?.toString())
  const [seenTo, setSeenTo] = useState<AlertRow | null>(null)
  if (!may('alerts:read')) return <Missing />
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <div className="head">
        <h1>{t('menu.alerts')}</h1>
        <span className="spread" />
        <Age at={alerts.dataUpdatedAt} />
      </div>
      <EventsLine kinds={OF_ALERTS} cursor={position ?? null} onMove={(to) => void navigate({ to: '/alerts', search: { position: to ?? undefined }, replace: true })} />
      {alerts.error && <Refused why={alerts.error} again={() => void alerts.refetch()} />}
      {(alerts.data?.leftOff ?? 0) > 0 && <p className="c-amber">{t('wall.leftOff', { count: alerts.data?.leftOff ?? 0 })}</p>}
      <div className="card">
        <Table<AlertRow>
          rowKey="alert"
          dataSource={alerts.data?.items ?? []}
          loading={alerts.isPending || alerts.isPlaceholderData}
          pagination={false}
          scroll={{ x: 900 }}
          locale={{ emptyText: alerts.isSuccess ? <Empty what={t('alerts.none')} /> : ' ' }}
          columns={[
            { title: t('alerts.what'), key: 'what', render: (_, one) => <Word tone={one.severity === 'critical' ? 'red' : 'amber'}>{i18n.language === 'en' ? one.label_en : one.label_zh}</Word> },
            { title: t('alerts.about'), key: 'about', render: (_, one) => (one.campaign == null ? <span className="data">{one.subject}</span> : <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>) },
            { title: t('alerts.detail'), key: 'detail', render: (_, one) => saidIn(i18n.language, one) },
            { title: t('alerts.since'), dataIndex: 'raised_at', width: 210, render: (at: string) => instantIn(at, 'Asia/Shanghai') },
            {
              title: t('alerts.who'),
              key: 'who',
              render: (_, one) =>
                one.acknowledged_by != null
                  ? t('alerts.acknowledgedBy', { by: one.acknowledged_by })
                  : !isPast && may('alerts:write') && <Button size="small" onClick={() => setSeenTo(one)}>{t('alerts.acknowledge')}</Button>,
            },
          ]}
        />
      </div>
      <Acknowledge alert={seenTo} onDone={() => setSeenTo(null)} />
    </div>
  )
}
