// The person requests: copy, correction, objection, explanation, erasure; each with its deadline.
import { useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { paged } from '../../api/paged'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Clock } from '../../components/Clock'
import { CustomerLink } from '../../components/CustomerLink'
import { Age } from '../../components/Figure'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

type Row = ResponseOf<'/api/v1/requests'>['items'][number]

export function Requests() {
  const { t } = useTranslation()
  const may = useMay()
  const [onlyOpen, setOnlyOpen] = useState(true)
  const [asked, setAsked] = useState<Row | null>(null)
  const requests = useQuery({
    queryKey: ['requests', onlyOpen],
    queryFn: () => paged((cursor) => get('/api/v1/requests', [], { open: onlyOpen ? 'true' : undefined, limit: 200, cursor })),
    refetchInterval: SLOW_MS,
  })
  const [pending, settle] = usePending((at) => get('/api/v1/requests', [], { after_position: at, limit: 1 }))
  return (
    <div className="list">
      <div className="head">
        <Checkbox checked={onlyOpen} onChange={(event) => setOnlyOpen(event.target.checked)}>{t('compliance.onlyOpen')}</Checkbox>
        <span className="spread" />
        {pending}
        <Age at={requests.dataUpdatedAt} />
      </div>
      {requests.error && <Refused why={requests.error} again={() => void requests.refetch()} />}
      {requests.data?.next_cursor != null && <p className="c-amber">{t('desk.notAll', { count: requests.data.items.length })}</p>}
      <Table<Row>
        rowKey="id"
        size="small"
        loading={requests.isPending}
        dataSource={requests.data?.items ?? []}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('compliance.noRequests')} next={<span className="mono">{t('compliance.noRequestsNext')}</span>} /> }}
        columns={[
          { title: t('compliance.received'), key: 'received', render: (_, one) => instantIn(one.received_at, ZONE) },
          { title: t('compliance.wish'), key: 'wish', render: (_, one) => t(`compliance.wishOf.${one.wish}`) },
          { title: t('customer.title'), key: 'customer', render: (_, one) => <CustomerLink id={one.customer} campaign={null}>{one.customer.slice(0, 8)}</CustomerLink> },
          { title: t('compliance.channel'), key: 'channel', render: (_, one) => one.channel ?? '–' },
          { title: t('compliance.due'), key: 'due', render: (_, one) => <Clock dueAt={one.deadline.due_at} isOverdue={one.overdue} isDone={one.answered !== null} /> },
          { title: t('compliance.answer'), key: 'answer', render: (_, one) => (one.answered === null ? '' : `${t(`compliance.answerOf.${one.answered.answer}`)} · ${one.answered.note}`) },
          ...(may('cases:write')
            ? [{ title: t('desk.acts'), key: 'acts', render: (_: unknown, one: Row) => one.answered === null && <Button size="small" onClick={() => setAsked(one)}>{t('compliance.answerIt')}</Button> }]
            : []),
        ]}
      />
      {asked !== null && <Answer one={asked} onLeave={() => setAsked(null)} onDone={(at) => void settle(at, t('compliance.saved'))} />}
    </div>
  )
}

/** The dialog that answers one request; its input belongs to this request only. */
function Answer({ one, onLeave, onDone }: { one: Row; onLeave: () => void; onDone: (position: string | null) => void }) {
  const { t } = useTranslation()
  const [refuse, setRefuse] = useState(false)
  return (
    <Ask
      title={`${t('compliance.answerIt')}: ${t(`compliance.wishOf.${one.wish}`)}`}
      ok={t('compliance.answerIt')}
      what={t('compliance.answerWhat')}
      reason={t('compliance.answerNote')}
      reasonBytesMax={512}
      send={async (note, key, approval) => onDone((await post('/api/v1/requests/{id}/answer', [one.id], { note, ...(refuse ? { refuse } : {}), ...(approval === null ? {} : { approval }) }, key)).position)}
      onLeave={onLeave}
    >
      <Checkbox checked={refuse} onChange={(event) => setRefuse(event.target.checked)}>{t('compliance.refuse')}</Checkbox>
    </Ask>
  )
}
