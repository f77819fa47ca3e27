// The home page: what is running, what needs the user, and today's figures; or all of it as known at another moment.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../api/client'
import { useCampaigns, useLive, useReady } from '../api/queries'
import { instantIn, percent, seconds } from '../app/format'
import { useMay, useSeesAll } from '../app/session'
import { whyNotNow } from '../app/whyNot'
import { Age, Figure } from '../components/Figure'
import { OF_HOME } from '../components/lineKinds'
import { Status, Word } from '../components/Marks'
import { Empty, Refused, Waiting } from '../components/States'
import { Needs } from './homepage/Needs'
import { Pauses } from './homepage/Pauses'
import { StopAll } from './homepage/StopAll'
import { Then } from './homepage/Then'
import type { Compared } from './reports/Compare'

// Loaded after the first render of the page.
const CampaignsLine = lazy(async () => ({ default: (await import('../components/CampaignsLine')).CampaignsLine }))
const Behind = lazy(async () => ({ default: (await import('./reports/Behind')).Behind }))

const here = getRouteApi('/')
const ZONE = 'Asia/Shanghai'

export function Home() {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const navigate = useNavigate()
  const { position } = here.useSearch()
  return (
    <div className={position === undefined ? 'list' : 'past-page list'}>
      <div className="head">
        <h1>{t(position === undefined ? 'home.title' : 'home.then')}</h1>
        <span className="spread" />
        <StopAll />
      </div>
      <Suspense>
        <CampaignsLine kinds={OF_HOME} cursor={position ?? null} onMove={(to) => void navigate({ to: '/', search: { position: to ?? undefined }, replace: true })} />
      </Suspense>
      {position === undefined && may('installation:read') && <Pauses />}
      {may('figures:read') && seesAll && <Today position={position} />}
      <div className="split">
        {may('campaigns:read') && <Running position={position} />}
        {position === undefined ? <Needs /> : <Then position={position} />}
      </div>
    </div>
  )
}

interface Moved {
  /** The log position up to which data is shown; undefined means now. */
  position: number | undefined
}

function Today({ position }: Moved) {
  const { t, i18n } = useTranslation()
  const isPast = position !== undefined
  const [behind, setBehind] = useState<Compared | null>(null)
  const daily = useQuery({
    queryKey: ['daily', position ?? 'now'],
    queryFn: () => get('/api/v1/reports/daily', [], { as_of: position }),
    refetchInterval: isPast ? false : 5_000,
  })
  const live = useLive()
  if (daily.error) return <Refused why={daily.error} again={() => void daily.refetch()} />
  const reply = daily.data
  if (reply === undefined) return <Waiting />
  const cell = (name: string) => (reply.totals as Record<string, { value?: number | null; numerator: number; denominator?: number | null } | undefined>)[name]
  const label = (name: string) => {
    const column = reply.columns.find((one) => one.column === name)
    return (i18n.language === 'en' ? column?.label.en : column?.label.zh) ?? name
  }
  const of = (name: string) => `${cell(name)?.numerator ?? '–'} ÷ ${cell(name)?.denominator ?? '–'}`
  const reached = reply.targets.filter((one) => one.reached).length
  return (
    <>
      <div className="row">
        <Figure onOpen={() => setBehind({ metric: 'dialed_calls', version: 1 })} name={label('dialed_calls_v1')} value={String(cell('dialed_calls_v1')?.numerator ?? '–')} below={t('home.today', { date: reply.date })} />
        <Figure onOpen={() => setBehind({ metric: 'answer_ratio_per_call', version: 1 })} name={`${label('answer_ratio_per_call_v1')} v1`} value={percent(cell('answer_ratio_per_call_v1')?.value)} below={of('answer_ratio_per_call_v1')} />
        <Figure onOpen={() => setBehind({ metric: 'talk_ms_mean', version: 1 })} name={`${label('talk_ms_mean_v1')} v1`} value={seconds(cell('talk_ms_mean_v1')?.value)} below={t('home.perAnswered')} />
        <Figure onOpen={() => setBehind({ metric: 'conversion_ratio', version: 2 })} name={`${label('conversion_ratio_v2')} v2`} value={percent(cell('conversion_ratio_v2')?.value)} below={of('conversion_ratio_v2')} />
        <Figure
          name={t('home.targets')}
          value={reply.targets.length === 0 ? '–' : `${reached} / ${reply.targets.length}`}
          below={reply.targets.length === 0 ? t('home.noTargets') : t('home.targetsReached')}
        />
      </div>
      <div>
        <Age at={daily.dataUpdatedAt} position={reply.position} />
        {live.data && !isPast && <span className="muted"> · {t('age.live', { ms: live.data.age_ms })} · {t('age.server', { time: instantIn(live.data.shown_at, ZONE) })}</span>}
      </div>
      {behind !== null && (
        <Suspense fallback={<Waiting />}>
          <Behind figure={behind} from={reply.from} to={reply.to} zone={ZONE} asOf={position?.toString()} onClose={() => setBehind(null)} />
        </Suspense>
      )}
    </>
  )
}

function Running({ position }: Moved) {
  const { t, i18n } = useTranslation()
  const campaigns = useCampaigns(position)
  const ready = useReady()
  if (campaigns.error) return <Refused why={campaigns.error} again={() => void campaigns.refetch()} />
  if (campaigns.data === undefined || (position !== undefined && campaigns.isPlaceholderData)) return <Waiting />
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
          // The reason for not dialing is known for now only.
          const why = position !== undefined ? null : whyNotNow(one, ready.isError ? undefined : ready.data, i18n.language !== 'en')
          return (
            <div key={one.id} className="funnel" style={{ gridTemplateColumns: 'minmax(120px, 1fr) 110px 1fr 2fr', padding: '5px 0' }}>
              <Link className="data" to="/campaigns/$id" params={{ id: one.id }} search={{ position }}>{one.id}</Link>
              <Status status={one.status} />
              <span title={t('campaigns.settledOf', { settled: one.settled, enrolled: one.enrolled })}>
                <span className="bar" style={{ display: 'block' }}>
                  <i style={{ width: `${one.enrolled === 0 ? 0 : (100 * one.settled) / one.enrolled}%` }} />
                </span>
                <span className="muted">{t('campaigns.settledOf', { settled: one.settled, enrolled: one.enrolled })}</span>
              </span>
              {position !== undefined ? null : why === null ? <Word tone="line">{t('why.dialing')}</Word> : <Word tone={why.tone}>{t(why.key, why.values)}</Word>}
            </div>
          )
        })}
      </div>
    </section>
  )
}
