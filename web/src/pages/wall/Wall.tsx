// The live wall: figures of this moment from the server's stream, readable across a room, each with its age; and the
// same as known at any minute of today.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { lazy, Suspense, useCallback, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useReady } from '../../api/queries'
import { instantIn, timeIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Tag } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'
import { Standing, Targets } from './Beside'
import { CampaignsNow, LinesNow } from './Floor'
import { type Asked, Headline } from './Headline'
import { Rewind } from './Rewind'
import { type Stream, useAge, useStream } from './stream'
import { Past } from './Then'

// Loaded on demand, because few open it while the wall is loaded in many rooms.
const Behind = lazy(async () => ({ default: (await import('../reports/Behind')).Behind }))
const here = getRouteApi('/wall')
const HOUR_MS = 3_600_000
/** Days are those of Beijing, which has no daylight saving time. */
const ZONE = 'Asia/Shanghai'
const OFFSET_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** Returns the begin of the hour of a moment, as events behind figures are queried by whole hours. */
function hourOf(at: number): string {
  return new Date(Math.floor(at / HOUR_MS) * HOUR_MS).toISOString()
}

export function Wall() {
  const { t } = useTranslation()
  const { as_of: asOf } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const ready = useReady()
  const stream = useStream()
  const move = useCallback(
    (at: number | null) => void navigate({ to: '/wall', search: at === null ? {} : { as_of: new Date(at).toISOString() }, replace: true }),
    [navigate],
  )
  const [behind, setBehind] = useState<(Asked & { to: string }) | null>(null)
  const { picture } = stream
  // The hours are those of the picture from which the figure was read, not of a later one.
  const shownAt = picture?.shown_at
  const open = useCallback((asked: Asked) => shownAt !== undefined && setBehind({ ...asked, to: shownAt }), [shownAt])
  if (!may('figures:read')) return <Refused why={null} />
  if (picture === null) return stream.why === null ? <Waiting /> : <Refused why={stream.why} />
  const now = Date.parse(picture.shown_at)
  const midnight = Math.floor((now + OFFSET_MS) / DAY_MS) * DAY_MS - OFFSET_MS
  const isPast = asOf !== undefined
  return (
    <div className={isPast ? 'wall past-page' : 'wall'} data-position={picture.position}>
      <div className="head">
        <h1>{t('menu.wall')}</h1>
        {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsalShort')}</Tag>}
        {picture.of !== 'all' && <Tag tone="slate">{t('wall.named')}</Tag>}
        {isPast ? <Tag tone="amber">{t('line.past', { time: instantIn(asOf, ZONE) })}</Tag> : <Freshness stream={stream} />}
        <span className="spread" />
        <b className="wall-clock">{timeIn(now, ZONE)}</b>
        <Button size="small" onClick={() => void fullScreen()}>{t('wall.fullScreen')}</Button>
      </div>
      <Rewind midnight={midnight} now={now} at={isPast ? Date.parse(asOf) : null} zone={ZONE} onMove={move} />
      {isPast ? <Past asOf={asOf} /> : <Headline picture={picture} trail={stream.trail} onOpen={open} />}
      <div className="split">
        <div className="list">
          {!isPast && <CampaignsNow picture={picture} />}
          <Targets asOf={asOf} />
        </div>
        <div className="list">
          {!isPast && <LinesNow picture={picture} />}
          <Standing asOf={asOf} zone={ZONE} />
        </div>
      </div>
      {behind !== null && (
        <Suspense fallback={null}>
          <Behind figure={behind} from={hourOf(Date.parse(behind.to) - HOUR_MS)} to={hourOf(Date.parse(behind.to) + HOUR_MS)} zone={ZONE} onClose={() => setBehind(null)} />
        </Suspense>
      )}
      {picture.forgotten > 0 && <p className="c-amber">{t('wall.forgotten', { count: picture.forgotten })}</p>}
    </div>
  )
}

/** The age of the picture; if the stream is interrupted, since when. */
function Freshness({ stream }: { stream: Stream }) {
  const { t } = useTranslation()
  const { age, isStale } = useAge(stream)
  const { picture } = stream
  if (picture === null) return null
  if (isStale || stream.why !== null) {
    return <Tag tone="red">{t('wall.stale', { since: timeIn(picture.shown_at, ZONE), seconds: Math.round(age / 1_000) })}</Tag>
  }
  return <Tag tone="line">{t('wall.fresh', { seconds: (age / 1_000).toFixed(1), position: picture.position })}</Tag>
}

/**
 * Switches full screen on or off for the whole page, so that dialogs above it are visible. If the browser refuses,
 * nothing changes.
 */
async function fullScreen(): Promise<void> {
  const asked = document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen()
  await asked.catch(() => undefined)
}
