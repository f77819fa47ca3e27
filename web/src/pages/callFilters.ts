// The filters of the list of calls in the page's URL; they contain no phone number.

/** Days are in China's time zone; talk times in seconds. */
export interface CallSearch {
  campaign?: string | undefined
  customer?: string | undefined
  disposition?: string | undefined
  outcome?: string | undefined
  trunk?: string | undefined
  from?: string | undefined
  to?: string | undefined
  talkMin?: number | undefined
  talkMax?: number | undefined
  order?: 'oldest' | undefined
}

const DAY = /^\d{4}-\d{2}-\d{2}$/

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
const day = (value: unknown) => (typeof value === 'string' && DAY.test(value) ? value : undefined)
const whole = (value: unknown) => {
  const number = value === undefined || value === null || value === '' ? Number.NaN : Number(value)
  return Number.isInteger(number) && number >= 0 ? number : undefined
}

/** Reads the filters from the URL and drops invalid ones. */
export function callSearchOf(search: Record<string, unknown>): CallSearch {
  return {
    campaign: text(search['campaign']),
    customer: text(search['customer']),
    disposition: text(search['disposition']),
    outcome: text(search['outcome']),
    trunk: text(search['trunk']),
    from: day(search['from']),
    to: day(search['to']),
    talkMin: whole(search['talkMin']),
    talkMax: whole(search['talkMax']),
    order: search['order'] === 'oldest' ? 'oldest' : undefined,
  }
}

/** Returns the first instant of a day in China, or of a later day. */
function midnight(of: string, daysLater = 0): string {
  return new Date(Date.parse(`${of}T00:00:00+08:00`) + daysLater * 86_400_000).toISOString()
}

/** Returns the query for the server. Both days are included. */
export function callQueryOf(search: CallSearch): Record<string, string | number | undefined> {
  const { campaign, customer, disposition, outcome, trunk, from, to, talkMin, talkMax, order } = search
  return {
    campaign, customer, disposition, outcome, trunk, order,
    from: from === undefined ? undefined : midnight(from),
    to: to === undefined ? undefined : midnight(to, 1),
    talk_s_min: talkMin,
    talk_s_max: talkMax,
  }
}
