// The events behind a metric, computed from the log: whether each counts for or against it, with links to the log and
// its call.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Drawer, Segmented, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Refused } from '../../components/States'
import type { Compared } from './Compare'

type Item = ResponseOf<'/api/v1/metrics/{name}/events'>['items'][number]
const LIMIT = 200

interface Props {
  figure: Compared
  /** Start of the counted period; without it, everything in the log is counted. */
  from?: string | undefined
  to?: string | undefined
  zone: string
  asOf?: string | undefined
  onClose: () => void
}

export function Behind({ figure, from, to, zone, asOf, onClose }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const [which, setWhich] = useState<'numerator' | 'denominator'>('numerator')
  const events = useQuery({
    queryKey: ['behind', figure.metric, figure.version, figure.campaign ?? '', which, from ?? '', to ?? '', asOf ?? 'now'],
    queryFn: () => get('/api/v1/metrics/{name}/events', [figure.metric], { version: figure.version, campaign: figure.campaign, which, from, to, as_of: asOf, limit: LIMIT }),
    staleTime: 30_000,
  })
  const reply = events.data
  return (
    <Drawer open size="large" title={`${figure.metric} v${figure.version.toString()}`} onClose={onClose}>
      <div className="list">
        <Segmented value={which} onChange={setWhich} options={(['numerator', 'denominator'] as const).map((value) => ({ value, label: t(`reports.which.${value}`) }))} />
        {from !== undefined && to !== undefined && <p className="muted">{instantIn(from, zone)} – {instantIn(to, zone)}</p>}
        {events.error && <Refused why={events.error} again={() => void events.refetch()} />}
        {reply !== undefined && <p className="muted">{t('reports.behindOf', { figure: reply.figure, items: reply.totals.items, shown: reply.items.length, position: reply.as_of_position })}</p>}
        <Table<Item>
          rowKey={(one) => `${one.position} ${one.count.toString()}`}
          size="small"
          loading={events.isPending}
          dataSource={reply?.items ?? []}
          pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
          columns={[
            { title: t('events.at'), key: 'at', render: (_, one) => instantIn(one.at, zone) },
            { title: t('reports.kind'), key: 'kind', render: (_, one) => <span className="mono">{one.kind}</span> },
            { title: t('reports.counted'), key: 'count', align: 'right', render: (_, one) => `${one.count > 0 ? '+' : ''}${one.count.toString()}` },
            { title: t('reports.call'), key: 'call', render: (_, one) => <Of stream={one.stream} /> },
            { title: t('line.position'), key: 'position', align: 'right', render: (_, one) => (may('events:read') ? <Link to="/events" search={{ position: Number(one.position) }}>{one.position}</Link> : one.position) },
          ]}
        />
      </div>
    </Drawer>
  )
}

/** The stream of an event; a call is a link for users who may read calls. */
function Of({ stream }: { stream: string }) {
  const may = useMay()
  const call = /^call-(.+)$/.exec(stream)?.[1]
  const short = <span className="mono">{stream.slice(0, 18)}</span>
  return call !== undefined && may('calls:read') ? <Link to="/calls/$id" params={{ id: call }}>{short}</Link> : short
}
