// The editable members of a campaign's plan, and the request that changes them; only differences are sent.
import type { CampaignShown } from '../../api/queries'

/** The fields of the form. Times are HH:mm; a break without both times is ignored. */
export interface PlanForm {
  from: string
  to: string
  rests: { from: string; to: string }[]
  concurrent: number
  retries: number
  share: number
}

type Shown = Pick<CampaignShown, 'schedule'> & { retry_policy?: CampaignShown['retry_policy']; running?: CampaignShown['running'] }

/** Retries of the standard policy, shown while those of the campaign are unknown. */
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

/** Returns the differences between the form and the plan; null if there are none. */
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
    // Waits and rules of the campaign's retry policy stay unchanged.
    ...(form.retries === was.retries || shown.retry_policy == null ? {} : { retry_policy: { ...shown.retry_policy, retries_max: form.retries } }),
    ...(form.share === was.share ? {} : { share: form.share }),
  }
  return Object.keys(order).length === 0 ? null : order
}

/**
 * Whether the form can be sent: hours and breaks begin before they end, and each break has both times or none. A break
 * with one time is incomplete; if it were ignored, calls would be made in it.
 */
export function isInOrder(form: PlanForm): boolean {
  return form.from !== '' && form.from < form.to && form.rests.every(({ from, to }) => (from === '' && to === '') || (from !== '' && from < to))
}
