// The signed-in user and their permissions. The server decides each time; pages leave out what it would refuse.
import { queryOptions, useQuery } from '@tanstack/react-query'
import { get, hearEnd, keepCsrf, post, Problem, type ResponseOf } from '../api/client'

export type Me = ResponseOf<'/api/v1/whoami'>

/** The user that this page was loaded for; null before the first sign-in. */
let known: Me | null = null

export const whoAmI = queryOptions({
  queryKey: ['whoami'],
  queryFn: async (): Promise<Me | null> => {
    try {
      const reply = await get('/api/v1/whoami')
      keepCsrf(reply.csrf_token)
      known = reply
      return reply
    } catch (why) {
      // Only status 401 means that no user is signed in; a busy or unreachable server says nothing about that.
      if (!(why instanceof Problem && why.status === 401)) throw why
      if (known === null) return null
      // The session has ended: the page stays, with the sign-in form over it, so that nothing typed is lost.
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

/** Whether the user sees all data: neither limited to campaigns nor to a team or own customers. */
export function useSeesAll(): boolean {
  const me = useMe()
  return me !== null && me.campaigns == null && me.team == null && !me.roles.includes('agent')
}

/**
 * Signs out: ends the session here and, if required, at the identity provider. Then the page is reloaded, so that it
 * keeps no data of the user.
 */
export async function signOut(): Promise<void> {
  const { reply } = await post('/api/v1/sign-out', [])
  keepCsrf(null)
  location.replace(reply.provider_sign_out ?? '/')
}
