// The pages that somebody may want to see first, by the names that the API has for them.
import type { Told } from '../api/client'

export type Preferred = Told<'/api/v1/preferences'>
export type HomePage = NonNullable<Preferred['home']>

export const HOME_PAGES = [
  'home', 'campaigns', 'wall', 'customers', 'calls', 'flows', 'reports', 'alerts', 'lines', 'approvals', 'compliance', 'samples', 'labels',
  'events', 'audit',
] as const satisfies readonly HomePage[]

export function pathOf(page: HomePage): string {
  return page === 'home' ? '/' : `/${page}`
}

/** How a page is called: as the menu has it. */
export function wordOf(page: HomePage): string {
  return ['approvals', 'compliance', 'samples', 'labels', 'events', 'audit'].includes(page) ? `desk.${page}` : `menu.${page}`
}
