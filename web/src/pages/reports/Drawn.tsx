// The chart of one metric of a report, by day or hour, with its definition and the notes of users.
import { useQuery } from '@tanstack/react-query'
import { Segmented } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { Notes } from '../../components/Notes'
import { Refused, Waiting } from '../../components/States'
import { worded } from './figures'
import { useMetrics } from './Metrics'
import type { Compared } from './Compare'

const Chart = lazy(async () => ({ default: (await import('../../components/Chart')).Chart }))

interface Props {
  figure: Compared
  from: string
  to: string
  zone: string
  asOf?: string | undefined
}

export function Drawn({ figure, from, to, zone, asOf }: Props) {
  const { t, i18n } = useTranslation()
  const [by, setBy] = useState<'day' | 'hour'>('day')
  const metrics = useMetrics()
  const of = (metrics.data?.items ?? []).find((one) => one.name === figure.metric && one.version === figure.version)
  const chart = useQuery({
    queryKey: ['chart', figure.metric, figure.version, figure.campaign ?? '', from, to, by, asOf ?? 'now'],
    queryFn: () => get('/api/v1/charts/{name}', [figure.metric], { version: figure.version, campaign: figure.campaign, from, to, by, as_of: asOf, lang: i18n.language === 'en' ? 'en' : 'zh' }),
    enabled: of !== undefined,
    staleTime: 30_000,
  })
  const name = of === undefined ? figure.metric : `${worded(of.label, i18n.language)} v${figure.version.toString()}`
  return (
    <section className="card" aria-label={name}>
      <header>
        <h2>{name} <span className="muted">{figure.campaign ?? ''}</span></h2>
        <Segmented size="small" value={by} onChange={setBy} options={(['day', 'hour'] as const).map((value) => ({ value, label: t(`reports.by.${value}`) }))} />
      </header>
      {chart.error && <Refused why={chart.error} again={() => void chart.refetch()} />}
      {of?.awaits != null ? (
        <p className="body c-amber">{t('reports.awaitsOf', { kind: of.awaits })}</p>
      ) : chart.data === undefined ? (
        !chart.error && <Waiting />
      ) : (
        <Suspense fallback={<Waiting />}>
          <Chart label={name} options={{ series: chart.data.series.map((one) => ({ type: 'bar', name, data: one.data })), xAxis: chart.data.xAxis, yAxis: chart.data.yAxis }} />
        </Suspense>
      )}
      <Notes chart={figure.metric} campaign={figure.campaign} zone={zone} />
      {of !== undefined && <footer>{worded(of.definition, i18n.language)}</footer>}
    </section>
  )
}
