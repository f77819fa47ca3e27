// The members of a campaign's plan that can be edited, and the request that changes them: only what differs is sent.
import type { CampaignShown } from '../../api/queries'

/** The fields of the form. Times are HH:mm; a rest without both times is none. */
export interface PlanForm {
  from: string
  to: string
  rests: { from: string; to: string }[]
  concurrent: number
  retries: number
  share: number
}

type Shown = Pick<CampaignShown, 'schedule'> & { retry_policy?: CampaignShown['retry_policy']; running?: CampaignShown['running'] }

/** Retries of the standard policy: what is shown while the campaign's own are unknown. */
const STANDARD_RETRIES = 3

export function formOf({ schedule, retry_policy, running }: Shown): PlanForm {
  return {
    from: schedule.start_time,
    to: schedule.end_time,
    rests: schedule.rests.map(([from, to]) => ({ from, to })),
    concurrent: schedule.max_concurrent,
    retries: retry_policy?.retries_max ?? STANDARD_RETRIES,
    share: running?.share ?? 1,
  }
}

type Pair = [string, string]

const restsOf = (form: PlanForm): Pair[] => form.rests.filter(({ from, to }) => from !== '' && to !== '').map(({ from, to }): Pair => [from, to])

export interface PlanOrder {
  schedule?: { start_time?: string; end_time?: string; rests?: Pair[]; max_concurrent?: number }
  retry_policy?: NonNullable<CampaignShown['retry_policy']>
  share?: number
}

/** What differs from the plan as it is shown; null if nothing does. */
export function orderOf(shown: Shown, form: PlanForm): PlanOrder | null {
  const was = formOf(shown)
  const schedule = {
    ...(form.from === was.from ? {} : { start_time: form.from }),
    ...(form.to === was.to ? {} : { end_time: form.to }),
    ...(JSON.stringify(restsOf(form)) === JSON.stringify(restsOf(was)) ? {} : { rests: restsOf(form) }),
    ...(form.concurrent === was.concurrent ? {} : { max_concurrent: form.concurrent }),
  }
  const order: PlanOrder = {
    ...(Object.keys(schedule).length === 0 ? {} : { schedule }),
    // The waits and the rules of the campaign stay as they are.
    ...(form.retries === was.retries || shown.retry_policy == null ? {} : { retry_policy: { ...shown.retry_policy, retries_max: form.retries } }),
    ...(form.share === was.share ? {} : { share: form.share }),
  }
  return Object.keys(order).length === 0 ? null : order
}

/** Whether the form can be sent: hours and rests begin before they end. A rest with one time is unfinished: without it, calls would begin in it. */
export function isInOrder(form: PlanForm): boolean {
  return form.from !== '' && form.from < form.to && form.rests.every(({ from, to }) => (from === '' && to === '') || (from !== '' && from < to))
}
