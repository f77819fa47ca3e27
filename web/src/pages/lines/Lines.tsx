// The page of lines: load and limit of each, its caller numbers, its figures of the last hour and by day (worst days
// first), and the codes with which carriers ended calls.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { LIVE_MS, SLOW_MS, useStops } from '../../api/queries'
import { instantIn, percent, seconds } from '../../app/format'
import { EventsLine } from '../../components/EventsLine'
import { Age } from '../../components/Figure'
import { Tag } from '../../components/Marks'
import { Empty, Refused, Waiting } from '../../components/States'
import { LiftIt, StopIt } from '../../components/Stops'
import { TestCall } from '../../components/TestCall'
import { Headroom } from './Headroom'

type Day = ResponseOf<'/api/v1/trunks/quality'>['days'][number]
type LineNow = ResponseOf<'/api/v1/trunks'>['items'][number]

const here = getRouteApi('/lines')
const ZONE = 'Asia/Shanghai'
/** The event kinds on the timeline: stops, their lifting, and alerts. */
const KINDS = ['stop.', 'alert.raised', 'alert.cleared'] as const
/** Most codes in one row, the most frequent first. */
const CODES_MAX = 4

export function Lines() {
  const { t } = useTranslation()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const isPast = position !== undefined
  const lines = useQuery({ queryKey: ['trunks'], queryFn: () => get('/api/v1/trunks'), refetchInterval: LIVE_MS, placeholderData: keepPreviousData })
  if (lines.error && lines.data === undefined) return <Refused why={lines.error} again={() => void lines.refetch()} />
  const reply = lines.data
  if (reply === undefined) return <Waiting />
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <div className="head">
        <h1>{t('menu.lines')}</h1>
        <Tag tone={reply.dialing === 'dialing' ? 'line' : 'amber'}>{t(`standing.${reply.dialing}`)}</Tag>
        <span className="spread" />
        <Age at={lines.dataUpdatedAt} position={reply.position} />
        {!isPast && <TestCall />}
      </div>
      <EventsLine kinds={KINDS} cursor={position ?? null} onMove={(to) => void navigate({ to: '/lines', search: { position: to ?? undefined }, replace: true })} />
      {isPast && <p className="c-amber">{t('lines.then')}</p>}
      {lines.error && <Refused why={lines.error} again={() => void lines.refetch()} />}
      {reply.items.length === 0 && (
        <section className="card">
          <Empty what={t('lines.notHere')} next={<code className="mono">{t('lines.notHereNext')}</code>} />
        </section>
      )}
      {!isPast && (
        <div className="row wide">
          {reply.items.map((one) => <LineCard key={one.trunk} line={one} />)}
        </div>
      )}
      <ByDay position={position} />
    </div>
  )
}

function LineCard({ line }: { line: LineNow }) {
  const { t } = useTranslation()
  const hour = line.figures?.last_hour
  const stops = useStops()
  const stop = stops.data?.items.find((one) => one.scope === 'trunk' && one.id === line.trunk)
  return (
    <section className="card" data-value={line.trunk} aria-label={line.trunk}>
      <div className="body list">
        <Headroom line={line} />
        {stops.data !== undefined && <div className="head">{stop === undefined ? <StopIt scope="trunk" id={line.trunk} /> : <LiftIt stop={stop} />}</div>}
        {line.rehearsal && <div><Tag tone="amber">{t('top.rehearsalShort')}</Tag></div>}
        {line.rests_until != null && <span className="c-red">{t('lines.restsUntil', { time: instantIn(line.rests_until, ZONE) })}</span>}
        <dl className="pairs">
          <dt>{t('wall.lastHour')}</dt>
          <dd>
            {hour === undefined
              ? t('lines.noCalls')
              : t('lines.hour', { dialed: hour.dialed, answered: hour.answered, ratio: percent(hour.settled_answer_ratio), talk: seconds(hour.talk_ms_mean) })}
          </dd>
          <dt>{t('lines.lastFailure')}</dt>
          <dd>
            {line.figures?.last_failure == null || line.figures.last_failure_at == null
              ? t('lines.none')
              : `${t(`disposition.${line.figures.last_failure}`)} · ${instantIn(line.figures.last_failure_at, ZONE)}`}
          </dd>
          <dt>{t('lines.callers', { count: line.caller_numbers.length })}</dt>
          <dd className="data">
            {line.callers.length === 0 && t('lines.noCallers')}
            {line.callers.map((one) => (
              <div key={one.number}>
                {one.number}
                {one.valid_until != null && (
                  <span className={one.expired ? 'c-red' : 'muted'}>
                    {' '}{t(one.expired ? 'lines.callerEnded' : 'lines.callerUntil', { day: one.valid_until })}
                  </span>
                )}
              </div>
            ))}
          </dd>
        </dl>
      </div>
    </section>
  )
}

function ByDay({ position }: { position: number | undefined }) {
  const { t, i18n } = useTranslation()
  const quality = useQuery({ queryKey: ['trunk-quality', position ?? 'now'], queryFn: () => get('/api/v1/trunks/quality', [], { as_of: position }), refetchInterval: position === undefined ? SLOW_MS : false, placeholderData: keepPreviousData })
  const named = (member: 'answer_ratio_per_leg' | 'answer_ratio_per_leg_people' | 'failure_ratio_per_leg') => {
    const version = quality.data?.versions[member]
    return version == null ? t('campaigns.figure') : i18n.language === 'en' ? version.label.en : version.label.zh
  }
  return (
    <section className="card">
      <header>
        <h2>{t('lines.byDay')}</h2>
        <Age at={quality.dataUpdatedAt} position={quality.data?.position} />
      </header>
      {quality.error && <Refused why={quality.error} again={() => void quality.refetch()} />}
      <Table<Day>
        rowKey={(one) => `${one.trunk} ${one.day_at}`}
        size="small"
        loading={quality.isPending || quality.isPlaceholderData}
        dataSource={quality.data?.days ?? []}
        pagination={{ pageSize: 20, showSizeChanger: false, hideOnSinglePage: true, size: 'small' }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('lines.noCalls')} /> }}
        columns={[
          { title: t('lines.line'), dataIndex: 'trunk', className: 'data' },
          { title: t('lines.day'), dataIndex: 'day_at', render: (at: string) => instantIn(at, ZONE).slice(0, 10) },
          { title: t('lines.legs'), dataIndex: 'legs', align: 'right' },
          { title: named('answer_ratio_per_leg'), dataIndex: 'answer_ratio_per_leg', align: 'right', render: percent },
          { title: named('answer_ratio_per_leg_people'), dataIndex: 'answer_ratio_per_leg_people', align: 'right', render: percent },
          { title: named('failure_ratio_per_leg'), dataIndex: 'failure_ratio_per_leg', align: 'right', render: percent },
          { title: t('lines.postDial'), dataIndex: 'post_dial_ms_mean', align: 'right', render: seconds },
          { title: t('lines.codes'), key: 'codes', render: (_, one) => one.codes.slice(0, CODES_MAX).map((code) => `${code.code} × ${code.count}`).join(', ') },
        ]}
      />
      {quality.data?.complete === false && <footer>{t('lines.notAll')}</footer>}
    </section>
  )
}
