// The settings of the installation: current value, source, bounds, and the value at any moment.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { useMay } from '../../app/session'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead } from '../../components/PageHead'
import { Refused } from '../../components/States'
import { usePending } from '../../components/usePending'
import { Change } from './Change'
import { Channels } from './Channels'

const here = getRouteApi('/settings')
export type SettingShown = ResponseOf<'/api/v1/settings'>['items'][number]

export function SettingsPage() {
  const { t, i18n } = useTranslation()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const [changed, setChanged] = useState<SettingShown | null>(null)
  const settings = useQuery({
    queryKey: ['settings', position ?? 'now'],
    queryFn: () => get('/api/v1/settings', [], { as_of: position }),
    refetchInterval: SLOW_MS,
  })
  const [pending, settle] = usePending((after) => get('/api/v1/settings', [], { after_position: after }))
  const isPast = position !== undefined
  const moveTo = (to: number | null) => void navigate({ to: '/settings', search: { position: to ?? undefined }, replace: true })
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <PageHead title={t('desk.settings')} about={t('settings.about')} at={settings.dataUpdatedAt}>{pending}</PageHead>
      <EventsLine kinds={['setting.']} cursor={position ?? null} onMove={moveTo} />
      {settings.error && <Refused why={settings.error} again={() => void settings.refetch()} />}
      <div className="card">
        <Table<SettingShown>
          rowKey="name"
          size="small"
          pagination={false}
          loading={settings.isPending}
          dataSource={settings.data?.items ?? []}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: t('settings.name'), key: 'label', render: (_, one) => <>{i18n.language === 'en' ? one.en : one.zh}<div className="mono muted">{one.name}</div></> },
            { title: t('settings.value'), dataIndex: 'value', align: 'right', render: (value: number) => <b>{value}</b> },
            { title: t('settings.source'), key: 'source', render: (_, one) => (one.etag === '"v0"' ? <Tag tone="slate">{t('settings.byDefault')}</Tag> : <Tag tone="line">{t('settings.bySomebody', { version: one.etag.replace(/"/g, '') })}</Tag>) },
            { title: t('settings.default'), dataIndex: 'default', align: 'right' },
            { title: t('settings.bounds'), key: 'bounds', align: 'right', render: (_, one) => `${one.least} – ${one.most}` },
            ...(may('installation:write') && !isPast
              ? [{ title: t('desk.acts'), key: 'acts', render: (_: unknown, one: SettingShown) => <Button size="small" onClick={() => setChanged(one)}>{t('settings.change')}</Button> }]
              : []),
          ]}
        />
      </div>
      {may('alerts:read') && <Channels />}
      {changed !== null && <Change setting={changed} onLeave={() => setChanged(null)} onDone={(at) => void settle(at, t('settings.done'))} />}
    </div>
  )
}
