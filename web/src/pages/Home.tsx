// Home: what is running, what needs me, and today.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { get } from '../api/client'
import { useAlerts, useCampaigns, useLive, useReady, useStops } from '../api/queries'
import { instantIn, percent, seconds } from '../app/format'
import { useMay, useSeesAll } from '../app/session'
import { whyNotNow } from '../app/whyNot'
import { Age, Figure } from '../components/Figure'
import { Status, Word } from '../components/Marks'
import { Empty, Refused, Waiting } from '../components/States'

const ZONE = 'Asia/Shanghai'

export function Home() {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  return (
    <>
      <div className="head">
        <h1>{t('home.title')}</h1>
      </div>
      {may('figures:read') && seesAll && <Today />}
      <div className="split">
        {may('campaigns:read') && <Running />}
        <Needs />
      </div>
    </>
  )
}

function Today() {
  const { t, i18n } = useTranslation()
  const daily = useQuery({ queryKey: ['daily'], queryFn: () => get('/api/v1/reports/daily'), refetchInterval: 5_000 })
  const live = useLive()
  if (daily.error) return <Refused why={daily.error} again={() => void daily.refetch()} />
  const told = daily.data
  if (told === undefined) return <Waiting />
  const cell = (name: string) => (told.totals as Record<string, { value?: number | null; numerator: number; denominator?: number | null } | undefined>)[name]
  const label = (name: string) => {
    const column = told.columns.find((one) => one.column === name)
    return (i18n.language === 'en' ? column?.label.en : column?.label.zh) ?? name
  }
  const of = (name: string) => `${cell(name)?.numerator ?? '–'} ÷ ${cell(name)?.denominator ?? '–'}`
  const reached = told.targets.filter((one) => one.reached).length
  return (
    <>
      <div className="row">
        <Figure name={label('dialed_calls_v1')} value={String(cell('dialed_calls_v1')?.numerator ?? '–')} below={t('home.today', { date: told.date })} />
        <Figure name={`${label('answer_ratio_per_call_v1')} v1`} value={percent(cell('answer_ratio_per_call_v1')?.value)} below={of('answer_ratio_per_call_v1')} />
        <Figure name={`${label('talk_ms_mean_v1')} v1`} value={seconds(cell('talk_ms_mean_v1')?.value)} below={t('home.perAnswered')} />
        <Figure name={`${label('conversion_ratio_v2')} v2`} value={percent(cell('conversion_ratio_v2')?.value)} below={of('conversion_ratio_v2')} />
        <Figure
          name={t('home.targets')}
          value={told.targets.length === 0 ? '–' : `${reached} / ${told.targets.length}`}
          below={told.targets.length === 0 ? t('home.noTargets') : t('home.targetsReached')}
        />
      </div>
      <div>
        <Age at={daily.dataUpdatedAt} position={told.position} />
        {live.data && <span className="muted"> · {t('age.live', { ms: live.data.age_ms })} · {t('age.server', { time: instantIn(live.data.shown_at, ZONE) })}</span>}
      </div>
    </>
  )
}

function Running() {
  const { t, i18n } = useTranslation()
  const campaigns = useCampaigns()
  const ready = useReady()
  if (campaigns.error) return <Refused why={campaigns.error} again={() => void campaigns.refetch()} />
  if (campaigns.data === undefined) return <Waiting />
  const items = [...campaigns.data.items].sort((one, other) => Number(other.status === 'running') - Number(one.status === 'running'))
  return (
    <section className="card">
      <header>
        <h2>{t('home.running')}</h2>
        <Link to="/campaigns">{t('home.all', { count: items.length })}</Link>
      </header>
      {items.length === 0 && <Empty what={t('campaigns.none')} next={<code className="mono">{t('campaigns.noneNext')}</code>} />}
      <div className="body">
        {items.slice(0, 8).map((one) => {
          const why = whyNotNow(one, ready.isError ? undefined : ready.data, i18n.language !== 'en')
          return (
            <div key={one.id} className="funnel" style={{ gridTemplateColumns: 'minmax(120px, 1fr) 110px 1fr 2fr', padding: '5px 0' }}>
              <Link to="/campaigns/$id" params={{ id: one.id }}>{one.id}</Link>
              <Status status={one.status} />
              <span title={t('campaigns.settledOf', { settled: one.settled, enrolled: one.enrolled })}>
                <span className="bar" style={{ display: 'block' }}>
                  <i style={{ width: `${one.enrolled === 0 ? 0 : (100 * one.settled) / one.enrolled}%` }} />
                </span>
                <span className="muted">{t('campaigns.settledOf', { settled: one.settled, enrolled: one.enrolled })}</span>
              </span>
              {why === null ? <Word tone="line">{t('why.dialing')}</Word> : <Word tone={why.tone}>{t(why.key, why.values)}</Word>}
            </div>
          )
        })}
      </div>
    </section>
  )
}

function Needs() {
  const { t, i18n } = useTranslation()
  const alerts = useAlerts()
  const stops = useStops()
  const approvals = useQuery({
    queryKey: ['approvals'],
    queryFn: () => get('/api/v1/approvals', [], { open: 'true', limit: 100 }),
    refetchInterval: 10_000,
  })
  const may = useMay()
  const [standing, engaged, asked] = [alerts.data?.items ?? [], stops.data?.items ?? [], approvals.data?.items ?? []]
  // Nothing is said to need nobody before all of it has been read.
  const questions = [...(may('alerts:read') ? [alerts] : []), ...(may('installation:read') ? [stops] : []), approvals]
  const failed = questions.filter((one) => one.isError)
  const isRead = questions.every((one) => one.isSuccess)
  return (
    <section className="card">
      <header>
        <h2>{t('home.needs')}</h2>
        <Age at={alerts.dataUpdatedAt || approvals.dataUpdatedAt} />
      </header>
      {failed.map((one, index) => <Refused key={index} why={one.error} again={() => void one.refetch()} />)}
      {!isRead && failed.length === 0 && <Waiting />}
      <ul className="list body">
        {engaged.map((one) => (
          <li key={one.stop}>
            <Word tone="red">{t('home.stop', { stop: one.stop, since: instantIn(one.since, ZONE), by: one.by ?? '–', reason: one.reason })}</Word>
          </li>
        ))}
        {standing.map((one) => (
          <li key={one.alert}>
            <Word tone={one.severity === 'critical' ? 'red' : 'amber'}>{i18n.language === 'en' ? one.label_en : one.label_zh}</Word>
            <div className="muted">
              {one.campaign != null && <Link to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>} {instantIn(one.raised_at, ZONE)}{' '}
              {one.acknowledged_by != null ? t('alerts.acknowledgedBy', { by: one.acknowledged_by }) : t('alerts.nobodyYet')}
            </div>
          </li>
        ))}
        {asked.map((one) => (
          <li key={one.id}>
            <Word tone="amber">{t('home.approval', { act: i18n.language === 'en' ? one.act : one.act_zh, by: one.requested_by })}</Word>
          </li>
        ))}
        {(alerts.data?.leftOff ?? 0) > 0 && <li className="c-amber">{t('wall.leftOff', { count: alerts.data?.leftOff ?? 0 })}</li>}
        {isRead && standing.length + engaged.length + asked.length === 0 && <li className="muted">{t('home.nothing')}</li>}
      </ul>
    </section>
  )
}
