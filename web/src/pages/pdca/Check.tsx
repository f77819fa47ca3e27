// Check: why the answer rate changed, split by one cause at a time; the forecast for a quarter or year; and the load on
// lines and log in a year.
import { Segmented, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { count, instantIn, percent } from '../../app/format'
import { ZONE } from '../../components/PageHead'
import { Empty } from '../../components/States'
import { points } from './Done'
import type { Length, Review } from './Page'

type Split = Review['check']['splits'][number]
type Effect = Split['effects'][number]
type Ahead = Review['check']['ahead'][number]
type Peak = NonNullable<Review['check']['capacity']>['peaks'][number]

export function Check({ check, length }: { check: Review['check']; length: Length }) {
  const { t } = useTranslation()
  const [by, setBy] = useState<Split['by'] | null>(null)
  const split = check.splits.find((one) => one.by === by) ?? check.splits[0]
  return (
    <section className="card" aria-label={t('pdca.check')}>
      <header>
        <h2>{t('pdca.check')}</h2>
        {split !== undefined && (
          <Segmented aria-label={t('pdca.by')} value={split.by} options={check.splits.map((one) => ({ value: one.by, label: t(`pdca.split.${one.by}`) }))} onChange={(one) => setBy(one as Split['by'])} />
        )}
      </header>
      {split === undefined ? <Empty what={t('pdca.noSplit')} next={t('pdca.noSplitNext')} /> : <Effects split={split} people={[check.people_before, check.people_now]} />}
      {(length === 'quarter' || length === 'year') && <Forecast ahead={check.ahead} />}
      {check.capacity != null && <Capacity capacity={check.capacity} />}
    </section>
  )
}

function Effects({ split, people }: { split: Split; people: (number | null | undefined)[] }) {
  const { t } = useTranslation()
  const weekday = (part: string) => (split.by === 'weekday' ? t(`pdca.weekday.${part}`, { defaultValue: part }) : part)
  const hasOthers = split.others_mix !== 0 || split.others_rate !== 0
  return (
    <>
      <p className="body" style={{ margin: 0, padding: '8px 14px' }}>
        {t('pdca.moved', { before: percent(split.before_ratio), now: percent(split.now_ratio), change: points(split.change) })}{' '}
        <span className="muted">{t('pdca.people', { before: percent(people[0]), now: percent(people[1]) })}</span>
      </p>
      <Table<Effect>
        rowKey="part"
        size="small"
        pagination={false}
        dataSource={split.effects}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t(`pdca.split.${split.by}`), key: 'part', render: (_, one) => <span className="mono">{weekday(one.part)}</span> },
          { title: t('regions.dialed'), key: 'calls', align: 'right', render: (_, one) => `${count(one.before_calls)} → ${count(one.now_calls)}` },
          { title: t('pdca.answerRatio'), key: 'ratio', align: 'right', render: (_, one) => `${percent(one.before_ratio)} → ${percent(one.now_ratio)}` },
          { title: t('pdca.answerPeople'), key: 'people', align: 'right', render: (_, one) => `${percent(one.before_people)} → ${percent(one.now_people)}` },
          { title: t('pdca.mix'), dataIndex: 'mix', align: 'right', render: points },
          { title: t('pdca.rate'), dataIndex: 'rate', align: 'right', render: points },
        ]}
      />
      {hasOthers && <p className="muted" style={{ margin: 0, padding: '4px 14px' }}>{t('pdca.others', { mix: points(split.others_mix), rate: points(split.others_rate) })}</p>}
    </>
  )
}

function Forecast({ ahead }: { ahead: readonly Ahead[] }) {
  const { t } = useTranslation()
  if (ahead.length === 0) return <Empty what={t('pdca.noForecast')} />
  return (
    <Table<Ahead>
      rowKey="day"
      size="small"
      title={() => t('pdca.ahead')}
      pagination={{ pageSize: 14, hideOnSinglePage: true, showSizeChanger: false }}
      dataSource={[...ahead]}
      columns={[
        { title: t('pdca.day'), dataIndex: 'day' },
        { title: t('pdca.expected'), key: 'calls', align: 'right', render: (_, one) => count(Math.round(one.calls)) },
        { title: t('pdca.interval'), key: 'interval', align: 'right', render: (_, one) => `${count(Math.round(one.calls_low))} – ${count(Math.round(one.calls_high))}` },
      ]}
    />
  )
}

function Capacity({ capacity }: { capacity: NonNullable<Review['check']['capacity']> }) {
  const { t } = useTranslation()
  return (
    <Table<Peak>
      rowKey="hour_at"
      size="small"
      title={() => t('pdca.capacity', { events: count(Math.round(capacity.events_per_day)), ring: (capacity.ring_ms_mean / 1000).toFixed(1) })}
      pagination={false}
      dataSource={capacity.peaks}
      columns={[
        { title: t('pdca.busiest'), key: 'hour', render: (_, one) => instantIn(one.hour_at, ZONE) },
        { title: t('regions.dialed'), dataIndex: 'dialed', align: 'right', render: count },
        { title: t('pdca.erlang'), dataIndex: 'erlang', align: 'right', render: (one: number) => one.toFixed(1) },
        { title: t('pdca.lines'), dataIndex: 'lines', align: 'right', render: (one: number | null) => count(one) },
      ]}
    />
  )
}
