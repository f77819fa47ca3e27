// The latest calls of a campaign. A list of calls shows persons, masked, and each reading of it is on record; so it is
// asked again less often than figures.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type Told } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { clockOf, timeIn } from '../../app/format'
import { CustomerLink } from '../../components/CustomerLink'
import { Age } from '../../components/Figure'
import { toneOfCall, Word } from '../../components/Marks'
import { Empty, Refused } from '../../components/States'

type Row = Told<'/api/v1/calls'>['items'][number]

interface Props {
  id: string | undefined
  zone: string
  /** As known then; now without. */
  position?: number | undefined
}

export function CallsOf({ id, zone, position }: Props) {
  const { t } = useTranslation()
  const calls = useQuery({
    queryKey: ['calls', id, position ?? 'now'],
    queryFn: () => get('/api/v1/calls', [], { campaign: id, limit: 100, as_of: position }),
    refetchInterval: position === undefined ? SLOW_MS : false,
    placeholderData: keepPreviousData,
  })
  if (calls.error) return <Refused why={calls.error} again={() => void calls.refetch()} />
  return (
    <>
      {position !== undefined && <p className="c-amber">{t('calls.then')}</p>}
      <Table<Row>
        rowKey="id"
        size="small"
        loading={calls.isPending}
        dataSource={calls.data?.items ?? []}
        pagination={{ pageSize: 10, showSizeChanger: false, size: 'small' }}
        locale={{ emptyText: <Empty what={t('calls.none')} next={t('calls.noneNext')} /> }}
        columns={[
          {
            title: t('calls.time'),
            key: 'time',
            render: (_, one) => <Link to="/calls/$id" params={{ id: one.id }}>{one.dialing_at == null ? t('calls.notDialed') : timeIn(one.dialing_at, zone)}</Link>,
          },
          { title: t('calls.callee'), dataIndex: 'callee', render: (callee: string | null, one) => <CustomerLink id={one.customer} campaign={one.campaign}>{callee ?? t('calls.unknownCallee')}</CustomerLink> },
          ...(id === undefined ? [{ title: t('campaigns.name'), dataIndex: 'campaign', key: 'campaign', className: 'data' }] : []),
          {
            title: t('calls.disposition'),
            key: 'disposition',
            render: (_, one) => (
              <Word tone={toneOfCall(one.disposition, one.answered_at != null)}>
                {one.disposition == null ? t(one.answered_at == null ? 'calls.underway' : 'calls.talking') : t(`disposition.${one.disposition}`)}
              </Word>
            ),
          },
          { title: t('calls.outcome'), dataIndex: 'outcome', render: (outcome: string | null) => (outcome == null ? '' : t(`outcome.${outcome}`)) },
          { title: t('calls.talk'), dataIndex: 'talk_ms', align: 'right', render: clockOf },
          { title: t('calls.attempt'), dataIndex: 'attempt', align: 'right' },
        ]}
      />
      <Age at={calls.dataUpdatedAt} />
    </>
  )
}
