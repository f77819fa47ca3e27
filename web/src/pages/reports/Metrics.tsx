// Every metric in every version: its definition, and for those not available yet what they wait for.
import { useQuery } from '@tanstack/react-query'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { Tag } from '../../components/Marks'
import { Refused } from '../../components/States'

type Row = ResponseOf<'/api/v1/metrics'>['items'][number]

export function useMetrics() {
  return useQuery({ queryKey: ['metrics'], queryFn: () => get('/api/v1/metrics'), staleTime: Infinity })
}

export function Metrics() {
  const { t, i18n } = useTranslation()
  const metrics = useMetrics()
  const isEnglish = i18n.language === 'en'
  return (
    <>
      {metrics.error && <Refused why={metrics.error} />}
      <Table<Row>
        rowKey={(one) => `${one.name} ${one.version.toString()}`}
        size="small"
        dataSource={metrics.data?.items ?? []}
        loading={metrics.isPending}
        pagination={{ pageSize: 10, showSizeChanger: false }}
        columns={[
          { title: t('reports.metric'), key: 'label', render: (_, one) => (isEnglish ? one.label.en : one.label.zh) },
          { title: t('reports.version'), key: 'version', render: (_, one) => `v${one.version.toString()}` },
          { title: t('reports.since'), key: 'since', render: (_, one) => `${one.effective_from}${one.headline === true ? ` · ${t('reports.headline')}` : ''}` },
          { title: t('reports.parts'), key: 'parts', render: (_, one) => [one.numerator?.term, one.denominator?.term].filter((term) => term != null).map((term) => <div key={term} className="mono">{term}</div>) },
          { title: t('reports.means'), key: 'means', render: (_, one) => (isEnglish ? one.definition.en : one.definition.zh) },
          { title: t('reports.awaits'), key: 'awaits', render: (_, one) => one.awaits == null ? '' : <Tag tone="amber">{t('reports.awaitsOf', { kind: one.awaits })}</Tag> },
        ]}
      />
    </>
  )
}
