// The answer rate by hour in the campaign's time zone, with and without machines.
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import type { ResponseOf } from '../../api/client'
import { Notes } from '../../components/Notes'
import { Waiting } from '../../components/States'
import { definitionOf } from './definition'

const Chart = lazy(async () => ({ default: (await import('../../components/Chart')).Chart }))

interface Props {
  report: ResponseOf<'/api/v1/campaigns/{id}/report'> | undefined
  zone: string
}

export function ByHour({ report, zone }: Props) {
  const { t, i18n } = useTranslation()
  if (report === undefined) return <Waiting />
  const { chart } = report
  const nameOf = (one: { label: { zh: string; en: string }; version?: number | null | undefined } | null | undefined) =>
    one == null ? t('campaigns.figure') : `${i18n.language === 'en' ? one.label.en : one.label.zh} v${one.version ?? 1}`
  const series = [
    { type: 'bar', name: nameOf(chart.metric), data: chart.series[0]?.data ?? [] },
    ...(chart.beside ?? []).map((one) => ({ type: 'bar', name: nameOf(one), data: one.data })),
  ]
  return (
    <Suspense fallback={<Waiting />}>
      <Chart label={t('campaign.tabByHour')} options={{ series, xAxis: chart.xAxis, yAxis: { ...chart.yAxis, axisLabel: { formatter: '{value} %' } } }} />
      <p className="muted">{definitionOf(report, 'answer_ratio_per_call', 1, i18n.language)}</p>
      {chart.metric?.metric != null && <Notes chart={chart.metric.metric} campaign={report.campaign} zone={zone} />}
    </Suspense>
  )
}
