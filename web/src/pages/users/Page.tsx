// The page of users, keys and permissions, with the role matrix and an explanation why a user may or may not do
// something.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { useMay } from '../../app/session'
import { EventsLine } from '../../components/EventsLine'
import { PageHead } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'
import { usePending } from '../../components/usePending'
import { Keys } from './Keys'
import { Matrix } from './Matrix'
import { List } from './List'
import { Sessions } from './Sessions'
import { WhyMay } from './WhyMay'

const here = getRouteApi('/users')

/** The event kinds that change permissions; sign-ins are in the audit. */
const KINDS = [
  'user.added', 'user.disabled', 'user.invited', 'user.locked', 'user.role_granted', 'user.role_revoked', 'user.scope_changed',
  'user.second_factor_reset', 'user.provider_linked', 'user.provider_unlinked', 'api_key.created', 'api_key.revoked',
]

export function UsersPage() {
  const { t } = useTranslation()
  const { position, tab = 'users' } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const isPast = position !== undefined
  const users = useQuery({
    queryKey: ['users', position ?? 'now'],
    queryFn: () => get('/api/v1/users', [], { as_of: position, limit: 500 }),
    refetchInterval: SLOW_MS,
  })
  const keys = useQuery({
    queryKey: ['keys', position ?? 'now'],
    queryFn: () => get('/api/v1/api-keys', [], { as_of: position, limit: 500 }),
    refetchInterval: SLOW_MS,
  })
  const [pending, settle] = usePending(async (after) => {
    await get('/api/v1/users', [], { after_position: after, limit: 1 })
    await get('/api/v1/api-keys', [], { after_position: after, limit: 1 })
  })
  const go = (to: { position?: number | undefined; tab?: string }) => void navigate({ to: '/users', search: { position, tab, ...to }, replace: true })
  const people = users.data?.items ?? []
  const counted = (of: { data: { items: unknown[] } | undefined }) => (of.data === undefined ? '–' : String(of.data.items.length))
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <PageHead title={t('desk.users')} about={t('users.about')} at={users.dataUpdatedAt}>{pending}</PageHead>
      <EventsLine kinds={KINDS} cursor={position ?? null} onMove={(to) => go({ position: to ?? undefined })} />
      {users.error && <Refused why={users.error} again={() => void users.refetch()} />}
      {keys.error && <Refused why={keys.error} again={() => void keys.refetch()} />}
      <div className="card">
        <Tabs
          style={{ padding: '0 14px 8px' }}
          activeKey={tab}
          onChange={(chosen) => go({ tab: chosen })}
          items={[
            { key: 'users', label: t('users.tab.users', { count: counted(users) }), children: users.data === undefined ? !users.error && <Waiting /> : <List users={people} mayWrite={may('users:write') && !isPast} onDone={(at, said) => void settle(at, said)} /> },
            { key: 'keys', label: t('users.tab.keys', { count: counted(keys) }), children: keys.data === undefined ? !keys.error && <Waiting /> : <Keys keys={keys.data.items} mayWrite={may('users:write') && !isPast} onDone={(at, said) => void settle(at, said)} /> },
            { key: 'sessions', label: t('users.tab.sessions'), children: <Sessions /> },
            ...(may('rules:read')
              ? [
                  { key: 'matrix', label: t('users.tab.matrix'), children: <Matrix /> },
                  { key: 'why', label: t('users.tab.why'), children: <WhyMay users={people} /> },
                ]
              : []),
          ]}
        />
      </div>
    </div>
  )
}
