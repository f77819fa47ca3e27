// Finds news about the approvals that the signed-in user requested; each decision is news once.

export interface Asked {
  id: string
  requested_by: string
  standing: 'waiting' | 'approved' | 'rejected' | 'used' | 'expired'
}

/** The state of each own request at the last poll; null before the first. */
export type Known = ReadonlyMap<string, Asked['standing']> | null

/**
 * Returns the user's requests that were decided since the last poll. At the first poll: those that are approved and not
 * used yet.
 */
export function newsOf<One extends Asked>(known: Known, rows: readonly One[], user: string): One[] {
  const own = rows.filter((one) => one.requested_by === user)
  if (known === null) return own.filter((one) => one.standing === 'approved')
  return own.filter(({ id, standing }) => {
    const before = known.get(id)
    if (standing === 'waiting' || standing === 'used' || before === standing) return false
    return before === 'waiting' || (before === undefined && standing === 'approved')
  })
}

/** Returns the states to remember after a poll. */
export function knownOf(rows: readonly Asked[], user: string): Known {
  return new Map(rows.filter((one) => one.requested_by === user).map(({ id, standing }) => [id, standing]))
}

/** Returns the ids of own requests that were waiting at the last poll and are not open any more. */
export function closedSince(known: Known, open: readonly { id: string }[]): string[] {
  if (known === null) return []
  const ids = new Set(open.map(({ id }) => id))
  return [...known].filter(([id, standing]) => standing === 'waiting' && !ids.has(id)).map(([id]) => id)
}

/** Returns the page on which an act is requested and completed. */
export function placeOf({ act, campaign, customer }: { act: string; campaign?: string | null; customer?: string | null }): string {
  if (customer != null) return `/customers/${encodeURIComponent(customer)}`
  if (campaign != null) return `/campaigns/${encodeURIComponent(campaign)}`
  if (act.includes('flow') || act.includes('address')) return '/flows'
  if (act.includes('knowledge')) return '/knowledge'
  if (act === 'set_retention') return '/settings'
  return '/compliance'
}
