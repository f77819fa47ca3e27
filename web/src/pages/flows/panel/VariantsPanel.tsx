// The results of a flow's text variants in real calls: for each text with several, how often each reached the deciding
// metric, with confidence bounds, and whether one is better.
import { useQuery } from '@tanstack/react-query'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../../api/client'
import { SLOW_MS } from '../../../api/queries'
import { count, percent } from '../../../app/format'
import { Age } from '../../../components/Figure'
import { Word } from '../../../components/Marks'
import { Empty, Refused } from '../../../components/States'

type Text = ResponseOf<'/api/v1/flows/{id}/variants'>['texts'][number]
type Arm = Text['arms'][number]

const TONES = { better: 'line', no_difference: 'slate', not_decided: 'amber' } as const

export function VariantsPanel({ id, version, onChoose }: { id: string; version: number; onChoose: (name: string) => void }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['flow-variants', id, version],
    queryFn: () => get('/api/v1/flows/{id}/variants', [id], { version }),
    refetchInterval: SLOW_MS,
    retry: false,
  })
  const reply = read.data
  return (
    <div className="flow-form">
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      {reply?.texts.length === 0 && <Empty what={t('flows.noVariants')} next={t('flows.noVariantsNext')} />}
      {reply?.truncated === true && <p className="c-amber">{t('flows.variantsCut')}</p>}
      {(reply?.texts ?? []).map((one) => (
        <section key={one.node} aria-label={one.node}>
          <div className="head">
            <button type="button" className="plain c-line data" onClick={() => onChoose(one.node)}>{one.node}</button>
            <span className="muted">{t(`flows.variantMetric.${one.metric}`)}</span>
            <Word tone={TONES[one.verdict]}>{t(`flows.variantVerdict.${one.verdict}`, { winner: one.winner ?? '', calls: one.stop_after_calls })}</Word>
          </div>
          <Table<Arm>
            rowKey="arm"
            size="small"
            pagination={false}
            dataSource={one.arms}
            scroll={{ x: 'max-content' }}
            columns={[
              { title: t('flows.arm'), key: 'arm', render: (_, arm) => <><b>{arm.arm}</b> <span className="data">{arm.text}</span></> },
              { title: t('flows.calls'), key: 'calls', align: 'right', render: (_, arm) => count(arm.calls) },
              { title: t('flows.hits'), key: 'hits', align: 'right', render: (_, arm) => count(arm.hits) },
              { title: t('flows.ratio'), key: 'ratio', align: 'right', render: (_, arm) => (arm.ratio == null ? t('flows.tooFew') : `${percent(arm.ratio)} [${percent(arm.low)}, ${percent(arm.high)}]`) },
            ]}
          />
        </section>
      ))}
      {reply !== undefined && <span className="muted">{t('flows.variantsOf', { calls: count(reply.calls) })} <Age at={read.dataUpdatedAt} /></span>}
    </div>
  )
}
