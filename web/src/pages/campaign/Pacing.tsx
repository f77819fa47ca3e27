// The pacing of the campaign: each granted batch with the figures that sized it, the rest of the abandonment budget,
// and the free capacity of the campaign and the lines as the dialer counts it.
import { useQuery } from '@tanstack/react-query'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { type CampaignShown, LIVE_MS, SLOW_MS, useLive } from '../../api/queries'
import { count, instantIn, percent, timeIn } from '../../app/format'
import { Age } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { Empty, Refused } from '../../components/States'
import { Headroom } from '../lines/Headroom'
import { BestTimes } from './BestTimes'

/**
 * The figures that sized a batch if agents take the calls: the agents as the dialer saw them, and the abandonment
 * ledger then.
 */
interface Paced {
  mode: 'batch' | 'progressive' | 'predictive' | 'callback' | 'preview'
  agents: number
  free: number
  ringing: number
  waiting: number
  wished: number
  answers: number
  drops: number
  budget: number
}

interface Batch {
  position: number
  at: string
  count: number
  until: string
  paced: Paced | null
}

/** How many positions back batches are searched; a dialing campaign has about one batch per second. */
const POSITIONS_BACK = 20_000
/** Most batches in the table. */
const SHOWN_MAX = 20
const MINUTE_MS = 60_000

function useBatches(id: string, upTo: number | undefined, isPast: boolean) {
  return useQuery({
    queryKey: ['batches', id, isPast ? upTo : 'now'],
    queryFn: async (): Promise<Batch[]> => {
      const after = Math.max((upTo ?? 0) - POSITIONS_BACK, 0)
      const read = await get('/api/v1/campaigns/{id}/events', [id], { kind: 'campaign.dials_granted', after, limit: 1000 })
      const batches = read.items.map((event) => {
        const data = event.data as { count: number; until: string; paced?: Paced }
        return { position: Number(event.position), at: event.time, count: data.count, until: data.until, paced: data.paced ?? null }
      })
      return batches.filter((one) => !isPast || upTo === undefined || one.position <= upTo).reverse()
    },
    enabled: upTo !== undefined,
    refetchInterval: isPast ? false : LIVE_MS,
  })
}

interface Props {
  id: string
  campaign: CampaignShown
  /** The last known position: the chosen one of the past, or that of the rows. */
  upTo: number | undefined
  isPast: boolean
}

export function Pacing({ id, campaign, upTo, isPast }: Props) {
  const { t } = useTranslation()
  const zone = campaign.time_zone
  const live = useLive()
  const batches = useBatches(id, upTo, isPast)
  const ledger = useQuery({
    queryKey: ['abandonment', id, isPast ? upTo : 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/abandonment', [id], { as_of: isPast ? upTo : undefined }),
    refetchInterval: isPast ? false : SLOW_MS,
  })
  const [last] = batches.data ?? []
  const recent = (batches.data ?? []).filter((one) => last !== undefined && Date.parse(last.at) - Date.parse(one.at) < MINUTE_MS)
  const budget = ledger.data?.budget
  const paced = last?.paced ?? null
  const left = budget === undefined ? null : Math.floor((budget.limit_per_mille * budget.answered) / 1000) - budget.abandoned
  const most = campaign.schedule.max_concurrent
  return (
    <div className="list">
      {batches.error && <Refused why={batches.error} again={() => void batches.refetch()} />}
      {ledger.error && <Refused why={ledger.error} again={() => void ledger.refetch()} />}
      <dl className="pairs">
        <dt>{t('pacing.mode')}</dt>
        <dd>{t(`pacing.modeOf.${paced?.mode ?? 'batch'}`)}</dd>
        <dt>{t('pacing.last')}</dt>
        <dd>{last === undefined ? '–' : t('pacing.lastOf', { count: last.count, at: instantIn(last.at, zone), until: timeIn(last.until, zone) })}</dd>
        <dt>{t('pacing.minute')}</dt>
        <dd>{last === undefined ? '–' : t('pacing.minuteOf', { batches: recent.length, calls: recent.reduce((sum, one) => sum + one.count, 0) })}</dd>
        <dt>{t('pacing.open')}</dt>
        <dd>{most === undefined || most === null ? count(campaign.open) : t('pacing.openOf', { open: campaign.open, most })}</dd>
        {paced !== null && (
          <>
            <dt>{t('pacing.floor')}</dt>
            <dd>{t('pacing.floorOf', { agents: paced.agents, free: paced.free, ringing: paced.ringing, waiting: paced.waiting })}</dd>
            <dt>{t('pacing.wished')}</dt>
            <dd>{t('pacing.wishedOf', { wished: paced.wished, granted: last?.count ?? 0 })}</dd>
            <dt>{t('pacing.account')}</dt>
            <dd>{t('pacing.accountOf', { answers: count(paced.answers), drops: count(paced.drops), budget: paced.budget })}</dd>
          </>
        )}
        <dt>{t('pacing.budget')}</dt>
        <dd>
          {budget === undefined || left === null ? '–' : budget.binds === false ? t('campaign.noLimit') : (
            <Word tone={left < 0 ? 'red' : left === 0 ? 'amber' : 'line'}>
              {t(left < 0 ? 'pacing.over' : 'pacing.left', { left: Math.abs(left), used: budget.used_per_mille === null ? '–' : percent(budget.used_per_mille / 1000), limit: percent(budget.limit_per_mille / 1000), days: budget.window_days })}
            </Word>
          )}
        </dd>
      </dl>
      {paced === null && <p className="muted">{t('pacing.noAgents')}</p>}
      {!isPast && (live.data?.lines ?? []).map((line) => <Headroom key={line.trunk} line={line} />)}
      <Table<Batch>
        rowKey="position"
        size="small"
        title={() => t('pacing.batches')}
        pagination={false}
        dataSource={(batches.data ?? []).slice(0, SHOWN_MAX)}
        locale={{ emptyText: <Empty what={t('pacing.none')} next={t('pacing.noneNext')} /> }}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('reports.time'), key: 'at', render: (_, one) => timeIn(one.at, zone) },
          { title: t('pacing.count'), dataIndex: 'count', align: 'right' },
          { title: t('pacing.until'), key: 'until', render: (_, one) => timeIn(one.until, zone) },
          ...((batches.data ?? []).some((one) => one.paced !== null)
            ? [
                { title: t('pacing.free'), key: 'free', align: 'right' as const, render: (_: unknown, one: Batch) => one.paced?.free ?? '–' },
                { title: t('pacing.wished'), key: 'wished', align: 'right' as const, render: (_: unknown, one: Batch) => one.paced?.wished ?? '–' },
                { title: t('pacing.budgetThen'), key: 'budget', align: 'right' as const, render: (_: unknown, one: Batch) => one.paced?.budget ?? '–' },
              ]
            : []),
          { title: t('line.position'), key: 'position', render: (_, one) => <span className="mono">{one.position}</span> },
        ]}
      />
      {batches.data !== undefined && batches.data.length > SHOWN_MAX && <p className="muted">{t('pacing.more', { shown: SHOWN_MAX, all: batches.data.length })}</p>}
      <Age at={batches.dataUpdatedAt} position={last?.position.toString()} />
      <BestTimes id={id} zone={zone} position={isPast ? upTo : undefined} />
    </div>
  )
}
