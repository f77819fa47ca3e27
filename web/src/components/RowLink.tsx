// Links within a long list. A hundred of them are made anew within one frame while it is scrolled: each is a plain link, and
// the list takes what is pressed to the router.
import { defaultStringifySearch, useRouter } from '@tanstack/react-router'
import { useCallback, type MouseEvent, type ReactNode } from 'react'

interface Props {
  path: string
  search?: Record<string, string | number | undefined>
  /** What stands there is a value, in no language. */
  isValue?: boolean
  children: ReactNode
}

export function RowLink({ path, search = {}, isValue = false, children }: Props) {
  return <a className={isValue ? 'data' : undefined} href={`${path}${defaultStringifySearch(search)}`}>{children}</a>
}

/** For the frame of such a list: a plain press opens the page here, anything else is the browser's. */
export function useRowLinks(): (event: MouseEvent<HTMLElement>) => void {
  const router = useRouter()
  return useCallback(
    (event) => {
      const link = event.target instanceof Element ? event.target.closest('a') : null
      const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
      const href = link?.getAttribute('href')
      if (href == null || !href.startsWith('/') || !isPlain || event.defaultPrevented) return
      event.preventDefault()
      router.history.push(href)
    },
    [router],
  )
}
