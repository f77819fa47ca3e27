// The page of one customer, masked: their timeline, their campaigns with progress, and why they may or may not be
// called now, by each rule with its facts.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { ask, get, Problem } from '../api/client'
import { beginView, endView } from '../api/pageView'
import { useReady } from '../api/queries'
import { instantIn } from '../app/format'
import { Age } from '../components/Figure'
import { LineOfTime } from '../components/LineOfTime'
import type { Mark, Tone } from '../components/lineMarks'
import { Tag, Word } from '../components/Marks'
import { Pairs } from '../components/Pairs'
import { Empty, Missing, Refused, Waiting } from '../components/States'
import { Acts } from './customer/Acts'
import { Manage } from './customer/Manage'
import { About } from './customer/Portrait'
import { WhyNot } from './customer/WhyNot'

const here = getRouteApi('/customers/$id')

function toneOf(kind: string): Tone {
  if (kind === 'call.answered' || kind === 'customer.dial_granted') return 'line'
  if (kind.includes('refused') || kind.includes('held') || kind.includes('erase') || kind.includes('opt_out')) return 'red'
  return kind.startsWith('call.') ? 'amber' : 'slate'
}

/** The form of our internal ids. An institution's own id may be an identity number and must not occur in our URLs. */
const OURS = /^[0-9a-f]{32}$/

export function CustomerPage() {
  const { id } = here.useParams()
  return OURS.test(id) ? <Person id={id} /> : <Elsewhere named={id} />
}

/**
 * Handles an old URL with the institution's own id: redirects to the internal id and leaves no trace of the old one.
 */
function Elsewhere({ named }: { named: string }) {
  const search = here.useSearch()
  const navigate = useNavigate()
  const found = useQuery({ queryKey: ['customer-found', named], queryFn: () => ask('/api/v1/customers/find', [], { customer: named }), retry: false, gcTime: 0 })
  const id = found.data?.id
  useEffect(() => {
    if (id !== undefined) void navigate({ to: '/customers/$id', params: { id }, search, replace: true })
  }, [id, navigate, search])
  if (found.error instanceof Problem && found.error.status === 404) return <Missing />
  if (found.error) return <Refused why={found.error} again={() => void found.refetch()} />
  return <Waiting />
}

function Person({ id }: { id: string }) {
  const { t, i18n } = useTranslation()
  const { position, campaign } = here.useSearch()
  const navigate = useNavigate()
  const ready = useReady()
  // Before the first request is sent, so that all requests of the page are logged as one read.
  beginView(id)
  useEffect(() => {
    beginView(id)
    return () => endView(id)
  }, [id])
  const shown = useQuery({
    queryKey: ['customer', id, position ?? 'now'],
    queryFn: () => get('/api/v1/customers/{id}', [id], { as_of: position }),
    // Old data is shown only for the same customer, never that of another one.
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  })
  const timeline = useQuery({ queryKey: ['timeline', id], queryFn: () => get('/api/v1/customers/{id}/timeline', [id]) })
  const marks = useMemo<Mark[]>(
    () =>
      (timeline.data?.timeline ?? []).map((line) => ({
        position: line.position,
        at: Date.parse(line.at),
        kind: line.kind,
        label: i18n.exists(`event.${line.kind}`) ? t(`event.${line.kind}`) : line.kind,
        tone: toneOf(line.kind),
      })),
    [timeline.data, t, i18n],
  )
  if (shown.error instanceof Problem && shown.error.status === 404) return <Missing />
  if (shown.error && shown.data === undefined) return <Refused why={shown.error} again={() => void shown.refetch()} />
  // The timeline covers all campaigns, so users limited to some campaigns get none; the rest of the page is shown.
  const isNotTheirs = timeline.error instanceof Problem && timeline.error.status === 403
  const person = shown.data
  if (person === undefined) return <Waiting />
  const zone = person.local_zone ?? 'Asia/Shanghai'
  const enrolments = person.enrolments ?? []
  const chosen = campaign ?? enrolments[0]?.campaign
  const isPast = position !== undefined
  // Data of another moment is not shown as data of this one; the timeline stays, with its focus.
  const isReading = shown.isPlaceholderData
  const moveTo = (to: number | null) => void navigate({ to: '/customers/$id', params: { id }, search: { campaign, position: to ?? undefined }, replace: true })
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <div className="head">
        <h1>
          {t('customer.title')} <span className="data">{person.name ?? t('calls.unknownCallee')}</span>
        </h1>
        {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsalShort')}</Tag>}
        {person.standing?.held != null && <Tag tone="red">{t('customer.held')}</Tag>}
        <span className="muted">{(person.numbers ?? []).map((one) => one.phone ?? t('calls.unknownCallee')).join(', ')} · <span className="data">{person.customer_id} · {zone}</span></span>
        <span className="spread" />
        {!isReading && <Age at={shown.dataUpdatedAt} position={person.known?.position ?? null} />}
        {!isPast && <Acts person={person} />}
      </div>
      {shown.error && <Refused why={shown.error} again={() => void shown.refetch()} />}
      {timeline.error && !isNotTheirs && <Refused why={timeline.error} again={() => void timeline.refetch()} />}
      {marks.length > 0 && <LineOfTime marks={marks} cursor={position ?? null} onMove={moveTo} zone={zone} />}
      {isReading ? (
        <Waiting />
      ) : (
        <>
          <div className="split">
            {chosen === undefined || isPast ? (
              <section className="card">
                <Empty what={t(isPast ? 'customer.whyNow' : 'customer.noCampaign')} />
              </section>
            ) : (
              <WhyNot id={id} campaign={chosen} zone={zone} />
            )}
            <section className="card">
              <header>
                <h2>{t('customer.enrolments')}</h2>
                <span className="muted">{isPast ? t('customer.then') : ''}</span>
              </header>
              <Pairs
                className="body"
                rows={enrolments.map((one) => ({
                  key: one.campaign,
                  name: <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>,
                  value: (
                    <>
                      {one.settled == null ? (
                        <Word tone="amber">{one.due_at == null ? t('customer.open') : t('customer.due', { time: instantIn(one.due_at, zone) })}</Word>
                      ) : (
                        <Word tone="slate">{t('customer.settled', { as: t(`disposition.${one.settled.disposition}`) })}</Word>
                      )}
                      <div className="muted">{t('customer.attempts', { count: one.attempts })}</div>
                    </>
                  ),
                }))}
              />
              <header>
                <h2>{t('menu.calls')}</h2>
                {isPast && <span className="c-amber">{t('customer.callsNow')}</span>}
              </header>
              {timeline.isPending && <Waiting />}
              <ul className="list body">
                {(timeline.data?.calls ?? []).map((one) => (
                  <li key={one.call}>
                    <Link to="/calls/$id" params={{ id: one.call }}>{instantIn(one.permitted_at, zone)}</Link>{' '}
                    {one.disposition == null ? t('calls.underway') : t(`disposition.${one.disposition}`)}
                  </li>
                ))}
              </ul>
            </section>
          </div>
          {!isPast && <Manage person={person} zone={zone} />}
          <About person={person} zone={zone} position={position} />
        </>
      )}
    </div>
  )
}
