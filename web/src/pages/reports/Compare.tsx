// The figures of a report beside those of another period (by default the one of equal length just before): the
// difference and its confidence. The server computes it; with too few calls the table says so.
import { useQueries } from '@tanstack/react-query'
import { Button, DatePicker, Table } from 'antd'
import type { Dayjs } from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { instantFrom, instantIn } from '../../app/format'
import { takeAway } from '../../app/takeAway'
import { Word } from '../../components/Marks'
import type { Tone } from '../../components/lineMarks'
import { Refused, Waiting } from '../../components/States'
import { difference, worded, written } from './figures'

type Comparison = ResponseOf<'/api/v1/metrics/{name}/comparison'>

export interface Compared {
  metric: string
  version: number
  campaign?: string | null | undefined
}

interface Props {
  figures: readonly Compared[]
  from: string
  to: string
  zone: string
  asOf?: string | undefined
}

const TONE: Record<Comparison['verdict'], Tone> = { higher: 'line', lower: 'amber', unclear: 'slate', too_few: 'slate', no_interval: 'slate', no_figure: 'slate' }

/** Returns the instant at which a day begins in the report's time zone. */
function beginOf(day: Dayjs, zone: string): string {
  return instantFrom(`${day.format('YYYY-MM-DD')}T00:00:00`, zone) ?? ''
}

export function Compare({ figures, from, to, zone, asOf }: Props) {
  const { t, i18n } = useTranslation()
  const [base, setBase] = useState<{ from: string; to: string } | null>(null)
  const asked = useQueries({
    queries: figures.map((one) => ({
      queryKey: ['comparison', one.metric, one.version, one.campaign ?? '', from, to, base?.from ?? '', base?.to ?? '', asOf ?? 'now'],
      queryFn: () => get('/api/v1/metrics/{name}/comparison', [one.metric], { version: one.version, campaign: one.campaign, from, to, base_from: base?.from, base_to: base?.to, as_of: asOf }),
      staleTime: 30_000,
    })),
  })
  const failed = asked.find((one) => one.isError)
  const rows = asked.flatMap((one) => (one.data === undefined ? [] : [one.data]))
  const range = (one: Comparison['period'] | undefined) => (one === undefined ? '–' : `${instantIn(one.from, zone)} – ${instantIn(one.to, zone)}`)
  const bounds = (one: Comparison, low: number | null | undefined, high: number | null | undefined) => (low == null || high == null ? '' : ` [${written(one.unit, low)}, ${written(one.unit, high)}]`)
  const cells = (one: Comparison): string[] => [
    `${worded(one.label, i18n.language)} v${one.version.toString()}`,
    one.campaign ?? t('reports.all'),
    `${written(one.unit, one.period.value)}${bounds(one, one.period.low, one.period.high)}`,
    `${written(one.unit, one.base.value)}${bounds(one, one.base.low, one.base.high)}`,
    `${difference(one.unit, one.difference)}${one.difference_low == null ? '' : ` [${difference(one.unit, one.difference_low)}, ${difference(one.unit, one.difference_high)}]`}`,
    t(`reports.verdict.${one.verdict}`, { cases: one.cases_min, clusters: one.clusters_min }),
  ]
  const titles = ['metric', 'campaign', 'period', 'base', 'difference', 'saying'].map((one) => t(`reports.${one}`))
  return (
    <section className="card" aria-label={t('reports.compare')}>
      <header>
        <h2>{t('reports.compare')}</h2>
        <span>
          <DatePicker.RangePicker
            aria-label={t('reports.baseOf')}
            placeholder={[t('reports.baseFrom'), t('reports.baseTo')]}
            onChange={(chosen) => setBase(chosen?.[0] && chosen[1] ? { from: beginOf(chosen[0], zone), to: beginOf(chosen[1].add(1, 'day'), zone) } : null)}
          />{' '}
          <Button size="small" disabled={rows.length === 0} onClick={() => takeAway('comparison.csv', [titles, ...rows.map(cells)])}>{t('reports.takeAway')}</Button>
        </span>
      </header>
      {failed !== undefined && <Refused why={failed.error} again={() => void failed.refetch()} />}
      {rows.length === 0 && failed === undefined ? (
        <Waiting />
      ) : (
        <Table<Comparison>
          rowKey={(one) => `${one.name} ${one.version.toString()} ${one.campaign ?? ''}`}
          size="small"
          pagination={false}
          dataSource={rows}
          scroll={{ x: 'max-content' }}
          columns={titles.map((title, at) => ({
            title,
            key: title,
            render: (_: unknown, one: Comparison) => (at === 5 ? <Word tone={TONE[one.verdict]}>{cells(one)[5] ?? ''}</Word> : cells(one)[at]),
          }))}
        />
      )}
      <footer>{t('reports.compared', { period: range(rows[0]?.period), base: range(rows[0]?.base), percent: rows[0]?.confidence_percent ?? 95 })}</footer>
    </section>
  )
}
