// The pages that a user may choose as first page, by their API names.
import type { ResponseOf } from '../api/client'

export type Preferred = ResponseOf<'/api/v1/preferences'>
export type HomePage = NonNullable<Preferred['home']>

export const HOME_PAGES = [
  'home', 'campaigns', 'wall', 'customers', 'calls', 'flows', 'reports', 'alerts', 'lines', 'approvals', 'compliance', 'samples', 'labels',
  'events', 'audit',
] as const satisfies readonly HomePage[]

export function pathOf(page: HomePage): string {
  return page === 'home' ? '/' : `/${page}`
}

/** Returns the catalogue key of a page's name, as in the menu. */
export function wordOf(page: HomePage): string {
  return ['approvals', 'compliance', 'samples', 'labels', 'events', 'audit'].includes(page) ? `desk.${page}` : `menu.${page}`
}
