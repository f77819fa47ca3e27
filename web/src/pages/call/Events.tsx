// The events of the call in stored order, one of them in full, and the signaling derived from them.
import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import type { CallEvent } from '../../api/queries'
import { clockOf, count, timeIn } from '../../app/format'
import { lastAt } from '../../components/lineMarks'
import { Rows } from '../../components/Rows'
import type { Rung } from './story'

interface Props {
  events: readonly CallEvent[]
  begin: number
  position: number
  zone: string
  onMove: (position: number) => void
}

const positionOf = (event: CallEvent) => Number(event.position)

export function Events({ events, begin, position, zone, onMove }: Props) {
  const { t } = useTranslation()
  const at = lastAt(events, position, positionOf)
  const row = (index: number) => {
    const event = events[index]
    if (event === undefined) return null
    return (
      <button
        key={event.id}
        type="button"
        className={index === at ? 'event here' : 'event'}
        aria-current={index === at}
        onClick={() => onMove(positionOf(event))}
      >
        <span className="mono">{event.position}</span>
        <span>{t(`event.${event.type}`)}</span>
        <span className="muted" title={timeIn(event.time, zone)}>{clockOf(Date.parse(event.time) - begin)}</span>
      </button>
    )
  }
  return (
    <section className="card">
      <header>
        <h2>{t('call.events')}</h2>
        <span className="muted">{count(events.length)}</span>
      </header>
      <Rows count={events.length} at={at < 0 ? undefined : at} render={row} label={t('call.events')} />
    </section>
  )
}

/** Most lines of signaling around the cursor; the number of the others is shown. */
const RUNGS_MAX = 200

export function Whole({ events, rungs, position, zone, onMove }: Omit<Props, 'begin'> & { rungs: readonly Rung[] }) {
  const { t } = useTranslation()
  const shown = events[lastAt(events, position, positionOf)]
  const begin = Math.max(lastAt(rungs, position, (rung) => rung.position) - RUNGS_MAX / 2, 0)
  const near = rungs.slice(begin, begin + RUNGS_MAX)
  return (
    <div className="card">
      <Tabs
        style={{ padding: '0 14px 8px' }}
        items={[
          {
            key: 'sip',
            label: t('call.sip'),
            children: (
              <>
                {near.length < rungs.length && <p className="c-amber">{t('call.near', { shown: near.length, all: rungs.length })}</p>}
                {near.map((rung, at) => (
                  <button key={`${rung.position}-${at}`} type="button" className="event" onClick={() => onMove(rung.position)}>
                    <span className="mono">{rung.position}</span>
                    <span className="mono">{`${t('call.ladderUs')} ${rung.isOurs ? '──▶' : '◀──'} ${t('call.ladderThem')}   ${rung.what}`}</span>
                    <span className="muted">{timeIn(rung.at, zone)}</span>
                  </button>
                ))}
              </>
            ),
          },
          {
            key: 'whole',
            label: t('call.whole'),
            children: <pre className="mono scroll" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{shown === undefined ? '' : JSON.stringify(shown, null, 1)}</pre>,
          },
        ]}
      />
    </div>
  )
}
