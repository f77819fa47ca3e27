// Who is signed in, and what they may. The server decides each time; a page leaves out what it would refuse.
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { keepCsrf, post, type Told } from '../api/client'

export type Me = Told<'/api/v1/whoami'>

export const whoAmI = queryOptions({
  queryKey: ['whoami'],
  queryFn: async (): Promise<Me | null> => {
    const reply = await fetch('/api/v1/whoami', { credentials: 'same-origin' })
    if (reply.status === 401) return null
    const told = (await reply.json()) as Me
    keepCsrf(told.csrf_token)
    return told
  },
  staleTime: Infinity,
})

export function useMe(): Me | null {
  return useQuery(whoAmI).data ?? null
}

export function useMay(): (permission: Me['permissions'][number]) => boolean {
  const me = useMe()
  return (permission) => me?.permissions.includes(permission) ?? false
}

/** Whether one sees everybody: who is held to campaigns, to a team or to own customers is told of each by its name. */
export function useSeesAll(): boolean {
  const me = useMe()
  return me !== null && me.campaigns == null && me.team == null && !me.roles.includes('agent')
}

/** Signing out ends the session here and, where a provider says so, there. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    const { told } = await post('/api/v1/sign-out', [])
    keepCsrf(null)
    if (told.provider_sign_out) {
      location.assign(told.provider_sign_out)
      return
    }
    queries.clear()
    queries.setQueryData(whoAmI.queryKey, null)
  }
}

