// Every event of the call in stored order, and, one at a time, the whole of it; the signalling that they tell of.
import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import type { CallEvent } from '../../api/queries'
import { clockOf, timeIn } from '../../app/format'
import { useSeen } from '../../components/useSeen'
import type { Rung } from './story'

interface Props {
  events: readonly CallEvent[]
  begin: number
  position: number
  zone: string
  onMove: (position: number) => void
}

export function eventAt(events: readonly CallEvent[], position: number): CallEvent | undefined {
  return [...events].reverse().find((event) => Number(event.position) <= position)
}

export function Events({ events, begin, position, zone, onMove }: Props) {
  const { t } = useTranslation()
  const here = useSeen<HTMLButtonElement>(position)
  const shown = eventAt(events, position)
  return (
    <section className="card">
      <header>
        <h2>{t('call.events')}</h2>
        <span className="muted">{events.length}</span>
      </header>
      <div className="scroll short">
        {events.map((event) => (
          <button
            key={event.id}
            type="button"
            className={event === shown ? 'event here' : 'event'}
            aria-current={event === shown}
            ref={event === shown ? here : null}
            onClick={() => onMove(Number(event.position))}
          >
            <span className="mono">{event.position}</span>
            <span>{t(`event.${event.type}`)}</span>
            <span className="muted" title={timeIn(event.time, zone)}>{clockOf(Date.parse(event.time) - begin)}</span>
          </button>
        ))}
      </div>
    </section>
  )
}

export function Whole({ events, rungs, position, zone, onMove }: Omit<Props, 'begin'> & { rungs: readonly Rung[] }) {
  const { t } = useTranslation()
  const shown = eventAt(events, position)
  return (
    <div className="card">
      <Tabs
        style={{ padding: '0 14px 8px' }}
        items={[
          {
            key: 'sip',
            label: t('call.sip'),
            children: rungs.map((rung, at) => (
              <button key={`${rung.position}-${at}`} type="button" className="event" onClick={() => onMove(rung.position)}>
                <span className="mono">{rung.position}</span>
                <span className="mono">{`${t('call.ladderUs')} ${rung.isOurs ? '──▶' : '◀──'} ${t('call.ladderThem')}   ${rung.what}`}</span>
                <span className="muted">{timeIn(rung.at, zone)}</span>
              </button>
            )),
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
