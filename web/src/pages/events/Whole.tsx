// One event: its stored form, schema, causes and effects, and the request that returns it.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { App, Button, Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { useKindWord, type EventRow, type StoredEvent } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'
import { Graph } from './Graph'

/** Returns how many values of the event are sealed with a person's key. */
function sealedIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + sealedIn(one), 0)
  if (typeof value !== 'object' || value === null) return 0
  const members = value as Record<string, unknown>
  if (typeof members['sealed'] === 'string' && typeof members['key'] === 'string') return 1
  return Object.values(members).reduce<number>((sum, one) => sum + sealedIn(one), 0)
}

/** Replaces sealed values by a word, because their text is unreadable. */
function replaceSealed(value: unknown, word: string): unknown {
  if (Array.isArray(value)) return value.map((one) => replaceSealed(one, word))
  if (typeof value !== 'object' || value === null) return value
  const members = value as Record<string, unknown>
  if (typeof members['sealed'] === 'string' && typeof members['key'] === 'string') return `⟨${word}⟩ ${members['key'].slice(0, 8)}…`
  return Object.fromEntries(Object.entries(members).map(([name, one]) => [name, replaceSealed(one, word)]))
}

/** One event, loaded in full. Events never change, so it is loaded once. */
export function WholeOf({ row, onMove }: { row: EventRow; onMove: (position: number) => void }) {
  const whole = useQuery({
    queryKey: ['event', row.id],
    queryFn: async () => (await get('/api/v1/events', [], { after: String(Number(row.position) - 1), limit: 1 })).items.find((one) => one.id === row.id) ?? null,
    staleTime: Infinity,
  })
  if (whole.error) return <Refused why={whole.error} again={() => void whole.refetch()} />
  if (whole.data == null) return <Waiting />
  return <Whole event={whole.data} onMove={onMove} />
}

function Whole({ event, onMove }: { event: StoredEvent; onMove: (position: number) => void }) {
  const { t } = useTranslation()
  const word = useKindWord()
  const { message } = App.useApp()
  const sealed = sealedIn(event.data)
  // The customer's erasure, if any: values sealed with their key are permanently unreadable.
  const erased = useQuery({
    queryKey: ['erased', event.customer],
    queryFn: () => get('/api/v1/events', [], { customer: event.customer, kind: 'customer.erased', limit: 1 }),
    enabled: event.customer != null && sealed > 0,
  })
  const erasure = erased.data?.items[0]
  const curl = `curl -H "Authorization: Bearer $TOKEN" '${location.origin}/api/v1/events?after=${Number(event.position) - 1}&limit=1'`
  const copy = async () => {
    await navigator.clipboard.writeText(curl)
    void message.success(t('events.copied'))
  }
  return (
    <section className="card" aria-label={t('desk.theEvent')}>
      <header>
        <h2>{word(event.type)} <span className="mono">{event.type} v{event.kindversion}</span></h2>
        <Button size="small" onClick={() => void copy()}>{t('events.copy')}</Button>
      </header>
      <dl className="pairs body">
        <dt>{t('line.position')}</dt>
        <dd>{event.position}</dd>
        <dt>{t('events.at')}</dt>
        <dd>{instantIn(event.time, ZONE)}</dd>
        <dt>{t('events.streamOf')}</dt>
        <dd><Link className="mono" to="/events" search={{ stream: event.subject, after: '0', position: Number(event.position) }}>{event.subject}</Link> · {event.streamversion}</dd>
        <Subjects event={event} />
        {sealed > 0 && (
          <>
            <dt>{t('events.personal')}</dt>
            <dd>
              {erasure === undefined ? (
                <Tag tone="slate">{t('events.sealed', { count: sealed })}</Tag>
              ) : (
                <>
                  <Tag tone="red">{t('events.erased', { count: sealed, time: instantIn(erasure.time, ZONE) })}</Tag>{' '}
                  <Link to="/events" search={{ position: Number(erasure.position) }}>{erasure.position}</Link>
                </>
              )}
            </dd>
          </>
        )}
      </dl>
      <Tabs
        style={{ padding: '0 14px 8px' }}
        items={[
          { key: 'data', label: t('events.data'), children: <pre className="mono scroll" tabIndex={0} aria-label={t('events.data')} style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{JSON.stringify(replaceSealed(event.data, t(erasure === undefined ? 'events.isSealed' : 'events.isErased')), null, 1)}</pre> },
          { key: 'graph', label: t('events.graph'), children: <Graph id={event.id} onMove={onMove} /> },
          { key: 'stored', label: t('events.stored'), children: <pre className="mono scroll" tabIndex={0} aria-label={t('events.stored')} style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{JSON.stringify(event, null, 1)}</pre> },
          { key: 'shape', label: t('events.shape'), children: <Shape event={event} /> },
          { key: 'curl', label: t('events.curl'), children: <pre className="mono" style={{ whiteSpace: 'pre-wrap' }}>{curl}</pre> },
        ]}
      />
    </section>
  )
}

function Subjects({ event }: { event: StoredEvent }) {
  const { t } = useTranslation()
  const may = useMay()
  const call = event.subject.startsWith('call-') ? event.subject.slice('call-'.length) : null
  return (
    <>
      {event.campaign != null && (
        <>
          <dt>{t('campaigns.name')}</dt>
          <dd>{may('campaigns:read') ? <Link className="data" to="/campaigns/$id" params={{ id: event.campaign }} search={{ position: Number(event.position) }}>{event.campaign}</Link> : <span className="data">{event.campaign}</span>}</dd>
        </>
      )}
      {call !== null && may('calls:read') && (
        <>
          <dt>{t('menu.calls')}</dt>
          <dd><Link className="data" to="/calls/$id" params={{ id: call }} search={{ position: Number(event.position) }}>{call}</Link></dd>
        </>
      )}
      {event.customer != null && may('customers:read') && (
        <>
          <dt>{t('customer.title')}</dt>
          <dd><Link className="data" to="/customers/$id" params={{ id: event.customer }}>{event.customer}</Link></dd>
        </>
      )}
    </>
  )
}

/** The schema of the event's version, next to the newest one: events of older versions are read as the newest. */
function Shape({ event }: { event: StoredEvent }) {
  const { t } = useTranslation()
  const kinds = useQuery({ queryKey: ['kinds'], queryFn: () => get('/api/v1/events/schemas'), staleTime: Infinity })
  const current = Math.max(event.kindversion, ...(kinds.data?.items ?? []).filter((one) => one.kind === event.type).map((one) => one.version))
  const shape = useQuery({
    queryKey: ['shape', event.type, current],
    queryFn: () => get('/api/v1/events/schemas/{kind}/{version}', [event.type, String(current)]),
    staleTime: Infinity,
  })
  if (shape.error) return <Refused why={shape.error} />
  if (shape.data === undefined) return <Waiting />
  return (
    <>
      <p className={current === event.kindversion ? 'muted' : 'c-amber'}>
        {t(current === event.kindversion ? 'events.shapeCurrent' : 'events.shapeOlder', { stored: event.kindversion, current })}
      </p>
      <pre className="mono scroll" tabIndex={0} aria-label={t('events.shape')} style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{JSON.stringify(shape.data, null, 1)}</pre>
    </>
  )
}
