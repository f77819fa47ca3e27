// The daily report of one day in Beijing: the main figures per campaign and in total, and the targets reached; now or
// as known at a moment.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, DatePicker, Table } from 'antd'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantFrom, instantIn, percent } from '../../app/format'
import { takeAway } from '../../app/takeAway'
import { Age } from '../../components/Figure'
import { Tag, Word } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { worded, written } from './figures'
import type { TabProps } from './tabs'

type Day = ResponseOf<'/api/v1/reports/daily'>
type Row = Day['campaigns'][number]
type Target = Day['targets'][number]
interface Cell {
  value: number | null
}

export function Daily({ look, looked }: TabProps) {
  const { t, i18n } = useTranslation()
  const { at, as_of } = looked
  const read = useQuery({
    queryKey: ['daily', at ?? '', as_of ?? 'now'],
    queryFn: () => get('/api/v1/reports/daily', [], { date: at, as_of }),
    refetchInterval: as_of === undefined ? SLOW_MS : false,
  })
  const reply = read.data
  const columns = reply?.columns ?? []
  const rows = reply === undefined ? [] : [...reply.campaigns, ...(reply.campaigns.length > 1 ? [{ ...reply.totals, campaign: t('daily.total') }] : [])]
  const cell = (row: Row, column: string) => (row as unknown as Record<string, Cell | null | undefined>)[column]
  const label = (column: (typeof columns)[number]) => `${worded(column.label, i18n.language)} v${column.version.toString()}`
  const value = (row: Row, column: (typeof columns)[number]) => written(column.unit, cell(row, column.column)?.value)
  const take = () => takeAway(`daily-${reply?.date ?? ''}.csv`, [[t('reports.campaign'), ...columns.map(label)], ...rows.map((row) => [row.campaign, ...columns.map((one) => value(row, one))])])
  return (
    <div className="list">
      <div className="head">
        <DatePicker aria-label={t('daily.date')} placeholder={t('daily.date')} value={at === undefined ? null : dayjs(at)} onChange={(day) => look({ at: day?.format('YYYY-MM-DD') })} />
        <DatePicker showTime aria-label={t('reports.asOf')} placeholder={t('reports.asOf')} onChange={(then) => look({ as_of: instantFrom(then?.format('YYYY-MM-DDTHH:mm:ss') ?? '', ZONE) })} />
        {as_of !== undefined && <Tag tone="amber">{t('reports.then', { at: instantIn(as_of, ZONE) })}</Tag>}
        {as_of !== undefined && <Button onClick={() => look({ as_of: undefined })}>{t('reports.now')}</Button>}
        <span className="muted">{reply === undefined ? '' : t('daily.over', { date: reply.date })}</span>
        <span className="spread" />
        <Age at={read.dataUpdatedAt} position={reply?.position} />
        <Button disabled={rows.length === 0} onClick={take}>{t('reports.takeAway')}</Button>
      </div>
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <Table<Row>
        rowKey="campaign"
        size="small"
        loading={read.isPending}
        dataSource={rows}
        pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('daily.none')} next={t('daily.noneNext')} /> }}
        columns={[
          {
            title: t('reports.campaign'),
            key: 'campaign',
            fixed: 'left',
            render: (_, one) => (reply?.campaigns.includes(one) === true ? <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link> : <b>{one.campaign}</b>),
          },
          ...columns.map((column) => ({ title: label(column), key: column.column, align: 'right' as const, render: (_: unknown, one: Row) => value(one, column) })),
        ]}
      />
      {reply?.complete === false && <p className="c-amber">{t('regions.notAll')}</p>}
      {(reply?.targets.length ?? 0) > 0 && (
        <Table<Target>
          rowKey={(one) => `${one.campaign} ${one.metric} ${one.version.toString()}`}
          size="small"
          title={() => t('daily.targets')}
          pagination={false}
          dataSource={reply?.targets ?? []}
          columns={[
            { title: t('reports.campaign'), dataIndex: 'campaign', className: 'data' },
            { title: t('reports.metric'), key: 'metric', render: (_, one) => <span className="mono">{`${one.metric} v${one.version.toString()}`}</span> },
            { title: t('pdca.target'), dataIndex: 'target_ratio', align: 'right', render: percent },
            { title: t('daily.actual'), dataIndex: 'actual_ratio', align: 'right', render: percent },
            { title: t('daily.reached'), key: 'reached', render: (_, one) => <Word tone={one.reached ? 'line' : 'amber'}>{t(one.reached ? 'daily.yes' : 'daily.no')}</Word> },
          ]}
        />
      )}
    </div>
  )
}
