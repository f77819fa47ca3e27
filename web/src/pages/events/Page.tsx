// The page of all events of the log: filtered, by pages or live; one event in full, with its causes and effects.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Switch } from 'antd'
import { memo, useCallback, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { useLong } from '../../api/long'
import type { EventSearch } from '../../app/deskRoutes'
import { rowOf, toneOfKind, useKindWord, type EventRow } from '../../components/EventsLine'
import { LineOfTime } from '../../components/LineOfTime'
import type { Mark } from '../../components/lineMarks'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { useSettled } from '../../components/useSettled'
import { Export } from './Export'
import { Filters } from './Filters'
import { useFollowed, type Standing } from './follow'
import { BLOCK, List } from './List'
import { headOfLog } from './positionAt'
import { WholeOf } from './Whole'

const here = getRouteApi('/events')
/** Events of the first page, and of each further page: as many as can be read and rendered within one frame. */
const PAGE = 200
const FURTHER = 250
/** Rendered again only if their own data changes, because the list below loads up to a hundred thousand events. */
const [FiltersOnce, ExportOnce, WholeOnce] = [memo(Filters), memo(Export), memo(WholeOf)]
/** Most marks on the timeline: those of the events around the visible ones. */
const MARKS_MAX = 2 * BLOCK
const TONES: Record<Standing, 'line' | 'amber' | 'red'> = { connecting: 'amber', caughtUp: 'line', behind: 'amber', cut: 'red', ended: 'red' }

export function EventsPage() {
  const { t } = useTranslation()
  const word = useKindWord()
  const search = here.useSearch()
  const navigate = useNavigate()
  const [from, setFrom] = useState<string | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const { kind, stream, campaign, after, position } = search
  const filter = useMemo(() => ({ kind, stream, campaign }), [kind, stream, campaign])
  const go = useCallback((to: Partial<EventSearch>) => void navigate({ to: '/events', search: (before) => ({ ...before, ...to }), replace: true }), [navigate])
  const narrow = useCallback((to: EventSearch, behind: number) => go({ ...to, after: String(behind), position: undefined }), [go])
  const follows = useCallback((to: number) => go({ position: to, after: undefined }), [go])
  // A URL with only a position opens the page of the list on which that event is.
  const begin = after ?? (position === undefined ? '0' : String(Math.max(position - 1, 0)))
  const ask = useCallback(
    async (cursor: string | undefined) => {
      const page = await get('/api/v1/events', [], { kind, stream, campaign, after: cursor ?? begin, limit: cursor === undefined ? PAGE : FURTHER })
      // At the end of the log, a page ends where it began.
      return { items: page.items.map(rowOf), next: page.next === (cursor ?? begin) ? null : page.next }
    },
    [kind, stream, campaign, begin],
  )
  const read = useLong<EventRow>({ key: ['log', kind ?? '', stream ?? '', campaign ?? '', begin], ask, everyMs: false, enabled: from === null })
  const followed = useFollowed(filter, from)
  const isFollowing = from !== null
  const events: readonly EventRow[] = isFollowing ? followed.items : read.rows
  const [block, setBlock] = useState(0)
  const marksFrom = Math.max(useSettled(block) - 1, 0) * BLOCK
  const marked = events.slice(marksFrom, marksFrom + MARKS_MAX)
  // The marks change only if the events do, not when further pages are loaded.
  const marks = useMemo<Mark[]>(
    () => marked.map((one) => ({ position: Number(one.position), at: Date.parse(one.time), kind: one.type, label: word(one.type), tone: toneOfKind(one.type) })),
    [marked[0]?.id, marked.at(-1)?.id, marked.length, word],
  )
  const at = position ?? null
  // Without a position, the last event of the first page is shown; further pages do not change that.
  const shown = at === null ? (isFollowing ? events.at(-1) : events[Math.min(events.length, PAGE) - 1]) : (events[lastUpTo(events, at)] ?? events[0])
  const moveTo = useCallback(
    (to: number | null) => void navigate({ to: '/events', search: (before) => ({ ...before, position: to ?? undefined, after: begin }), replace: true }),
    [navigate, begin],
  )
  const follow = async (isOn: boolean) => {
    setRefused(null)
    try {
      setFrom(isOn ? String(await headOfLog()) : null)
      if (isOn) go({ position: undefined })
    } catch (why) {
      setRefused(why)
    }
  }
  return (
    <>
      <PageHead title={t('desk.events')} about={t('events.about')} at={isFollowing ? followed.heardAt : read.readAt} position={isFollowing ? followed.position : events.at(-1)?.position}>
        {isFollowing && <Tag tone={TONES[followed.standing]}>{t(`events.is.${followed.standing}`, { count: followed.behind })}</Tag>}
        {!isFollowing && <ExportOnce filter={filter} after={begin} />}
        <label>
          {t('events.follow')} <Switch checked={isFollowing} onChange={(isOn) => void follow(isOn)} aria-label={t('events.follow')} />
        </label>
      </PageHead>
      <FiltersOnce key={JSON.stringify(filter)} filter={filter} onFilter={narrow} />
      {refused !== null && <Refused why={refused} />}
      {marks.length > 0 && <LineOfTime marks={marks} cursor={at} onMove={moveTo} zone={ZONE} />}
      {read.error && !isFollowing && <Refused why={read.error} again={read.again} />}
      {isFollowing && followed.letGo > 0 && <div className="c-amber" role="status">{t('events.letGo', { count: followed.letGo, held: followed.items.length })}</div>}
      <div className="split">
        <section className="card" aria-label={t('events.list')}>
          <header>
            <h2>{t('events.list')}</h2>
            {!isFollowing && (
              <span>
                <Button size="small" disabled={begin === '0'} onClick={() => go({ after: '0', position: undefined })}>{t('events.first')}</Button>{' '}
                <Button size="small" disabled={read.next === null} onClick={() => go({ after: read.next ?? undefined, position: undefined })}>{t('events.next')}</Button>
              </span>
            )}
          </header>
          {events.length === 0 && !read.isPending ? (
            <Empty what={t(isFollowing ? 'events.noneYet' : 'events.none')} next={<span className="mono">{t('events.noneNext', { after: isFollowing && followed.position !== '' ? followed.position : begin })}</span>} />
          ) : (
            <List events={events} shown={shown} isChosen={at !== null || isFollowing} onMove={moveTo} onSeen={setBlock} list={isFollowing ? null : read} />
          )}
        </section>
        {shown !== undefined && <WholeOnce row={shown} onMove={follows} />}
      </div>
    </>
  )
}

/** Returns the index of the last event at or before a position, in events ordered by position. */
function lastUpTo(events: readonly EventRow[], position: number): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (Number(events[middle]?.position) <= position) low = middle + 1
    else high = middle
  }
  return low - 1
}
