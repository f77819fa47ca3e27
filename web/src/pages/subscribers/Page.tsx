// The page of subscribers, which follow the events under a name: their filter, the position they have reached, and how
// far they are behind.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { LIVE_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMe } from '../../app/session'
import { Ask } from '../../components/Ask'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

const here = getRouteApi('/subscribers')
type Row = ResponseOf<'/api/v1/subscribers'>['items'][number]

/** Returns a subscriber's filter as the API writes it. */
function followedBy(one: Row): string {
  return Object.entries(one.follows)
    .filter(([, value]) => value != null && (!Array.isArray(value) || value.length > 0))
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`)
    .join(' ')
}

export function SubscribersPage() {
  const { t } = useTranslation()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const me = useMe()
  const [removed, setRemoved] = useState<Row | null>(null)
  const read = useQuery({ queryKey: ['subscribers'], queryFn: () => get('/api/v1/subscribers'), refetchInterval: LIVE_MS })
  const [pending, settle] = usePending((at) => get('/api/v1/subscribers', [], { after_position: at }))
  return (
    <>
      <PageHead title={t('desk.subscribers')} about={t('subscribers.about')} at={read.dataUpdatedAt} position={read.data?.head}>{pending}</PageHead>
      <EventsLine kinds={['subscriber.']} cursor={position ?? null} onMove={(to) => void navigate({ to: '/subscribers', search: { position: to ?? undefined }, replace: true })} isOfNow />
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <div className="card">
        <Table<Row>
          rowKey="name"
          size="small"
          loading={read.isPending}
          dataSource={read.data?.items ?? []}
          pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('subscribers.none')} next={<code className="mono">{t('subscribers.noneNext')}</code>} /> }}
          columns={[
            { title: t('subscribers.name'), key: 'name', render: (_, one) => <b className="mono">{one.name}</b> },
            { title: t('subscribers.standing'), key: 'standing', render: (_, one) => <Tag tone={one.following ? 'line' : 'amber'}>{t(one.following ? 'subscribers.here' : 'subscribers.away')}</Tag> },
            { title: t('subscribers.follows'), key: 'follows', render: (_, one) => <span className="mono">{followedBy(one) || t('subscribers.all')}</span> },
            { title: t('line.position'), key: 'position', align: 'right', render: (_, one) => `${one.position} / ${read.data?.head ?? '–'}` },
            { title: t('subscribers.lag'), key: 'lag', render: (_, one) => t('subscribers.lagOf', { events: one.lag.events ?? '> 1000', positions: one.lag.positions }) },
            { title: t('subscribers.since'), key: 'since', render: (_, one) => (one.lag.since == null ? '–' : instantIn(one.lag.since, ZONE)) },
            { title: t('subscribers.reached'), key: 'reached', render: (_, one) => (one.reached_at == null ? '–' : instantIn(one.reached_at, ZONE)) },
            { title: t('desk.acts'), key: 'acts', render: (_, one) => <Button size="small" danger disabled={me === null} onClick={() => setRemoved(one)}>{t('subscribers.remove')}</Button> },
          ]}
        />
      </div>
      {removed !== null && (
        <Ask
          title={t('subscribers.removeOf', { name: removed.name })}
          ok={t('subscribers.remove')}
          what={t('subscribers.removeWhat')}
          isDanger
          reason={t('act.reason')}
          send={async (reason, key) => void settle((await post('/api/v1/subscribers/{name}/remove', [removed.name], { reason }, key)).position, t('subscribers.removed'))}
          onLeave={() => setRemoved(null)}
        />
      )}
    </>
  )
}
