// Links within a long list. A hundred of them are rendered per frame while it scrolls, so each is a plain link, and the
// list passes clicks to the router.
import { defaultStringifySearch, useRouter } from '@tanstack/react-router'
import { useCallback, type MouseEvent, type ReactNode } from 'react'

interface Props {
  path: string
  search?: Record<string, string | number | undefined>
  /** The content is a value, not text in a language. */
  isValue?: boolean
  children: ReactNode
}

export function RowLink({ path, search = {}, isValue = false, children }: Props) {
  return <a className={isValue ? 'data' : undefined} href={`${path}${defaultStringifySearch(search)}`}>{children}</a>
}

/**
 * Returns the click handler of a list with such links: a plain click opens the page in the router, anything else is
 * left to the browser.
 */
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
