// After a command: until the rows have what it wrote, the page says that it is pending and for which position it waits.
import { useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem, whyIn } from '../api/client'

/** `read` asks the page's rows with `after_position`; the reply comes once they have it. Where the page itself says what was done, `said` is null. */
export function usePending(read: (position: string | null) => Promise<unknown>): [ReactNode, (position: string | null, said: string | null) => Promise<void>] {
  const { t, i18n } = useTranslation()
  const queries = useQueryClient()
  const { message } = App.useApp()
  const [pending, setPending] = useState<string | null>(null)
  const settle = async (position: string | null, said: string | null) => {
    setPending(position)
    if (said !== null) void message.success(said)
    try {
      await read(position)
    } catch (why) {
      // The command was taken; that it cannot be read back yet is another matter, and that one may not read it none at all.
      const mayNot = why instanceof Problem && why.status === 403
      if (!mayNot) void message.warning(t('act.notReadYet', { position: position ?? '–', why: whyIn(i18n.language, why) }))
    } finally {
      setPending(null)
      await queries.invalidateQueries()
    }
  }
  return [pending === null ? null : <span className="c-amber" role="status">{t('act.pending', { position: pending })}</span>, settle]
}
