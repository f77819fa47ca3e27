// The profile of one customer: figures of their calls with the call that each came from; transcript values; consents;
// individual rules; and their person requests.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { get, Problem, type ResponseOf } from '../../api/client'
import { paged } from '../../api/paged'
import { clockOf, instantIn } from '../../app/format'
import { useMay, useSeesAll } from '../../app/session'
import { Tag, Word } from '../../components/Marks'
import { Pairs } from '../../components/Pairs'
import { Refused } from '../../components/States'

type Person = ResponseOf<'/api/v1/customers/{id}'>

interface Props {
  person: Person
  zone: string
  position: number | undefined
}

export function About({ person, zone, position }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const isNow = position === undefined
  // A customer without calls, or an erased one, has no profile to query.
  const hasPortrait = (person.calls ?? []).length > 0 && !['decided', 'certified'].includes(person.standing?.erasure ?? 'none')
  return (
    <div className="thirds">
      <section className="card">
        <header><h2>{t('person.portrait')}</h2></header>
        <div className="body list">
          {seesAll && hasPortrait && <Calls id={person.id} zone={zone} position={position} />}
          {!hasPortrait && <span className="muted">{t('person.noCalls')}</span>}
          {isNow && may('customers:reveal') && <Attributes id={person.id} />}
        </div>
      </section>
      <section className="card">
        <header><h2>{t('person.rules')}</h2></header>
        <div className="body list">
          <OwnRules person={person} />
          {isNow && <Consents id={person.id} zone={zone} />}
        </div>
      </section>
      <section className="card">
        <header><h2>{t('person.data')}</h2></header>
        <div className="body list">
          <Erasure person={person} />
          {isNow && seesAll && may('cases:read') && <Requests id={person.id} zone={zone} />}
        </div>
      </section>
    </div>
  )
}

function Calls({ id, zone, position }: { id: string; zone: string; position: number | undefined }) {
  const { t } = useTranslation()
  const portrait = useQuery({
    queryKey: ['portrait', id, position ?? 'now'],
    queryFn: () => get('/api/v1/customers/{id}/portrait', [id], { as_of: position }),
    retry: false,
  })
  if (portrait.error instanceof Problem && portrait.error.status === 404) return <span className="muted">{t('person.noCalls')}</span>
  if (portrait.error) return <Refused why={portrait.error} />
  const reply = portrait.data
  if (reply === undefined) return null
  const from = (call: string) => <Link to="/calls/$id" params={{ id: call }} className="muted">{t('person.fromCall')}</Link>
  const rows: [string, string, string | undefined][] = [
    [t('person.calls'), `${reply.calls} / ${reply.answered}`, undefined],
    [t('person.talk'), clockOf(reply.talk_ms), reply.longest_talk_ms?.call],
    [t('person.lastCall'), reply.last_call_at == null ? '–' : instantIn(reply.last_call_at.value, zone), reply.last_call_at?.call],
    [t('person.lastAnswered'), reply.last_answered_at == null ? '–' : instantIn(reply.last_answered_at.value, zone), reply.last_answered_at?.call],
    [t('person.lastOutcome'), reply.last_outcome == null ? '–' : t(`outcome.${reply.last_outcome.value}`), reply.last_outcome?.call],
  ]
  for (const one of reply.buying) rows.push([t('person.buying'), t('person.bought', { ...one }), one.named[0]])
  const style = reply.style
  if (style != null) rows.push([t('person.style'), styleOf(style, t), style.named[0]])
  if (reply.decision_ms != null) rows.push([t('person.decision'), decisionOf(reply.decision_ms, t), reply.converted_at?.call])
  return (
    <Pairs rows={rows.map(([name, value, call]) => ({ key: `${name} ${value}`, name, value: <>{value} {call !== undefined && from(call)}</> }))} />
  )
}

type Style = NonNullable<ResponseOf<'/api/v1/customers/{id}/portrait'>['style']>

function styleOf(style: Style, t: TFunction): string {
  const { interruptions, silences } = style
  return t('person.styled', { manner: t(`person.manner.${style.manner}`), talk: clockOf(style.talk_ms_mean), interruptions, silences })
}

const HOUR_MS = 3_600_000

function decisionOf(ms: number, t: TFunction): string {
  const hours = Math.floor(ms / HOUR_MS)
  return t('person.decided', { days: Math.floor(hours / 24), hours: hours % 24 })
}

function Attributes({ id }: { id: string }) {
  const { t } = useTranslation()
  const known = useQuery({ queryKey: ['attributes', id], queryFn: () => get('/api/v1/customers/{id}/attributes', [id]), retry: false })
  if (known.error) return <Refused why={known.error} />
  if (known.data === undefined) return null
  const values = Object.entries(known.data.attributes)
  return (
    <>
      <Pairs className="data" rows={values.map(([name, value]) => ({ key: name, name: <span className="mono">{name}</span>, value }))} />
      <div className="head data">{known.data.tags.map((one) => <Tag key={`${one.level} ${one.tag}`} tone="slate">{one.tag}</Tag>)}</div>
      {values.length === 0 && known.data.tags.length === 0 && <span className="muted">{t('person.noAttributes')}</span>}
    </>
  )
}

function OwnRules({ person }: { person: Person }) {
  const { t } = useTranslation()
  const caps = person.caps ?? []
  const times = person.preferred_times ?? []
  return (
    <dl className="pairs">
      <dt>{t('person.caps')}</dt>
      <dd>
        {caps.length === 0
          ? t('person.noCaps')
          : caps.map((one) => <div key={JSON.stringify(one)}>{t('person.cap', { counted: t(`person.counted.${one.counted}`), calls: one.calls_max, days: one.local_days })}</div>)}
      </dd>
      <dt>{t('person.preferred')}</dt>
      <dd>{times.length === 0 ? t('person.anyTime') : times.join('; ')}</dd>
    </dl>
  )
}

function Consents({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const consents = useQuery({ queryKey: ['consents', id], queryFn: () => get('/api/v1/customers/{id}/consents', [id]), retry: false })
  if (consents.error) return <Refused why={consents.error} />
  if (consents.data === undefined) return null
  return (
    <dl className="pairs">
      <dt>{t('person.consents')}</dt>
      <dd>
        {consents.data.consents.length === 0 && t('person.noConsents')}
        {consents.data.consents.map((one) => (
          <div key={one.scope}>
            <Word tone={one.consent === 'given' ? 'line' : 'amber'}>{t(`person.consent.${one.consent}`)}</Word> <span className="data">{one.scope}</span>{' '}
            <span className="muted">{one.given_at == null ? '' : instantIn(one.given_at, zone)}</span>
          </div>
        ))}
      </dd>
    </dl>
  )
}

function Erasure({ person }: { person: Person }) {
  const { t } = useTranslation()
  const standing = person.standing
  if (standing == null) return null
  return (
    <dl className="pairs">
      <dt>{t('person.erasure')}</dt>
      <dd>{t(`person.erasureOf.${standing.erasure}`)}</dd>
      {standing.certificate != null && (
        <>
          <dt>{t('person.certificate')}</dt>
          <dd className="mono">{standing.certificate}</dd>
        </>
      )}
      {standing.held != null && (
        <>
          <dt>{t('customer.held')}</dt>
          <dd className="data">{standing.held}</dd>
        </>
      )}
    </dl>
  )
}

function Requests({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const asked = useQuery({ queryKey: ['requests', 'all'], queryFn: () => paged((cursor) => get('/api/v1/requests', [], { limit: 500, cursor })), retry: false })
  if (asked.error) return <Refused why={asked.error} />
  if (asked.data === undefined) return null
  const items = asked.data.items.filter((one) => one.customer === id)
  return (
    <dl className="pairs">
      <dt>{t('person.requests')}</dt>
      <dd>
        {asked.data.next_cursor !== null && <div className="c-amber">{t('desk.notAll', { count: asked.data.items.length })}</div>}
        {items.length === 0 && asked.data.next_cursor === null && t('person.noRequests')}
        {items.map((one) => (
          <div key={one.id}>
            <Word tone={one.answered != null ? 'slate' : one.overdue ? 'red' : 'amber'}>{t(`compliance.wishOf.${one.wish}`)}</Word>{' '}
            <span className="muted">{instantIn(one.received_at, zone)}</span>
          </div>
        ))}
      </dd>
    </dl>
  )
}
