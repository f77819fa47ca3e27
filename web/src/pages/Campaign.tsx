// The page of one campaign, live: timeline, figures with definitions, the reason why it does not dial, calls and
// funnel. It can also show the campaign as known at any of its own events.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Tabs } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { get, Problem } from '../api/client'
import { LIVE_MS, hasRows, useCampaign, useLive, useReady, useStops } from '../api/queries'
import { instantIn } from '../app/format'
import { useMay, useSeesAll } from '../app/session'
import { whyNotNow } from '../app/whyNot'
import { Age } from '../components/Figure'
import { LineOfTime } from '../components/LineOfTime'
import type { Mark, Tone } from '../components/lineMarks'
import { Status, Tag } from '../components/Marks'
import { Missing, Refused, Waiting } from '../components/States'
import { TestCall } from '../components/TestCall'
import { Actions } from './campaign/Actions'
import { Abandonment } from './campaign/Abandonment'
import { ByHour } from './campaign/ByHour'
import { CallsOf } from './campaign/CallsOf'
import { Clone } from './campaign/Clone'
import { Cost } from './campaign/Cost'
import { CutOff } from './campaign/CutOff'
import { Figures } from './campaign/Figures'
import { Funnel } from './campaign/Funnel'
import { NotCalled } from './campaign/NotCalled'
import { Pacing } from './campaign/Pacing'
import { Plan } from './campaign/Plan'
import { Reasons } from './campaign/Reasons'
import { Regions } from './campaign/Regions'
import { Running } from './campaign/Running'
import { Stage } from './campaign/Stage'

const here = getRouteApi('/campaigns/$id')

/** The campaign's own events on the timeline. Granted batches are left out, because there are thousands. */
const KINDS = [
  'created', 'started', 'paused', 'resumed', 'stopped', 'list_closed', 'list_undone', 'promoted', 'window_closed', 'alert_raised',
  'completed', 'reopened', 'targets_set', 'plan_changed', 'segment_frozen', 'anonymized',
].map((kind) => `campaign.${kind}`)

/** The event kinds that change the campaign's state. */
const STANDING = new Set(['campaign.started', 'campaign.paused', 'campaign.resumed', 'campaign.completed', 'campaign.reopened', 'campaign.stopped'])

const TONES: Record<string, Tone> = {
  'campaign.started': 'line', 'campaign.resumed': 'line', 'campaign.reopened': 'line', 'campaign.paused': 'amber',
  'campaign.window_closed': 'amber', 'campaign.alert_raised': 'red', 'campaign.stopped': 'red',
}

/** Returns the position of the rows; without rows, that of the last event on the timeline. */
function lastKnown(rows: string | null | undefined, marks: readonly Mark[]): number | undefined {
  return rows == null ? marks[marks.length - 1]?.position : Number(rows)
}

export function CampaignPage() {
  const { t, i18n } = useTranslation()
  const { id } = here.useParams()
  const { position, tab } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const seesAll = useSeesAll()
  const { shown, report } = useCampaign(id, position)
  const ready = useReady()
  const live = useLive()
  const stops = useStops()
  const events = useQuery({
    queryKey: ['campaign-events', id],
    queryFn: () => get('/api/v1/campaigns/{id}/events', [id], { kind: KINDS, limit: 1000 }),
    refetchInterval: LIVE_MS,
  })
  const marks = useMemo<Mark[]>(
    () =>
      (events.data?.items ?? []).map((event) => ({
        position: Number(event.position),
        at: Date.parse(event.time),
        kind: event.type,
        label: t(`event.${event.type}`),
        tone: TONES[event.type] ?? 'slate',
      })),
    [events.data, t],
  )
  if (shown.error instanceof Problem && shown.error.status === 404) return <Missing />
  if (shown.error && shown.data === undefined) return <Refused why={shown.error} again={() => void shown.refetch()} />
  const campaign = shown.data
  if (campaign === undefined) return <Waiting />
  // Data of another moment is not shown as data of this one; the timeline stays, with its focus.
  const isReading = shown.isPlaceholderData || report.isPlaceholderData
  const isPast = position !== undefined
  const status = campaign.status ?? 'draft'
  const why = isPast || !hasRows(campaign) ? null : whyNotNow({ ...campaign, status }, ready.isError ? undefined : ready.data, i18n.language !== 'en')
  const moveTo = (to: number | null) => void navigate({ to: '/campaigns/$id', params: { id }, search: { position: to ?? undefined, tab }, replace: true })
  // Whether the campaign is over now, whatever it was then, so that the time axis stays the same while the cursor
  // moves.
  const isOver = ['campaign.completed', 'campaign.stopped'].includes(marks[marks.length - 1]?.kind ?? '')
  const until = isOver || live.data === undefined ? undefined : Date.parse(live.data.shown_at)
  const since = marks.filter((mark) => STANDING.has(mark.kind)).at(-1)?.position
  const stop = stops.data?.items.find((one) => one.scope === 'all' || (one.scope === 'campaign' && one.id === id) || (one.scope === 'preset' && one.id === campaign.preset))
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <div className="head">
        <h1 className="data">{id}</h1>
        <Status status={status} />
        {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsalShort')}</Tag>}
        {stop && !isPast && <Tag tone="red">{t('campaign.stopEngaged')}</Tag>}
        <span className="muted">{t('campaign.about', { flow: `${campaign.flow.flow}@${campaign.flow.version}`, preset: campaign.preset, zone: campaign.time_zone })}</span>
        <span className="spread" />
        {!isPast && <TestCall campaign={id} />}
        {!isPast && <Clone id={id} />}
        {!isPast && <Actions campaign={{ ...campaign, status }} stop={stop} since={since} />}
      </div>
      {shown.error && <Refused why={shown.error} again={() => void shown.refetch()} />}
      <LineOfTime marks={marks} cursor={position ?? null} onMove={moveTo} zone={campaign.time_zone} until={until} isOver={isOver} />
      <div className="muted">
        {isReading ? null : isPast && campaign.known ? (
          t('campaign.knownThen', { time: campaign.known.recorded_at ? instantIn(campaign.known.recorded_at, campaign.time_zone) : '–', position: campaign.known.position })
        ) : (
          <>
            <Age at={shown.dataUpdatedAt} position={report.data?.as_of_position ?? null} />
            {ready.data && ` · ${t('age.lag', { count: ready.data.views_lag_events })}`}
            {live.data && ` · ${t('age.server', { time: instantIn(live.data.shown_at, campaign.time_zone) })}`}
          </>
        )}
      </div>
      {report.error && hasRows(campaign) && <Refused why={report.error} again={() => void report.refetch()} />}
      {isReading ? (
        <Waiting />
      ) : !hasRows(campaign) ? (
        <div className="empty" role="status">{t('campaign.noRows')}</div>
      ) : (
        <>
          <Figures id={id} campaign={campaign} report={report.data} why={why} position={position} />
          <div className="split">
            <div className="card">
              <Tabs
                className="tabs-all"
                style={{ padding: '0 14px 8px' }}
                activeKey={tab ?? 'calls'}
                onChange={(chosen) => void navigate({ to: '/campaigns/$id', params: { id }, search: { position, tab: chosen }, replace: true })}
                items={[
                  ...(may('calls:read')
                    ? [{ key: 'calls', label: t('campaign.tabCalls'), children: <CallsOf id={id} zone={campaign.time_zone} position={position} /> }]
                    : []),
                  { key: 'not-called', label: t('campaign.tabNotCalled'), children: <NotCalled report={report.data} campaign={campaign} /> },
                  { key: 'by-hour', label: t('campaign.tabByHour'), children: <ByHour report={report.data} zone={campaign.time_zone} /> },
                  ...(may('figures:read')
                    ? [
                        { key: 'pacing', label: t('campaign.tabPacing'), children: <Pacing id={id} campaign={campaign} upTo={position ?? lastKnown(report.data?.as_of_position, marks)} isPast={isPast} /> },
                        { key: 'abandonment', label: t('campaign.tabAbandonment'), children: <Abandonment id={id} zone={campaign.time_zone} position={position} /> },
                        { key: 'regions', label: t('campaign.tabRegions'), children: <Regions id={id} position={position} /> },
                      ]
                    : []),
                  ...(isPast || !may('figures:read') ? [] : [{ key: 'reasons', label: t('campaign.tabReasons'), children: <Reasons id={id} /> }]),
                  ...(isPast || !may('calls:read') ? [] : [{ key: 'cut-off', label: t('campaign.tabCutOff'), children: <CutOff id={id} zone={campaign.time_zone} /> }]),
                  { key: 'plan', label: t('campaign.tabPlan'), children: <Plan campaign={campaign} isPast={isPast} /> },
                  ...(isPast ? [] : [{ key: 'lists', label: t('campaign.tabLists'), children: <Running id={id} zone={campaign.time_zone} /> }]),
                  ...(isPast ? [] : [{ key: 'stage', label: t('campaign.tabStage'), children: <Stage campaign={campaign} /> }]),
                  ...(isPast || !may('figures:read') || !seesAll ? [] : [{ key: 'cost', label: t('campaign.tabCost'), children: <Cost id={id} /> }]),
                ]}
              />
            </div>
            {may('figures:read') && <Funnel id={id} position={position} />}
          </div>
        </>
      )}
    </div>
  )
}
