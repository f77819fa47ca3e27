// What needs attention: stops, alerts, approvals, campaigns that wait at a stage or are near their abandonment budget,
// and cases near their deadline. Each links to its page. “Nothing to do” is shown only after everything was loaded.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { NAMED_MAX, SLOW_MS, useAlerts, useCampaigns, useStops, type CampaignListed, type StopShown } from '../../api/queries'
import { instantIn, percent } from '../../app/format'
import { useMay, useSeesAll } from '../../app/session'
import { Age } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'
import { LiftIt, useReachWord } from '../../components/Stops'

/** A campaign is listed from this share of its abandonment budget on. */
const NEAR = 0.8
/** An open case is listed this long before its deadline, in milliseconds. */
const SOON_MS = 3 * 24 * 60 * 60_000

interface Case {
  id: string
  overdue: boolean
  deadline: { due_at: string }
}

export function Needs() {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const english = i18n.language === 'en'
  const alerts = useAlerts()
  const stops = useStops()
  const approvals = useQuery({
    queryKey: ['approvals'],
    queryFn: () => get('/api/v1/approvals', [], { open: 'true', limit: 100 }),
    refetchInterval: SLOW_MS,
  })
  const mayCases = may('cases:read') && seesAll
  const complaints = useQuery({ queryKey: ['due', 'complaints'], queryFn: () => get('/api/v1/complaints', [], { open: 'true', limit: 200 }), refetchInterval: SLOW_MS, enabled: mayCases })
  const requests = useQuery({ queryKey: ['due', 'requests'], queryFn: () => get('/api/v1/requests', [], { open: 'true', limit: 200 }), refetchInterval: SLOW_MS, enabled: mayCases })
  const [standing, engaged, asked] = [alerts.data?.items ?? [], stops.data?.items ?? [], approvals.data?.items ?? []]
  const [late, wished] = [dueOf(complaints.data?.items), dueOf(requests.data?.items)]
  const questions = [...(may('alerts:read') ? [alerts] : []), ...(may('installation:read') ? [stops] : []), approvals, ...(mayCases ? [complaints, requests] : [])]
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
        {engaged.map((one) => <Engaged key={one.stop} stop={one} />)}
        {standing.map((one) => (
          <li key={one.alert}>
            <Word tone={one.severity === 'critical' ? 'red' : 'amber'}>{english ? one.label_en : one.label_zh}</Word>
            <div className="muted">
              {one.campaign != null && <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>} {instantIn(one.raised_at, ZONE)}{' '}
              {one.acknowledged_by != null ? t('alerts.acknowledgedBy', { by: one.acknowledged_by }) : t('alerts.unacknowledged')}
            </div>
          </li>
        ))}
        {asked.map((one) => (
          <li key={one.id}>
            <Link to="/approvals"><Word tone="amber">{t('home.approval', { act: english ? one.act.replace(/_/g, ' ') : one.act_zh, by: one.requested_by })}</Word></Link>
          </li>
        ))}
        {late.length > 0 && <Due tab="complaints" cases={late} />}
        {wished.length > 0 && <Due tab="requests" cases={wished} />}
        {may('campaigns:read') && <OfCampaigns />}
        {(alerts.data?.leftOff ?? 0) > 0 && <li className="c-amber">{t('wall.leftOff', { count: alerts.data?.leftOff ?? 0 })}</li>}
        {isRead && standing.length + engaged.length + asked.length + late.length + wished.length === 0 && <li className="muted">{t('home.nothing')}</li>}
      </ul>
    </section>
  )
}

/** Returns the cases that are overdue or due soon, ordered by deadline. */
function dueOf<C extends Case>(items: readonly C[] | undefined): C[] {
  const soon = Date.now() + SOON_MS
  return (items ?? []).filter((one) => one.overdue || Date.parse(one.deadline.due_at) <= soon).sort((one, other) => one.deadline.due_at.localeCompare(other.deadline.due_at))
}

function Due({ tab, cases }: { tab: 'complaints' | 'requests'; cases: readonly Case[] }) {
  const { t } = useTranslation()
  const overdue = cases.filter((one) => one.overdue).length
  return (
    <li>
      <Link to="/compliance" search={{ tab }}>
        <Word tone={overdue > 0 ? 'red' : 'amber'}>{t(`home.${tab}`, { count: cases.length, overdue, first: instantIn(cases[0]?.deadline.due_at ?? '', ZONE) })}</Word>
      </Link>
    </li>
  )
}

function Engaged({ stop }: { stop: StopShown }) {
  const { t } = useTranslation()
  const what = useReachWord()(stop)
  const text = <Word tone="red">{t('home.stop', { stop: what, since: instantIn(stop.since, ZONE), by: stop.by ?? '–', reason: stop.reason })}</Word>
  return (
    <li>
      {stop.scope === 'campaign' && stop.id !== null ? (
        <Link to="/campaigns/$id" params={{ id: stop.id }}>{text}</Link>
      ) : stop.scope === 'trunk' ? (
        <Link to="/lines">{text}</Link>
      ) : (
        text
      )}{' '}
      <LiftIt stop={stop} isSmall />
    </li>
  )
}

/** Campaigns that wait for a promotion, and campaigns near their abandonment budget. */
function OfCampaigns() {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const campaigns = useCampaigns()
  const running = (campaigns.data?.items ?? []).filter((one) => one.status === 'running' || one.status === 'paused').slice(0, NAMED_MAX)
  const budgets = useQuery({
    queryKey: ['budgets', ...running.map((one) => one.id)],
    queryFn: () => Promise.all(running.map((one) => get('/api/v1/campaigns/{id}/abandonment', [one.id]))),
    refetchInterval: SLOW_MS,
    enabled: may('figures:read') && running.length > 0,
  })
  const near = (budgets.data ?? []).filter(({ budget }) => isNear(budget))
  const waits = (one: CampaignListed) => (i18n.language === 'en' ? one.stage?.waiting?.en : one.stage?.waiting?.zh)
  return (
    <>
      {campaigns.error && <li><Refused why={campaigns.error} again={() => void campaigns.refetch()} /></li>}
      {budgets.error && <li><Refused why={budgets.error} again={() => void budgets.refetch()} /></li>}
      {near.map(({ campaign, budget }) => (
        <li key={`budget ${campaign}`}>
          <Link to="/campaigns/$id" params={{ id: campaign }} search={{ tab: 'abandonment' }}>
            <Word tone={(budget.used_per_mille ?? 0) > budget.limit_per_mille ? 'red' : 'amber'}>
              {t('home.budget', { campaign, used: percent((budget.used_per_mille ?? 0) / 1000), limit: percent(budget.limit_per_mille / 1000) })}
            </Word>
          </Link>
        </li>
      ))}
      {running.filter((one) => one.stage?.waiting != null).map((one) => (
        <li key={`gate ${one.id}`}>
          <Link to="/campaigns/$id" params={{ id: one.id }} search={{ tab: 'stage' }}>
            <Word tone="amber">{t('home.gate', { campaign: one.id, why: waits(one) ?? '' })}</Word>
          </Link>
        </li>
      ))}
    </>
  )
}

function isNear(budget: ResponseOf<'/api/v1/campaigns/{id}/abandonment'>['budget']): boolean {
  return budget.binds !== false && budget.used_per_mille !== null && budget.used_per_mille >= NEAR * budget.limit_per_mille
}
