// The questions that several pages ask, and how often: what is live every two seconds, the rest when it may have changed.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMay, useMe } from '../app/session'
import { get, type Told } from './client'

/** What a page that shows this moment asks again. */
export const LIVE_MS = 2_000
/** What changes by people, or is read of people and so put on record. */
export const SLOW_MS = 10_000

export type Ready = Told<'/readyz'>
export type Live = Told<'/api/v1/live'>
type AnyCampaign = Told<'/api/v1/campaigns/{id}'>
/** What a campaign has whenever it is not asked what was true then (`valid_at`), which this console does not ask. */
type Always = 'basis' | 'flow' | 'open_lists' | 'preset' | 'purpose' | 'schedule' | 'time_zone'
/** What it has once the views have come to it. */
type WithRows = 'enrolled' | 'open' | 'settled' | 'versions' | 'waiting'
export type CampaignShown = AnyCampaign & { [M in Always | WithRows]-?: NonNullable<AnyCampaign[M]> }
export type CampaignTold = AnyCampaign & { [M in Always]-?: NonNullable<AnyCampaign[M]> }

/** Whether the views have come to it: only then it has figures, and a report. */
export function hasRows(campaign: CampaignTold): campaign is CampaignShown {
  return campaign.versions !== undefined
}
/** Waits until the views have what was written of a campaign. Where they are long in coming its page says so itself: what was ordered is done. */
export async function rowsOf(campaign: string, position: string | null): Promise<void> {
  await get('/api/v1/campaigns/{id}', [campaign], { after_position: position }).catch(() => undefined)
}

export type CampaignListed = Told<'/api/v1/campaigns'>['items'][number]
export type CallEvent = Told<'/api/v1/calls/{id}/events'>['items'][number]
export type StopShown = Told<'/api/v1/stop'>['items'][number]

/** Of the process: whether it dials, and whether its time is made up. A server that is not ready says why. */
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

export type AlertRow = Told<'/api/v1/alerts'>['items'][number]

/** Campaigns that are asked one by one, for whoever is held to them; a question each, every few seconds. */
export const NAMED_MAX = 20

export interface Alerts {
  items: AlertRow[]
  /** Campaigns that are named for whoever asks, and were not asked for. */
  leftOff: number
}

/**
 * What stands, now or as it was known at an instant: of everybody, or of each campaign that is named for whoever asks. A
 * team narrows people and not alerts: whoever has one and no named campaigns is answered without naming any.
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

/** Now, or as they were known at a position. */
export function useCampaigns(position?: number) {
  return useQuery({
    queryKey: position === undefined ? ['campaigns'] : ['campaigns', position],
    queryFn: () => get('/api/v1/campaigns', [], { limit: 500, as_of: position }),
    refetchInterval: position === undefined ? 5_000 : false,
    placeholderData: keepPreviousData,
  })
}

/** One campaign and its report, now or as it was known at a position. */
export function useCampaign(id: string, position: number | undefined) {
  const every = position === undefined ? { refetchInterval: LIVE_MS } : {}
  const shown = useQuery({
    queryKey: ['campaign', id, position ?? 'now'],
    queryFn: async () => (await get('/api/v1/campaigns/{id}', [id], { as_of: position })) as CampaignTold,
    // Of this campaign: no page shows another's figures.
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
