// The live wall: figures of this moment for a room to read, from the server's stream, with the age of each; and the same
// at any minute of today, as it was known then.
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

// Opened by few, and a wall is loaded in many rooms.
const Behind = lazy(async () => ({ default: (await import('../reports/Behind')).Behind }))
const here = getRouteApi('/wall')
const HOUR_MS = 3_600_000
/** Days of figures are those of Beijing, which has no summer time. */
const ZONE = 'Asia/Shanghai'
const OFFSET_MS = 8 * 3_600_000
const DAY_MS = 24 * 3_600_000

/** The whole hour that this moment is in: events behind figures are asked for by hours. */
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
  // The hours that a figure's last hour lies in end with the picture it was read from, not with one that came later.
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

/** How old the picture is; where none comes any more, since when, and that it is asked for again. */
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

/** The whole page, so that what opens above it is seen too; a browser may refuse it, then it stays as it is. */
async function fullScreen(): Promise<void> {
  const asked = document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen()
  await asked.catch(() => undefined)
}
