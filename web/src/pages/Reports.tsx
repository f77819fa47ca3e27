// The page of saved reports: the user's own and shared ones, and the definition of every metric.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Button, Table, Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../api/client'
import { SLOW_MS } from '../api/queries'
import { instantIn } from '../app/format'
import { useMay, useSeesAll } from '../app/session'
import { Age } from '../components/Figure'
import { Tag } from '../components/Marks'
import { Empty, Refused } from '../components/States'
import { Costs } from './reports/Costs'
import { Daily } from './reports/Daily'
import { Exports } from './reports/Exports'
import { Metrics } from './reports/Metrics'
import { RegionsOf } from './reports/RegionsOf'
import { SaveDialog } from './reports/SaveDialog'
import { Sql } from './reports/Sql'
import type { Looked } from './reports/tabs'

const here = getRouteApi('/reports')
type Row = ResponseOf<'/api/v1/saved-reports'>['items'][number]

export function Reports() {
  const { t } = useTranslation()
  const { tab = 'saved', ...looked } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const seesAll = useSeesAll()
  const [isSaving, setSaving] = useState(false)
  const reports = useQuery({
    queryKey: ['saved-reports'],
    queryFn: () => get('/api/v1/saved-reports', [], { limit: 500 }),
    refetchInterval: SLOW_MS,
  })
  const look = (more: Looked) => void navigate({ to: '/reports', search: { tab, ...looked, ...more }, replace: true })
  const shown = { look, looked }
  const list = (
    <>
      {reports.error && <Refused why={reports.error} again={() => void reports.refetch()} />}
        <Table<Row>
          rowKey="name"
          dataSource={reports.data?.items ?? []}
          loading={reports.isPending}
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('reports.none')} /> }}
          columns={[
            { title: t('reports.name'), key: 'name', render: (_, one) => <Link to="/reports/$name" params={{ name: one.name }}>{one.title}</Link> },
            { title: t('reports.owner'), key: 'owner', render: (_, one) => <>{one.owner ?? t('reports.directory')} {one.is_shared === true && <Tag tone="slate">{t('reports.shared')}</Tag>}</> },
            { title: t('reports.days'), key: 'days', render: (_, one) => t('reports.lastDays', { days: one.days }) },
            { title: t('reports.next'), key: 'next', render: (_, one) => (one.next_due_at == null ? t('reports.unscheduled') : instantIn(one.next_due_at, one.zone)) },
            {
              title: t('reports.last'),
              key: 'last',
              render: (_, one) =>
                one.last_sent_at == null ? '–' : one.last_fault == null ? instantIn(one.last_sent_at, one.zone) : t(`reports.fault.${one.last_fault}`),
            },
          ]}
        />
    </>
  )
  const tabs = [
    { key: 'saved', label: t('reports.title'), children: list },
    ...(may('figures:read') && seesAll
      ? [{ key: 'daily', label: t('daily.title'), children: <Daily {...shown} /> }, { key: 'costs', label: t('costs.title'), children: <Costs {...shown} /> }]
      : []),
    ...(may('figures:read') ? [{ key: 'regions', label: t('regions.title'), children: <RegionsOf {...shown} /> }] : []),
    ...(may('exports:read') ? [{ key: 'exports', label: t('exports.title'), children: <Exports /> }] : []),
    { key: 'metrics', label: t('reports.metrics'), children: <Metrics /> },
    ...(may('query:run') && seesAll ? [{ key: 'sql', label: t('reports.sql'), children: <Sql /> }] : []),
  ]
  return (
    <>
      <div className="head">
        <h1>{t('reports.title')}</h1>
        <span className="spread" />
        <Age at={reports.dataUpdatedAt} />
        <Link to="/pdca">{t('pdca.title')}</Link>
        <Button type="primary" onClick={() => setSaving(true)}>{t('reports.new')}</Button>
      </div>
      <div className="card">
        <Tabs
          style={{ padding: '0 14px 8px' }}
          activeKey={tabs.some((one) => one.key === tab) ? tab : 'saved'}
          destroyOnHidden
          onChange={(chosen) => void navigate({ to: '/reports', search: { tab: chosen }, replace: true })}
          items={tabs}
        />
      </div>
      {isSaving && <SaveDialog onClose={() => setSaving(false)} />}
    </>
  )
}
