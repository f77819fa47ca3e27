// The wall as known at a minute of today, from what the log contains. The free capacity of lines then is not in the log
// and is left out.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { percent, seconds } from '../../app/format'
import { useMay, useSeesAll } from '../../app/session'
import { Status } from '../../components/Marks'
import { Empty, Refused, Waiting } from '../../components/States'
import { Big } from './Headline'

const ROWS_MAX = 12

export function Headlines({ asOf }: { asOf: string }) {
  const { t, i18n } = useTranslation()
  const daily = useQuery({
    queryKey: ['daily', asOf],
    queryFn: () => get('/api/v1/reports/daily', [], { as_of: asOf }),
    placeholderData: keepPreviousData,
  })
  if (daily.error) return <Refused why={daily.error} again={() => void daily.refetch()} />
  const reply = daily.data
  // Data of another minute is not shown as data of this one.
  if (reply === undefined || daily.isPlaceholderData) return <Waiting />
  const totals = reply.totals as Record<string, { value?: number | null; numerator: number; denominator?: number | null } | undefined>
  const label = (name: string, version: number) => {
    const column = reply.columns.find((one) => one.column === name)
    return `${(i18n.language === 'en' ? column?.label.en : column?.label.zh) ?? t('campaigns.figure')} v${version}`
  }
  const of = (name: string) => t('wall.ofDay', { part: totals[name]?.numerator ?? '–', whole: totals[name]?.denominator ?? '–' })
  return (
    <div className="wall-row">
      <Big name={label('dialed_calls_v1', 1)} value={String(totals['dialed_calls_v1']?.numerator ?? '–')} below={[t('home.today', { date: reply.date })]} />
      <Big name={label('answer_ratio_per_call_v1', 1)} value={percent(totals['answer_ratio_per_call_v1']?.value)} below={[of('answer_ratio_per_call_v1')]} />
      <Big name={label('talk_ms_mean_v1', 1)} value={seconds(totals['talk_ms_mean_v1']?.value)} below={[t('home.perAnswered')]} />
      <Big name={label('conversion_ratio_v2', 2)} value={percent(totals['conversion_ratio_v2']?.value)} below={[of('conversion_ratio_v2')]} />
    </div>
  )
}

export function CampaignsThen({ asOf }: { asOf: string }) {
  const { t, i18n } = useTranslation()
  const campaigns = useQuery({
    queryKey: ['campaigns', asOf],
    queryFn: () => get('/api/v1/campaigns', [], { limit: 500, as_of: asOf }),
    placeholderData: keepPreviousData,
  })
  if (campaigns.error) return <Refused why={campaigns.error} again={() => void campaigns.refetch()} />
  const reply = campaigns.data
  if (reply === undefined || campaigns.isPlaceholderData) return <Waiting />
  const label = (one: 'answer_ratio' | 'conversion_ratio_people' | 'talk_ms_mean') => {
    const version = reply.versions?.[one]
    return version ? `${i18n.language === 'en' ? version.label.en : version.label.zh} v${version.version}` : t('campaigns.figure')
  }
  const items = [...reply.items].sort((one, other) => (other.open ?? 0) - (one.open ?? 0))
  return (
    <section className="card">
      <header>
        <h2>{t('menu.campaigns')}</h2>
        <span className="muted">{t('wall.sinceBeginning')}</span>
      </header>
      {items.length === 0 && <Empty what={t('campaigns.none')} />}
      <div className="scroll-x">
        <table className="wall-table">
          <thead>
            <tr>
              <th>{t('campaigns.name')}</th>
              <th>{t('campaigns.status')}</th>
              <th>{t('campaigns.waiting')}</th>
              <th>{t('campaigns.open')}</th>
              <th>{label('answer_ratio')}</th>
              <th>{label('conversion_ratio_people')}</th>
              <th>{label('talk_ms_mean')}</th>
            </tr>
          </thead>
          <tbody>
            {items.slice(0, ROWS_MAX).map((one) => (
              <tr key={one.id}>
                <th><Link className="data" to="/campaigns/$id" params={{ id: one.id }}>{one.id}</Link></th>
                <td><Status status={one.status} /></td>
                <td>{one.waiting ?? '–'}</td>
                <td>{one.open ?? '–'}</td>
                <td>{percent(one.answer_ratio)}</td>
                <td>{percent(one.conversion_ratio_people)}</td>
                <td>{seconds(one.talk_ms_mean)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {items.length > ROWS_MAX && <footer>{t('wall.more', { count: items.length - ROWS_MAX })}</footer>}
    </section>
  )
}

export function Past({ asOf }: { asOf: string }) {
  const may = useMay()
  const seesAll = useSeesAll()
  return (
    <>
      {seesAll && <Headlines asOf={asOf} />}
      {may('campaigns:read') && <CampaignsThen asOf={asOf} />}
    </>
  )
}
