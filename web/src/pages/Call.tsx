// The page of one call. Its timeline moves all panes at once: transcript, reasons, the state after the events up to
// there, the events themselves and the signaling; and whether all of it is proved.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, Problem } from '../api/client'
import { LIVE_MS, useReady } from '../api/queries'
import { clockOf, instantIn } from '../app/format'
import { useMay } from '../app/session'
import { Age } from '../components/Figure'
import { LineOfTime } from '../components/LineOfTime'
import { indexAt } from '../components/lineMarks'
import { Tag, toneOfCall } from '../components/Marks'
import { Missing, Refused, Waiting } from '../components/States'
import { Acts } from './call/Acts'
import { Badge } from './call/Badge'
import { Events, Whole } from './call/Events'
import { Now, Placed } from './call/Now'
import { ladderOf, lanesOf, marksOf, reasonsOf, statesOf, turnsOf, type Waveform, withWave } from './call/story'
import { Talk } from './call/Talk'
import { Corrections, Summary } from './call/Summary'
import { Why } from './call/Why'

const here = getRouteApi('/calls/$id')

export function CallPage() {
  const { t } = useTranslation()
  const { id } = here.useParams()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const ready = useReady()
  const shown = useQuery({
    queryKey: ['call', id],
    queryFn: () => get('/api/v1/calls/{id}', [id]),
    refetchInterval: (query) => (query.state.data?.ended == null ? LIVE_MS : false),
  })
  const isOver = shown.data?.ended != null
  const reply = useQuery({
    queryKey: ['call-events', id],
    queryFn: () => get('/api/v1/calls/{id}/events', [id]),
    refetchInterval: (query) => (query.state.data?.items.some((event) => event.type === 'call.ended') ? false : LIVE_MS),
  })
  const events = useMemo(() => reply.data?.items ?? [], [reply.data])
  const replay = useQuery({
    queryKey: ['replay', id, isOver],
    queryFn: () => get('/api/v1/calls/{id}/replay', [id]),
    retry: false,
    enabled: isOver,
  })
  const campaign = useQuery({
    queryKey: ['zone', shown.data?.campaign],
    queryFn: () => get('/api/v1/campaigns/{id}', [shown.data?.campaign ?? '']),
    enabled: shown.data?.campaign != null && may('campaigns:read'),
    staleTime: Infinity,
  })
  const [wave, setWave] = useState<{ of: string; wave: Waveform } | null>(null)
  const story = useMemo(
    () => ({
      marks: marksOf(events, (kind) => t(`event.${kind}`)),
      lanes: lanesOf(events, { robot: t('call.robot'), callee: t('call.callee') }),
      turns: turnsOf(events, replay.data),
      reasons: reasonsOf(events, replay.data),
      states: statesOf(events),
      rungs: ladderOf(events),
    }),
    [events, replay.data, t],
  )
  const answeredAt = Date.parse(shown.data?.answered_at ?? '')
  const lanes = useMemo(() => withWave(story.lanes, wave?.of === id ? wave.wave : null, answeredAt), [story.lanes, wave, id, answeredAt])
  if (shown.error instanceof Problem && shown.error.status === 404) return <Missing />
  if (shown.error) return <Refused why={shown.error} again={() => void shown.refetch()} />
  const call = shown.data
  if (reply.error && reply.data === undefined) return <Refused why={reply.error} again={() => void reply.refetch()} />
  if (call === undefined || reply.data === undefined) return <Waiting />
  const zone = campaign.data?.time_zone ?? 'Asia/Shanghai'
  const { marks, states } = story
  const at = position ?? marks[marks.length - 1]?.position ?? 0
  const index = Math.max(indexAt(marks, at), 0)
  const begin = Date.parse(call.answered_at ?? events[0]?.time ?? '')
  const moveTo = (to: number | null) => void navigate({ to: '/calls/$id', params: { id }, search: { position: to ?? undefined }, replace: true })
  const toInstant = (moment: number) => moveTo([...marks].reverse().find((mark) => mark.at <= moment)?.position ?? null)
  const ended = call.ended
  return (
    <div className={position === undefined ? 'list' : 'past-page list'}>
      <div className="head">
        <h1>{t('call.title', { callee: call.callee ?? t('calls.unknownCallee') })}</h1>
        <Tag tone={toneOfCall(ended?.disposition, call.answered_at != null)}>
          {ended == null ? t('calls.underway') : [t(`disposition.${ended.disposition}`), ended.outcome == null ? null : t(`outcome.${ended.outcome}`)].filter(Boolean).join(' · ')}
        </Tag>
        {ended != null && may('audit:read') && <Badge id={id} events={events} />}
        {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsalShort')}</Tag>}
        <span className="muted">
          {call.campaign != null && <Link className="data" to="/campaigns/$id" params={{ id: call.campaign }}>{call.campaign}</Link>} · {t('call.attempt', { attempt: call.attempt ?? 1 })} · {events[0] && instantIn(events[0].time, zone)}
        </span>
        <span className="spread" />
        <Age at={reply.dataUpdatedAt} position={events[events.length - 1]?.position} />
        {position === undefined && <Acts call={call} />}
      </div>
      {replay.error && <Refused why={replay.error} again={() => void replay.refetch()} />}
      <LineOfTime
        marks={marks}
        lanes={lanes}
        cursor={position ?? null}
        onMove={moveTo}
        zone={zone}
        isOver={isOver}
        tell={(moment) => (moment < begin ? `-${clockOf(begin - moment + 999)}` : clockOf(moment - begin))}
      />
      <div className="thirds">
        <Talk id={id} turns={story.turns} begin={begin} position={at} hasRecording={call.recording != null} onMove={moveTo} onMoveTo={toInstant} onWave={(one) => setWave({ of: id, wave: one })} />
        <div className="list">
          <Why reasons={story.reasons} position={at} flow={call.flow == null ? '' : `${call.flow.flow}@${call.flow.version}`} />
          <Events events={events} begin={begin} position={at} zone={zone} onMove={moveTo} />
        </div>
        <div className="list">
          <Now state={states[index] ?? {}} before={states[index - 1] ?? {}} zone={zone} />
          {position === undefined && ended != null && call.answered_at !== null && <Summary id={id} />}
          <Corrections of={(call.corrections ?? []).filter((one) => position === undefined || Number(one.position) <= position)} zone={zone} />
          <Placed permitted={events[0]} campaign={call.campaign} customer={call.customer} zone={zone} />
        </div>
      </div>
      <Whole events={events} rungs={story.rungs} position={at} zone={zone} onMove={moveTo} />
    </div>
  )
}
