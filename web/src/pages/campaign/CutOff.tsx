// Customers who were cut off by our crash or stop after the answer: those waiting for another call, those to call now,
// and those not called again.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { paged } from '../../api/paged'
import { clockOf, instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { CustomerLink } from '../../components/CustomerLink'
import { Word } from '../../components/Marks'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

type Row = ResponseOf<'/api/v1/campaigns/{id}/cut-off'>['items'][number]
const TONES = { waiting: 'amber', calling: 'line', settled: 'slate' } as const

export function CutOff({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [asked, setAsked] = useState<{ one: Row; act: 'callBack' | 'settle' } | null>(null)
  const read = useQuery({ queryKey: ['cut-off', id], queryFn: () => paged((cursor) => get('/api/v1/campaigns/{id}/cut-off', [id], { limit: 200, cursor })) })
  const [pending, settle] = usePending((position) => get('/api/v1/campaigns/{id}', [id], { after_position: position }))
  const send = async (reason: string, key: string) => {
    if (asked === null) return
    const { customer } = asked.one
    const { position } =
      asked.act === 'callBack'
        ? await post('/api/v1/campaigns/{id}/cut-off/call-back', [id], { customer }, key)
        : await post('/api/v1/campaigns/{id}/cut-off/settle', [id], { customer, reason }, key)
    void settle(position, t(`cutOff.${asked.act}Done`))
  }
  return (
    <div className="list">
      {pending}
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      {read.data?.next_cursor != null && <p className="c-amber">{t('desk.notAll', { count: read.data.items.length })}</p>}
      <Table<Row>
        rowKey="call"
        size="small"
        loading={read.isPending}
        dataSource={read.data?.items ?? []}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('cutOff.none')} /> }}
        columns={[
          { title: t('calls.callee'), key: 'callee', className: 'data', render: (_, one) => <CustomerLink id={one.customer} campaign={id}>{one.callee ?? one.customer.slice(0, 8)}</CustomerLink> },
          { title: t('menu.calls'), key: 'call', render: (_, one) => <Link to="/calls/$id" params={{ id: one.call }}>{one.ended_at === null ? '–' : instantIn(one.ended_at, zone)}</Link> },
          { title: t('person.talk'), key: 'talk', align: 'right', render: (_, one) => clockOf(one.talk_ms) },
          { title: t('cutOff.state'), key: 'state', render: (_, one) => <Word tone={TONES[one.state]}>{t(`cutOff.is.${one.state}`)}</Word> },
          { title: t('cutOff.due'), key: 'due', render: (_, one) => (one.due_at === null ? '–' : instantIn(one.due_at, zone)) },
          ...(may('campaigns:write')
            ? [{
                title: t('desk.acts'),
                key: 'acts',
                render: (_: unknown, one: Row) =>
                  one.state === 'waiting' && (
                    <>
                      <Button size="small" onClick={() => setAsked({ one, act: 'callBack' })}>{t('cutOff.callBack')}</Button>{' '}
                      <Button size="small" onClick={() => setAsked({ one, act: 'settle' })}>{t('cutOff.settle')}</Button>
                    </>
                  ),
              }]
            : []),
        ]}
      />
      {asked !== null && (
        <Ask title={t(`cutOff.${asked.act}`)} ok={t(`cutOff.${asked.act}`)} what={t(`cutOff.${asked.act}What`)} reason={asked.act === 'settle' ? t('act.reason') : undefined} send={send} onLeave={() => setAsked(null)} />
      )}
    </div>
  )
}
