// The pending state after a command: until the rows contain what it wrote, the page shows that it waits, and for which
// position.
import { useQueryClient } from '@tanstack/react-query'
import { App } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem, whyIn } from '../api/client'

/**
 * Returns the pending mark and a function to call after a command. `read` queries the page's rows with `after_position`;
 * it returns once they contain it. `said` is the success message, or null if the page itself shows what was done.
 */
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
      // The command was accepted; a failure to read it back is a separate matter, and a missing permission to read is
      // none.
      const mayNot = why instanceof Problem && why.status === 403
      if (!mayNot) void message.warning(t('act.notReadYet', { position: position ?? '–', why: whyIn(i18n.language, why) }))
    } finally {
      setPending(null)
      await queries.invalidateQueries()
    }
  }
  return [pending === null ? null : <span className="c-amber" role="status">{t('act.pending', { position: pending })}</span>, settle]
}
