// Explains why a campaign does not dial now, from the server's facts: the first one that applies, with its values.
// Nothing is guessed. “Dialing” is shown only if the campaign has open calls, or if every possible reason has been
// queried; what is unknown is shown as unknown.
import type { Ready } from '../api/queries'
import type { Tone } from '../components/lineMarks'
import { instantIn } from './format'

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
  time_zone?: string | null
  schedule?: { start_time: string; end_time: string; max_concurrent: number }
  hours?: { state: 'open' | 'by_person' | 'never' } | { state: 'closed'; opens_at: string } | null
  stage?: { waiting?: { zh: string; en: string } | null } | null
  pause_reason?: string | null
}

/** Returns the reason, or null if the campaign dials. */
export function whyNotNow(campaign: Campaign, ready: Ready | undefined, isChinese: boolean): WhyNot | null {
  if (campaign.status === 'completed' || campaign.status === 'stopped') {
    return { key: `why.${campaign.status}`, tone: 'slate' }
  }
  const stop = ready?.stops.find((one) => one === 'all' || one === `campaign.${campaign.id}` || one === `preset.${campaign.preset}`)
  if (stop !== undefined) return { key: 'why.stop', tone: 'red', values: { stop } }
  if (campaign.status === 'draft' || campaign.status === 'ready') return { key: `why.${campaign.status}`, tone: 'amber' }
  if (campaign.status === 'paused') {
    // A row as of a past moment does not state who or what paused it.
    return { key: campaign.pause_reason == null ? 'why.pausedSomehow' : `why.paused.${campaign.pause_reason}`, tone: 'amber' }
  }
  if (ready !== undefined && ready.dialing !== 'dialing') return { key: `standing.${ready.dialing}`, tone: 'red' }
  const waits = campaign.stage?.waiting
  if (waits) return { key: 'why.stage', tone: 'amber', values: { why: isChinese ? waits.zh : waits.en } }
  return ofTheHours(campaign) ?? ofThePeople(campaign) ?? ofWhatIsUnknown(campaign, ready)
}

function ofTheHours({ hours, schedule, time_zone }: Campaign): WhyNot | null {
  if (hours?.state === 'never') return { key: 'why.never', tone: 'red' }
  if (hours?.state !== 'closed') return null
  const zone = time_zone ?? 'UTC'
  // A row of a list states when the hours open next, not from when to when they last.
  if (schedule === undefined) return { key: 'why.closed', tone: 'amber', values: { until: instantIn(hours.opens_at, zone), zone } }
  return { key: 'why.window', tone: 'amber', values: { from: schedule?.start_time ?? '', to: schedule?.end_time ?? '', until: instantIn(hours.opens_at, zone), zone } }
}

function ofThePeople({ waiting, open, schedule }: Campaign): WhyNot | null {
  if (schedule !== undefined && schedule.max_concurrent > 0 && open >= schedule.max_concurrent) {
    return { key: 'why.full', tone: 'slate', values: { open, most: schedule.max_concurrent } }
  }
  if (waiting > 0) return null
  return open > 0 ? { key: 'why.allOpen', tone: 'line', values: { open } } : { key: 'why.emptyQueue', tone: 'slate' }
}

function ofWhatIsUnknown({ hours, open }: Campaign, ready: Ready | undefined): WhyNot | null {
  if (open > 0) return null
  if (ready === undefined || hours == null) return { key: 'why.unknown', tone: 'slate' }
  // Days off and personal time zones are checked per customer.
  return { key: hours.state === 'by_person' ? 'why.byPerson' : 'why.due', tone: 'slate' }
}
