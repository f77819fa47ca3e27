// Who is signed in, and what they may. The server decides each time; a page leaves out what it would refuse.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, hearEnd, keepCsrf, post, Problem, type Told } from '../api/client'

export type Me = Told<'/api/v1/whoami'>

/** Whoever this page is shown to, once somebody has signed in. */
let known: Me | null = null

export const whoAmI = queryOptions({
  queryKey: ['whoami'],
  queryFn: async (): Promise<Me | null> => {
    try {
      const told = await get('/api/v1/whoami')
      keepCsrf(told.csrf_token)
      known = told
      return told
    } catch (why) {
      // Only this means that nobody is signed in; a server that is busy or away says nothing about that.
      if (!(why instanceof Problem && why.status === 401)) throw why
      if (known === null) return null
      // Their session is over: the page stays, with the door before it, so that nothing typed is lost.
      hearEnd()
      throw why
    }
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

/** Signing out ends the session here and, where a provider says so, there. The page begins anew: it keeps nothing of theirs. */
export async function signOut(): Promise<void> {
  const { told } = await post('/api/v1/sign-out', [])
  keepCsrf(null)
  location.replace(told.provider_sign_out ?? '/')
}
