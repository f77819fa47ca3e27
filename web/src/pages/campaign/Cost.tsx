// The line cost of a campaign's calls at a tariff entered here: seconds as carriers bill them, by disposition and
// outcome.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { InputNumber, Segmented, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { clockOf } from '../../app/format'
import { Age } from '../../components/Figure'
import { Empty, Refused } from '../../components/States'

function yuan(fen: number | null | undefined): string {
  return fen == null ? '–' : (fen / 100).toFixed(2)
}

export function Cost({ id }: { id: string }) {
  const { t, i18n } = useTranslation()
  const [step, setStep] = useState('60')
  const [fen, setFen] = useState<number | null>(15)
  const costs = useQuery({
    queryKey: ['costs', id, step, fen],
    queryFn: () => get('/api/v1/reports/costs', [], { campaign: id, step, per_minute_fen: fen }),
    refetchInterval: SLOW_MS,
    placeholderData: keepPreviousData,
  })
  if (costs.error && costs.data === undefined) return <Refused why={costs.error} again={() => void costs.refetch()} />
  // Figures of another tariff are not shown until they are loaded.
  const reply = costs.isPlaceholderData ? undefined : costs.data
  return (
    <div className="list">
      <div className="head">
        <Segmented value={step} options={['60', '6', '1'].map((one) => ({ value: one, label: t('cost.step', { seconds: one }) }))} onChange={setStep} aria-label={t('cost.stepName')} />
        <label className="head">
          {t('cost.tariff')} <InputNumber min={0} max={10_000} precision={0} value={fen} aria-label={t('cost.tariff')} onChange={setFen} />
        </label>
        <span className="spread" />
        <Age at={costs.dataUpdatedAt} />
      </div>
      {costs.error && <Refused why={costs.error} again={() => void costs.refetch()} />}
      <p>
        {t('cost.total', { yuan: yuan(reply?.total.cost_fen), calls: reply?.total.calls ?? '–', billed: reply === undefined ? '–' : clockOf(reply.total.billed_seconds * 1000) })}{' '}
        <span className="muted">{i18n.language === 'en' ? reply?.label_en : reply?.label_zh}</span>
      </p>
      <Table
        rowKey={(one) => `${one.disposition} ${one.outcome ?? ''}`}
        size="small"
        pagination={false}
        loading={costs.isPending || costs.isPlaceholderData}
        dataSource={reply?.endings ?? []}
        locale={{ emptyText: <Empty what={t('calls.none')} /> }}
        columns={[
          { title: t('calls.disposition'), key: 'disposition', render: (_, one) => [t(`disposition.${one.disposition}`), one.outcome == null ? '' : t(`outcome.${one.outcome}`)].join(' ') },
          { title: t('cost.calls'), dataIndex: 'calls', align: 'right' },
          { title: t('cost.billed'), key: 'billed', align: 'right', render: (_, one) => clockOf(one.billed_seconds * 1000) },
          { title: t('cost.yuan'), key: 'cost', align: 'right', render: (_, one) => yuan(one.cost_fen) },
        ]}
      />
    </div>
  )
}
