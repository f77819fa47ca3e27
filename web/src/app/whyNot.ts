// Why a campaign dials nobody at this moment, from what the server says of it: the first that holds, with what it names.
// Each is a fact of the API; nothing is guessed, and what is not known is not said.
import type { Ready } from '../api/queries'
import type { Tone } from '../components/lineMarks'
import { timeIn } from './format'

export interface WhyNot {
  key: string
  tone: Tone
  values?: Record<string, string | number>
}

interface Campaign {
  id: string
  status: string
  preset: string
  waiting: number
  open: number
  time_zone?: string
  schedule?: { start_time: string; end_time: string; max_concurrent: number; rests: string[][] }
  stage?: { waiting?: { zh: string; en: string } | null } | null
  pause_reason?: string | null
}

export function whyNotNow(campaign: Campaign, ready: Ready | undefined, now: string | undefined, isChinese: boolean): WhyNot | null {
  if (campaign.status === 'completed' || campaign.status === 'stopped') {
    return { key: `why.${campaign.status}`, tone: 'slate' }
  }
  const stop = ready?.stops.find((one) => one === 'all' || one === `campaign.${campaign.id}` || one === `preset.${campaign.preset}`)
  if (stop !== undefined) return { key: 'why.stop', tone: 'red', values: { stop } }
  if (campaign.status === 'draft' || campaign.status === 'ready') return { key: `why.${campaign.status}`, tone: 'amber' }
  if (campaign.status === 'paused') {
    return { key: `why.paused.${campaign.pause_reason ?? 'requested'}`, tone: 'amber' }
  }
  if (ready !== undefined && ready.dialing !== 'dialing') return { key: `standing.${ready.dialing}`, tone: 'red' }
  const waits = campaign.stage?.waiting
  if (waits) return { key: 'why.stage', tone: 'amber', values: { why: isChinese ? waits.zh : waits.en } }
  return ofTheHour(campaign, now) ?? ofThePeople(campaign)
}

function ofTheHour({ schedule, time_zone }: Campaign, now: string | undefined): WhyNot | null {
  if (schedule === undefined || time_zone === undefined || now === undefined) return null
  const here = timeIn(now, time_zone).slice(0, 5)
  if (here < schedule.start_time || here >= schedule.end_time) {
    return { key: 'why.window', tone: 'amber', values: { from: schedule.start_time, to: schedule.end_time, zone: time_zone } }
  }
  const rest = schedule.rests.find(([from = '', to = '']) => from <= here && here < to)
  return rest === undefined ? null : { key: 'why.rest', tone: 'amber', values: { from: rest[0] ?? '', to: rest[1] ?? '' } }
}

function ofThePeople({ waiting, open, schedule }: Campaign): WhyNot | null {
  if (schedule !== undefined && schedule.max_concurrent > 0 && open >= schedule.max_concurrent) {
    return { key: 'why.full', tone: 'slate', values: { open, most: schedule.max_concurrent } }
  }
  if (waiting > 0) return null
  return open > 0 ? { key: 'why.allOpen', tone: 'line', values: { open } } : { key: 'why.nobody', tone: 'slate' }
}
