// The routes of the workplaces: events and audit, compliance and quality, administration.
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { root } from './root'

function position(value: unknown): number | undefined {
  const read = typeof value === 'number' ? value : Number(typeof value === 'string' ? value : Number.NaN)
  return Number.isSafeInteger(read) && read >= 0 ? read : undefined
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

type Search = Record<string, unknown>

export interface EventSearch {
  kind?: string | undefined
  stream?: string | undefined
  campaign?: string | undefined
  after?: string | undefined
  position?: number | undefined
}

/** The URL parameters of a page with a timeline: its position, and the open tab. */
interface Placed {
  position?: number | undefined
  tab?: string | undefined
}
const placed = (search: Search): Placed => ({ position: position(search['position']), tab: text(search['tab']) })

const events = createRoute({
  getParentRoute: () => root,
  path: '/events',
  validateSearch: (search: Search): EventSearch => ({
    kind: text(search['kind']), stream: text(search['stream']), campaign: text(search['campaign']), after: text(search['after']), position: position(search['position']),
  }),
  component: lazyRouteComponent(() => import('../pages/events/Page'), 'EventsPage'),
})
const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/audit/Page'), 'AuditPage'),
})
const projections = createRoute({
  getParentRoute: () => root,
  path: '/projections',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/projections/Page'), 'ProjectionsPage'),
})
const users = createRoute({
  getParentRoute: () => root,
  path: '/users',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/users/Page'), 'UsersPage'),
})
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/approvals/Page'), 'ApprovalsPage'),
})
const webhooks = createRoute({
  getParentRoute: () => root,
  path: '/webhooks',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/webhooks/Page'), 'WebhooksPage'),
})
const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/settings/Page'), 'SettingsPage'),
})
const compliance = createRoute({
  getParentRoute: () => root,
  path: '/compliance',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/compliance/Page'), 'CompliancePage'),
})
const samples = createRoute({
  getParentRoute: () => root,
  path: '/samples',
  validateSearch: (search: Search): Placed & { sample?: string | undefined } => ({ ...placed(search), sample: text(search['sample']) }),
  component: lazyRouteComponent(() => import('../pages/samples/Page'), 'SamplesPage'),
})
const labels = createRoute({
  getParentRoute: () => root,
  path: '/labels',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/labels/Page'), 'LabelsPage'),
})

const subscribers = createRoute({
  getParentRoute: () => root,
  path: '/subscribers',
  validateSearch: placed,
  component: lazyRouteComponent(() => import('../pages/subscribers/Page'), 'SubscribersPage'),
})

const knowledge = createRoute({
  getParentRoute: () => root,
  path: '/knowledge',
  validateSearch: (search: Search): Placed & { name?: string | undefined } => ({ ...placed(search), name: text(search['name']) }),
  component: lazyRouteComponent(() => import('../pages/knowledge/Page'), 'KnowledgePage'),
})

export const deskRoutes = [knowledge, events, subscribers, audit, projections, users, approvals, webhooks, settings, compliance, samples, labels] as const
