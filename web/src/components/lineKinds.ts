// The event kinds on the timelines of lists: those that change what the list shows.

/** Kinds that change the state of campaigns, and stops beyond them. */
export const OF_CAMPAIGNS = [
  'campaign.created', 'campaign.started', 'campaign.paused', 'campaign.resumed', 'campaign.reopened', 'campaign.promoted', 'campaign.completed',
  'campaign.stopped', 'stop.',
] as const

export const OF_ALERTS = ['alert.raised', 'alert.acknowledged', 'alert.escalated', 'alert.muted', 'alert.cleared'] as const

/** Kinds for the home page. */
export const OF_HOME = [...OF_CAMPAIGNS, ...OF_ALERTS] as const
