// After a command: until the rows have what it wrote, the page says that it is pending and for which position it waits.
import { useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'

/** `read` asks the page's rows with `after_position`; the reply comes once they have it. */
export function usePending(read: (position: string | null) => Promise<unknown>): [ReactNode, (position: string | null, said: string) => Promise<void>] {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const { message } = App.useApp()
  const [pending, setPending] = useState<string | null>(null)
  const settle = async (position: string | null, said: string) => {
    setPending(position)
    void message.success(said)
    try {
      await read(position)
    } catch {
      // What was done stands; the page asks again, and says itself why it cannot show it.
    } finally {
      setPending(null)
      await queries.invalidateQueries()
    }
  }
  return [pending === null ? null : <span className="c-amber" role="status">{t('act.pending', { position: pending })}</span>, settle]
}
