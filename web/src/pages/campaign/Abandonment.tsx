// The abandonment ledger: the budget, and the rate under each definition, with the events behind it.
import { useQuery } from '@tanstack/react-query'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantIn, percent } from '../../app/format'
import { Age } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'
import { Behind } from '../reports/Behind'

type Ledger = ResponseOf<'/api/v1/campaigns/{id}/abandonment'>
type Definition = Ledger['definitions'][number]

export function Abandonment({ id, zone, position }: { id: string; zone: string; position: number | undefined }) {
  const { t, i18n } = useTranslation()
  const [behind, setBehind] = useState<Definition | null>(null)
  const read = useQuery({
    queryKey: ['abandonment', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/abandonment', [id], { as_of: position }),
    refetchInterval: position === undefined ? SLOW_MS : false,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const reply = read.data
  if (reply === undefined) return <Waiting />
  const { budget, from, to } = reply
  const worded = (texts: { zh: string; en: string }) => (i18n.language === 'en' ? texts.en : texts.zh)
  return (
    <div className="list">
      <div className="head">
        <Word tone={budget.binds === false ? 'slate' : budget.used_per_mille !== null && budget.used_per_mille > budget.limit_per_mille ? 'red' : 'line'}>
          {t('ledger.budget', { used: budget.used_per_mille === null ? '–' : percent(budget.used_per_mille / 1000), limit: percent(budget.limit_per_mille / 1000), days: budget.window_days, abandoned: budget.abandoned, answered: budget.answered })}
        </Word>
        <span className="spread" />
        <Age at={read.dataUpdatedAt} position={reply.position} />
      </div>
      {budget.binds === false && <p className="muted">{t('ledger.robots')}</p>}
      {from !== null && to !== null && <p className="muted">{`${instantIn(from, zone)} – ${instantIn(to, zone)}`}</p>}
      <Table<Definition>
        rowKey={(one) => `${one.name} ${one.version.toString()}`}
        size="small"
        pagination={false}
        dataSource={reply.definitions}
        scroll={{ x: 'max-content' }}
        expandable={{ expandedRowRender: (one) => <p>{worded(one.definition)} {one.source ?? ''}</p> }}
        columns={[
          { title: t('ledger.definition'), key: 'name', render: (_, one) => <>{worded(one.label)} <span className="muted">{`v${one.version.toString()}`}</span>{one.name === budget.metric && <> <b>{t('ledger.counts')}</b></>}</> },
          { title: t('reports.value'), key: 'value', align: 'right', render: (_, one) => (one.awaits == null ? percent(one.value) : t('reports.awaitsOf', { kind: one.awaits })) },
          { title: t('reports.counts'), key: 'counts', align: 'right', render: (_, one) => `${(one.numerator_count ?? '–').toString()} / ${(one.denominator_count ?? '–').toString()}` },
          { title: t('reports.behind'), key: 'behind', render: (_, one) => from !== null && to !== null && <Button size="small" data-value={one.name} aria-label={`${t('reports.events')} ${one.name}`} onClick={() => setBehind(one)}>{t('reports.events')}</Button> },
        ]}
      />
      {behind !== null && from !== null && to !== null && (
        <Behind figure={{ metric: behind.name, version: behind.version, campaign: id }} from={from} to={to} zone={zone} asOf={position?.toString()} onClose={() => setBehind(null)} />
      )}
    </div>
  )
}
