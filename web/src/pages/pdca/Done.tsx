// Do: the metrics of the period beside those of the previous one, each with its events; the dispositions of calls; and,
// from a month on, flow versions and trunks.
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { count, percent } from '../../app/format'
import { Behind } from '../reports/Behind'
import { worded, written } from '../reports/figures'
import { ZONE } from '../../components/PageHead'
import type { Review } from './Page'

type Figure = Review['done']['figures'][number]
type Ending = Review['done']['dispositions'][number]
type Part = Review['done']['trunks'][number]

interface Props {
  done: Review['done']
  period: Review['period']
  campaign: string | null
  asOf: string | undefined
}

export function points(part: number | null | undefined): string {
  return part == null ? '–' : `${part > 0 ? '+' : ''}${(100 * part).toFixed(2)} pp`
}

export function Done({ done, period, campaign, asOf }: Props) {
  const { t, i18n } = useTranslation()
  const [behind, setBehind] = useState<Figure | null>(null)
  return (
    <section className="card" aria-label={t('pdca.done')}>
      <header>
        <h2>{t('pdca.done')}</h2>
        <span className="muted">{t('pdca.doneWhat')}</span>
      </header>
      <Table<Figure>
        rowKey={(one) => `${one.metric} ${one.version.toString()}`}
        size="small"
        pagination={false}
        dataSource={done.figures}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('reports.metric'), key: 'metric', render: (_, one) => `${worded(one.label, i18n.language)} v${one.version.toString()}` },
          { title: t('pdca.before'), key: 'before', align: 'right', render: (_, one) => written(one.unit, one.before?.value) },
          { title: t('pdca.now'), key: 'now', align: 'right', render: (_, one) => <b>{written(one.unit, one.now?.value)}</b> },
          { title: t('reports.behind'), key: 'events', render: (_, one) => (one.now == null ? '–' : <Button size="small" data-value={one.metric} aria-label={`${t('reports.events')} ${one.metric} v${one.version.toString()}`} onClick={() => setBehind(one)}>{t('reports.events')}</Button>) },
        ]}
      />
      {done.dispositions.length > 0 && (
        <Table<Ending>
          rowKey="disposition"
          size="small"
          pagination={false}
          dataSource={done.dispositions}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: t('calls.disposition'), key: 'disposition', render: (_, one) => t(`disposition.${one.disposition}`, { defaultValue: one.disposition }) },
            { title: t('cost.calls'), dataIndex: 'calls', align: 'right', render: count },
            { title: t('pdca.shareBefore'), dataIndex: 'before_ratio', align: 'right', render: percent },
            { title: t('pdca.shareNow'), dataIndex: 'now_ratio', align: 'right', render: percent },
            { title: t('pdca.change'), dataIndex: 'change', align: 'right', render: points },
            { title: t('pdca.mix'), dataIndex: 'mix', align: 'right', render: points },
            { title: t('pdca.rate'), dataIndex: 'rate', align: 'right', render: points },
          ]}
        />
      )}
      {([['flowVersion', done.flow_versions], ['trunk', done.trunks]] as const).map(([name, parts]) => (
        parts.length === 0 ? null : <Parts key={name} title={t(`pdca.${name}`)} parts={parts} />
      ))}
      {behind !== null && <Behind figure={{ metric: behind.metric, version: behind.version, campaign }} from={period.from} to={period.to} zone={ZONE} asOf={asOf} onClose={() => setBehind(null)} />}
    </section>
  )
}

function Parts({ title, parts }: { title: string; parts: readonly Part[] }) {
  const { t } = useTranslation()
  return (
    <Table<Part>
      rowKey="part"
      size="small"
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      dataSource={[...parts]}
      scroll={{ x: 'max-content' }}
      columns={[
        { title, key: 'part', render: (_, one) => <span className="mono">{one.part}</span> },
        { title: t('regions.dialed'), dataIndex: 'dialed', align: 'right', render: count },
        { title: t('pdca.answerRatio'), dataIndex: 'answer_ratio', align: 'right', render: percent },
        { title: t('pdca.answerPeople'), dataIndex: 'answer_ratio_people', align: 'right', render: percent },
        { title: t('pdca.talk'), dataIndex: 'talk_s_mean', align: 'right', render: (one: number | null) => (one === null ? '–' : `${one.toFixed(1)} s`) },
        { title: t('pdca.conversion'), dataIndex: 'conversion_ratio', align: 'right', render: percent },
        { title: t('pdca.conversionPeople'), dataIndex: 'conversion_ratio_people', align: 'right', render: percent },
      ]}
    />
  )
}
