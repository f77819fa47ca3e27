// Every event of the log: filtered, by pages or as it grows; one of them whole, with what it follows from and what
// followed from it.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Switch } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import type { EventSearch } from '../../app/deskRoutes'
import { timeIn } from '../../app/format'
import { toneOfKind, useKindWord, type StoredEvent } from '../../components/EventsLine'
import { LineOfTime } from '../../components/LineOfTime'
import type { Mark } from '../../components/lineMarks'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { useSeen } from '../../components/useSeen'
import { Export } from './Export'
import { Filters } from './Filters'
import { useFollowed, type Standing } from './follow'
import { positionBefore } from './positionAt'
import { Whole } from './Whole'

const here = getRouteApi('/events')
const PAGE = 200
const TONES: Record<Standing, 'line' | 'amber' | 'red'> = { connecting: 'amber', caughtUp: 'line', behind: 'amber', cut: 'red', ended: 'red' }

export function EventsPage() {
  const { t } = useTranslation()
  const word = useKindWord()
  const search = here.useSearch()
  const navigate = useNavigate()
  const [from, setFrom] = useState<string | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const { kind, stream, campaign, after, position } = search
  const filter = { kind, stream, campaign }
  const go = (to: Partial<EventSearch>) => void navigate({ to: '/events', search: (before) => ({ ...before, ...to }), replace: true })
  // An address that names an event alone is of the page on which it is.
  const begin = after ?? (position === undefined ? '0' : String(Math.max(position - 1, 0)))
  const read = useQuery({
    queryKey: ['log', kind, stream, campaign, begin],
    queryFn: () => get('/api/v1/events', [], { ...filter, after: begin, limit: PAGE }),
    placeholderData: keepPreviousData,
    enabled: from === null,
    staleTime: Infinity,
  })
  const followed = useFollowed(filter, from)
  const isFollowing = from !== null
  const events = useMemo<StoredEvent[]>(() => (isFollowing ? followed.items : (read.data?.items ?? [])), [isFollowing, followed.items, read.data])
  const marks = useMemo<Mark[]>(
    () => events.map((one) => ({ position: Number(one.position), at: Date.parse(one.time), kind: one.type, label: word(one.type), tone: toneOfKind(one.type) })),
    [events, word],
  )
  const at = position ?? null
  const shown = at === null ? events.at(-1) : (events.filter((one) => Number(one.position) <= at).at(-1) ?? events[0])
  const moveTo = (to: number | null) => go({ position: to ?? undefined, after: begin })
  const follow = async (isOn: boolean) => {
    setRefused(null)
    try {
      setFrom(isOn ? String(await positionBefore(Number.POSITIVE_INFINITY)) : null)
      if (isOn) go({ position: undefined })
    } catch (why) {
      setRefused(why)
    }
  }
  return (
    <>
      <PageHead title={t('desk.events')} about={t('events.about')} at={isFollowing ? followed.heardAt : read.dataUpdatedAt} position={isFollowing ? followed.position : read.data?.next}>
        {isFollowing && <Tag tone={TONES[followed.standing]}>{t(`events.is.${followed.standing}`, { count: followed.behind })}</Tag>}
        {!isFollowing && <Export filter={filter} after={begin} />}
        <label>
          {t('events.follow')} <Switch checked={isFollowing} onChange={(isOn) => void follow(isOn)} aria-label={t('events.follow')} />
        </label>
      </PageHead>
      <Filters key={JSON.stringify(filter)} filter={filter} onFilter={(to, behind) => go({ ...to, after: String(behind), position: undefined })} />
      {refused !== null && <Refused why={refused} />}
      {marks.length > 0 && <LineOfTime marks={marks} cursor={at} onMove={moveTo} zone={ZONE} />}
      {read.error && !isFollowing && <Refused why={read.error} again={() => void read.refetch()} />}
      {isFollowing && followed.letGo > 0 && <div className="c-amber" role="status">{t('events.letGo', { count: followed.letGo, held: followed.items.length })}</div>}
      <div className="split">
        <section className="card" aria-label={t('events.list')}>
          <header>
            <h2>{t('events.list')}</h2>
            {!isFollowing && (
              <span>
                <Button size="small" disabled={begin === '0'} onClick={() => go({ after: '0', position: undefined })}>{t('events.first')}</Button>{' '}
                <Button size="small" disabled={read.data === undefined || read.data.next === begin} onClick={() => go({ after: read.data?.next, position: undefined })}>{t('events.next')}</Button>
              </span>
            )}
          </header>
          {events.length === 0 && !read.isPending ? (
            <Empty what={t(isFollowing ? 'events.noneYet' : 'events.none')} next={<span className="mono">{t('events.noneNext', { after: read.data?.next ?? begin })}</span>} />
          ) : (
            <List events={events} shown={shown} onMove={(to) => moveTo(to)} />
          )}
        </section>
        {shown !== undefined && <Whole event={shown} onMove={(to) => go({ position: to, after: undefined })} />}
      </div>
    </>
  )
}

function List({ events, shown, onMove }: { events: readonly StoredEvent[]; shown: StoredEvent | undefined; onMove: (position: number) => void }) {
  const seen = useSeen<HTMLButtonElement>(shown?.position)
  return (
    <div className="scroll">
      {events.map((one) => (
        <button
          key={one.id}
          type="button"
          className={one === shown ? 'event here' : 'event'}
          style={{ gridTemplateColumns: '72px 1fr 1fr 72px' }}
          aria-current={one === shown}
          ref={one === shown ? seen : null}
          onClick={() => onMove(Number(one.position))}
        >
          <span className="mono">{one.position}</span>
          <span className="mono">{one.type}</span>
          <span className="mono muted">{one.subject}</span>
          <span className="muted">{timeIn(one.time, ZONE)}</span>
        </button>
      ))}
    </div>
  )
}
