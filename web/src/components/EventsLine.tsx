// The timeline of a page about events of certain kinds, for users who may read events. It continues reading where it
// stopped, keeps the latest events, and shows if it has not reached the end.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button } from 'antd'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../api/client'
import { SLOW_MS } from '../api/queries'
import { useMay } from '../app/session'
import { LineOfTime } from './LineOfTime'
import type { Mark, Tone } from './lineMarks'
import { ZONE } from './PageHead'
import { Refused } from './States'

export type StoredEvent = ResponseOf<'/api/v1/events'>['items'][number]

/** The members of an event that a list needs; a hundred thousand of them fit into a page. */
export type EventRow = Pick<StoredEvent, 'id' | 'position' | 'type' | 'subject' | 'time'>

export function rowOf({ id, position, type, subject, time }: StoredEvent): EventRow {
  return { id, position, type, subject, time }
}

/** Most marks on a timeline, the latest ones. */
const MARKS_MAX = 500
/** Most pages of the log that are read at a time. */
const PAGES_MAX = 20
const PAGE = 1000

interface Read {
  items: StoredEvent[]
  next: string
  isWhole: boolean
}

export function toneOfKind(kind: string): Tone {
  if (/refused|failed|dead_lettered|disabled|rejected|revoked|locked|removed|engaged|lost|doubted/.test(kind)) return 'red'
  if (/requested|opened|asked|begun|drawn|received|deferred/.test(kind)) return 'amber'
  return /approved|switched|signed_off|delivered|resolved|answered|issued|settled|lifted/.test(kind) ? 'line' : 'slate'
}

export function useKindWord(): (kind: string) => string {
  const { t, i18n } = useTranslation()
  return useCallback((kind: string) => (i18n.exists(`kind.${kind}`) ? t(`kind.${kind}`) : i18n.exists(`event.${kind}`) ? t(`event.${kind}`) : kind), [t, i18n])
}

export function useEventsOf(kinds: readonly string[], stream?: string, campaign?: string) {
  const may = useMay()
  const queries = useQueryClient()
  const queryKey = ['line', stream ?? '', campaign ?? '', ...kinds]
  return useQuery({
    queryKey,
    queryFn: async (): Promise<Read> => {
      const before = queries.getQueryData<Read>(queryKey)
      let { items, next } = before ?? { items: [], next: '0' }
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const read = await get('/api/v1/events', [], { kind: kinds, stream, campaign, after: next, limit: PAGE })
        items = [...items, ...read.items].slice(-MARKS_MAX)
        if (read.next === next) return { items, next, isWhole: true }
        next = read.next
      }
      return { items, next, isWhole: false }
    },
    refetchInterval: SLOW_MS,
    enabled: may('events:read'),
  })
}

interface Props {
  kinds: readonly string[]
  stream?: string
  campaign?: string | undefined
  cursor: number | null
  onMove: (position: number | null) => void
  /** The page itself cannot show the past: only the event is shown. */
  isOfNow?: boolean
}

export function EventsLine({ kinds, stream, campaign, cursor, onMove, isOfNow = false }: Props) {
  const { t } = useTranslation()
  const word = useKindWord()
  const read = useEventsOf(kinds, stream, campaign)
  const marks = useMemo<Mark[]>(
    () =>
      (read.data?.items ?? []).map((event) => ({
        position: Number(event.position),
        at: Date.parse(event.time),
        kind: event.type,
        label: word(event.type),
        tone: toneOfKind(event.type),
      })),
    [read.data, word],
  )
  if (marks.length === 0) {
    // Without a timeline, a button still leads back from the past to now.
    return (
      <>
        {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
        {cursor !== null && !isOfNow && <Button size="small" onClick={() => onMove(null)}>{t('line.back')}</Button>}
      </>
    )
  }
  const shown = cursor === null ? undefined : read.data?.items.filter((event) => Number(event.position) <= cursor).at(-1)
  return (
    <>
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <LineOfTime marks={marks} cursor={cursor} onMove={onMove} zone={ZONE} />
      {read.data?.isWhole === false && <div className="c-amber">{t('desk.lineShort', { position: read.data.next })}</div>}
      {cursor !== null && isOfNow && <div className="c-amber">{t('desk.notThen')}</div>}
      {shown !== undefined && (
        <section className="card" aria-label={t('desk.theEvent')}>
          <header>
            <h2>{word(shown.type)}</h2>
            <a className="mono" href={`/events?position=${shown.position}&stream=${encodeURIComponent(shown.subject)}`}>{`${shown.subject} · ${shown.position}`}</a>
          </header>
          <pre className="mono scroll short body" tabIndex={0} aria-label={t('desk.theEvent')} style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{JSON.stringify(shown.data, null, 1)}</pre>
        </section>
      )}
    </>
  )
}
