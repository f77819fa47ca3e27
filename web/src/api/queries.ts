// The queries that several pages share, with their refresh intervals: live data every two seconds, the rest less often.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMay, useMe } from '../app/session'
import { get, type ResponseOf } from './client'

/** Refresh interval of live pages, in milliseconds. */
export const LIVE_MS = 2_000
/** Refresh interval of data that people change, or that is personal and so logged at each read, in milliseconds. */
export const SLOW_MS = 10_000

export type Ready = ResponseOf<'/readyz'>
export type Live = ResponseOf<'/api/v1/live'>
type AnyCampaign = ResponseOf<'/api/v1/campaigns/{id}'>
/** Members that a campaign always has, except in queries with `valid_at`, which the console does not send. */
type Always = 'basis' | 'flow' | 'open_lists' | 'preset' | 'purpose' | 'schedule' | 'time_zone'
/** Members that a campaign has once the views contain it. */
type WithRows = 'enrolled' | 'open' | 'settled' | 'versions' | 'waiting'
export type CampaignShown = AnyCampaign & { [M in Always | WithRows]-?: NonNullable<AnyCampaign[M]> }
export type CampaignResponse = AnyCampaign & { [M in Always]-?: NonNullable<AnyCampaign[M]> }

/** Whether the views contain the campaign; only then it has figures and a report. */
export function hasRows(campaign: CampaignResponse): campaign is CampaignShown {
  return campaign.versions !== undefined
}
/**
 * Waits until the views contain what was written to a campaign. Errors are ignored: the command is done, and the
 * campaign's page shows if the views are late.
 */
export async function rowsOf(campaign: string, position: string | null): Promise<void> {
  await get('/api/v1/campaigns/{id}', [campaign], { after_position: position }).catch(() => undefined)
}

export type CampaignListed = ResponseOf<'/api/v1/campaigns'>['items'][number]
export type CallEvent = ResponseOf<'/api/v1/calls/{id}/events'>['items'][number]
export type StopShown = ResponseOf<'/api/v1/stop'>['items'][number]

/**
 * The readiness of the process: whether it dials, and whether its clock is simulated. A server that is not ready states
 * why.
 */
export function useReady() {
  return useQuery({ queryKey: ['readyz'], queryFn: () => get('/readyz'), refetchInterval: LIVE_MS, retry: false })
}

export function useLive() {
  const may = useMay()
  return useQuery({
    queryKey: ['live'],
    queryFn: () => get('/api/v1/live'),
    refetchInterval: LIVE_MS,
    enabled: may('figures:read'),
  })
}

export type AlertRow = ResponseOf<'/api/v1/alerts'>['items'][number]

/**
 * Most campaigns that are queried one by one, for users limited to certain campaigns; one request each, every few
 * seconds.
 */
export const NAMED_MAX = 20

export interface Alerts {
  items: AlertRow[]
  /** Number of the user's campaigns that were not queried. */
  leftOff: number
}

/**
 * The alerts now, or as known at an instant: all of them, or those of each campaign that the user is limited to. A team
 * limits customers, not alerts: a user with a team and no named campaigns gets all of them.
 */
export function useAlerts(asOf?: string) {
  const may = useMay()
  const me = useMe()
  return useQuery({
    queryKey: ['alerts', asOf ?? 'now'],
    queryFn: async (): Promise<Alerts> => {
      const named = me?.campaigns == null ? [undefined] : me.campaigns.slice(0, NAMED_MAX)
      const asked = named.map((campaign) => get('/api/v1/alerts', [], { standing: 'true', limit: 100, campaign, as_of: asOf }))
      return { items: (await Promise.all(asked)).flatMap((one) => one.items), leftOff: Math.max((me?.campaigns?.length ?? 0) - NAMED_MAX, 0) }
    },
    refetchInterval: asOf === undefined ? 5_000 : false,
    placeholderData: keepPreviousData,
    enabled: me !== null && may('alerts:read'),
  })
}

export function useStops() {
  const may = useMay()
  return useQuery({
    queryKey: ['stops'],
    queryFn: () => get('/api/v1/stop'),
    refetchInterval: LIVE_MS,
    enabled: may('installation:read'),
  })
}

/** Returns all campaigns, now or as known at a position. */
export function useCampaigns(position?: number) {
  return useQuery({
    queryKey: position === undefined ? ['campaigns'] : ['campaigns', position],
    queryFn: () => get('/api/v1/campaigns', [], { limit: 500, as_of: position }),
    refetchInterval: position === undefined ? 5_000 : false,
    placeholderData: keepPreviousData,
  })
}

/** Returns one campaign and its report, now or as known at a position. */
export function useCampaign(id: string, position: number | undefined) {
  const every = position === undefined ? { refetchInterval: LIVE_MS } : {}
  const shown = useQuery({
    queryKey: ['campaign', id, position ?? 'now'],
    queryFn: async () => (await get('/api/v1/campaigns/{id}', [id], { as_of: position })) as CampaignResponse,
    // Old data is shown only for the same campaign, never that of another one.
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
    ...every,
  })
  const report = useQuery({
    queryKey: ['report', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/report', [id], { as_of: position }),
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
    ...every,
  })
  return { shown, report }
}
