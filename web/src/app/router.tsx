// The routes of the console. Each page has its own script; the state of a page is in its URL.
import { createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Waiting } from '../components/States'
import type { Looked } from '../pages/reports/tabs'
import { deskRoutes } from './deskRoutes'
import { root } from './root'
import { callSearchOf, type CallSearch } from '../pages/callFilters'

/** Reads a position from a URL parameter; any other text counts as absent. */
function position(value: unknown): number | undefined {
  const read = typeof value === 'number' ? value : Number(typeof value === 'string' ? value : Number.NaN)
  return Number.isSafeInteger(read) && read >= 0 ? read : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads an instant (RFC 3339) from a URL parameter. */
function instant(value: unknown): string | undefined {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined
}

interface FlowSearch {
  /** The id of a draft stored on the server. */
  draft?: string | undefined
  from?: string | undefined
  version?: number | undefined
  base?: number | undefined
  node?: string | undefined
  tab?: string | undefined
}

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined } => ({ position: position(search['position']) }),
  component: lazyRouteComponent(() => import('../pages/Home'), 'Home'),
})
const campaigns = createRoute({
  getParentRoute: () => root,
  path: '/campaigns',
  validateSearch: (search: Record<string, unknown>): { status?: string | undefined; position?: number | undefined } => ({
    status: text(search['status']),
    position: position(search['position']),
  }),
  component: lazyRouteComponent(() => import('../pages/Campaigns'), 'Campaigns'),
})
export const campaign = createRoute({
  getParentRoute: () => root,
  path: '/campaigns/$id',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined; tab?: string | undefined } => ({
    position: position(search['position']),
    tab: text(search['tab']),
  }),
  component: lazyRouteComponent(() => import('../pages/Campaign'), 'CampaignPage'),
})
const wizard = createRoute({
  getParentRoute: () => root,
  path: '/campaigns/new',
  validateSearch: (search: Record<string, unknown>): { draft?: string | undefined } => ({ draft: text(search['draft']) }),
  component: lazyRouteComponent(() => import('../pages/Wizard'), 'Wizard'),
})
const customers = createRoute({
  getParentRoute: () => root,
  path: '/customers',
  validateSearch: (search: Record<string, unknown>): { campaign?: string | undefined; team?: string | undefined } => ({
    campaign: text(search['campaign']),
    team: text(search['team']),
  }),
  component: lazyRouteComponent(() => import('../pages/Customers'), 'Customers'),
})
const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: (search: Record<string, unknown>): CallSearch & { position?: number | undefined } => ({
    ...callSearchOf(search),
    position: position(search['position']),
  }),
  component: lazyRouteComponent(() => import('../pages/Calls'), 'Calls'),
})
export const call = createRoute({
  getParentRoute: () => root,
  path: '/calls/$id',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined } => ({
    position: position(search['position']),
  }),
  component: lazyRouteComponent(() => import('../pages/Call'), 'CallPage'),
})
export const customer = createRoute({
  getParentRoute: () => root,
  path: '/customers/$id',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined; campaign?: string | undefined } => ({
    position: position(search['position']),
    campaign: text(search['campaign']),
  }),
  component: lazyRouteComponent(() => import('../pages/Customer'), 'CustomerPage'),
})
const alerts = createRoute({
  getParentRoute: () => root,
  path: '/alerts',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined } => ({ position: position(search['position']) }),
  component: lazyRouteComponent(() => import('../pages/Alerts'), 'Alerts'),
})

const wall = createRoute({
  getParentRoute: () => root,
  path: '/wall',
  validateSearch: (search: Record<string, unknown>): { as_of?: string | undefined } => ({ as_of: instant(search['as_of']) }),
  component: lazyRouteComponent(() => import('../pages/wall/Wall'), 'Wall'),
})
const lines = createRoute({
  getParentRoute: () => root,
  path: '/lines',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined } => ({ position: position(search['position']) }),
  component: lazyRouteComponent(() => import('../pages/lines/Lines'), 'Lines'),
})

const flows = createRoute({
  getParentRoute: () => root,
  path: '/flows',
  validateSearch: (search: Record<string, unknown>): { position?: number | undefined } => ({ position: position(search['position']) }),
  component: lazyRouteComponent(() => import('../pages/flows/Flows'), 'Flows'),
})
const flow = createRoute({
  getParentRoute: () => root,
  path: '/flows/$id',
  validateSearch: (search: Record<string, unknown>): FlowSearch => ({
    draft: text(search['draft']),
    from: text(search['from']),
    version: position(search['version']),
    base: position(search['base']),
    node: text(search['node']),
    tab: text(search['tab']),
  }),
  component: lazyRouteComponent(() => import('../pages/flows/FlowPage'), 'FlowPage'),
})

const reports = createRoute({
  getParentRoute: () => root,
  path: '/reports',
  validateSearch: (search: Record<string, unknown>): Looked & { tab?: string | undefined } => ({
    tab: text(search['tab']),
    at: text(search['at']),
    as_of: instant(search['as_of']),
    campaign: text(search['campaign']),
  }),
  component: lazyRouteComponent(() => import('../pages/Reports'), 'Reports'),
})
interface PdcaSearch {
  period?: 'day' | 'week' | 'month' | 'quarter' | 'year' | undefined
  at?: string | undefined
  campaign?: string | undefined
  as_of?: string | undefined
}

const LENGTHS = ['day', 'week', 'month', 'quarter', 'year'] as const

const pdca = createRoute({
  getParentRoute: () => root,
  path: '/pdca',
  validateSearch: (search: Record<string, unknown>): PdcaSearch => ({
    period: LENGTHS.find((one) => one === search['period']),
    at: text(search['at']),
    campaign: text(search['campaign']),
    as_of: instant(search['as_of']),
  }),
  component: lazyRouteComponent(() => import('../pages/pdca/Page'), 'PdcaPage'),
})
export const report = createRoute({
  getParentRoute: () => root,
  path: '/reports/$name',
  validateSearch: (search: Record<string, unknown>): { as_of?: string | undefined } => ({ as_of: text(search['as_of']) }),
  component: lazyRouteComponent(() => import('../pages/Report'), 'ReportPage'),
})

export const router = createRouter({
  routeTree: root.addChildren([home, campaigns, wizard, campaign, calls, call, customers, customer, alerts, wall, lines, flows, flow, reports, pdca, report, ...deskRoutes]),
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
