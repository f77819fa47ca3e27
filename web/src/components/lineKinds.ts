// Whose events stand on the line of time of a list: those that changed what it shows.

/** How campaigns came to stand as they do, and what was stopped beyond them. */
export const OF_CAMPAIGNS = [
  'campaign.created', 'campaign.started', 'campaign.paused', 'campaign.resumed', 'campaign.reopened', 'campaign.promoted', 'campaign.completed',
  'campaign.stopped', 'stop.',
] as const

export const OF_ALERTS = ['alert.raised', 'alert.acknowledged', 'alert.escalated', 'alert.muted', 'alert.cleared'] as const

/** What somebody who comes in the morning asks for. */
export const OF_HOME = [...OF_CAMPAIGNS, ...OF_ALERTS] as const
