// The learned answer times of the campaign's customers: for each open hour the counts and the estimated answers, and
// the best hours.
import { useQuery } from '@tanstack/react-query'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { count, instantIn, percent } from '../../app/format'
import { Word } from '../../components/Marks'
import { Empty, Refused } from '../../components/States'

type Times = ResponseOf<'/api/v1/campaigns/{id}/times'>
type Group = Times['rows'][number]
type Row = Group['hours'][number] & { key: string; group: string; day: Group['day']; best: boolean }

function rowsOf(reply: Times, others: string): Row[] {
  return reply.rows.flatMap((group) =>
    group.hours
      .filter((hour) => hour.open)
      .map((hour) => ({ ...hour, key: `${group.group ?? ''} ${group.day} ${hour.hour.toString()}`, group: group.group ?? others, day: group.day, best: hour.hour === group.best_hour })),
  )
}

/** Empty if the campaign's plan does not use best call times. */
export function BestTimes({ id, zone, position }: { id: string; zone: string; position: number | undefined }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['times', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/times', [id], { as_of: position }),
    refetchInterval: position === undefined ? SLOW_MS : false,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const reply = read.data
  if (reply === undefined || !reply.learns) return null
  return (
    <div className="list">
      <h3>{t('times.title')}</h3>
      <p className="muted">
        {reply.learnt_at === null ? t('times.notYet') : t('times.learnt', { at: instantIn(reply.learnt_at, zone), dials: count(reply.dials), through: reply.through, prior: reply.prior_dials })}
      </p>
      <Table<Row>
        rowKey="key"
        size="small"
        pagination={false}
        dataSource={rowsOf(reply, t('times.others'))}
        locale={{ emptyText: <Empty what={t('times.none')} next={t('times.noneNext')} /> }}
        scroll={{ x: 'max-content' }}
        columns={[
          ...(reply.groups.length > 0 ? [{ title: t('times.group'), dataIndex: 'group' }] : []),
          { title: t('times.day'), key: 'day', render: (_, one) => t(`times.dayOf.${one.day}`) },
          { title: t('times.hour'), key: 'hour', render: (_, one) => <>{t('times.hourOf', { hour: one.hour })}{one.best && <> <Word tone="line">{t('times.best')}</Word></>}</> },
          { title: t('times.counts'), key: 'counts', align: 'right', render: (_, one) => `${count(one.answers)} / ${count(one.dials)}` },
          { title: t('times.institution'), key: 'institution', align: 'right', render: (_, one) => `${count(one.institution_answers)} / ${count(one.institution_dials)}` },
          { title: t('times.likely'), key: 'likely', align: 'right', render: (_, one) => percent(one.per_mille / 1000) },
        ]}
      />
    </div>
  )
}
