// The dialog for acknowledging an alert, with a note that is logged. Used wherever alerts are shown.
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { post } from '../api/client'
import type { AlertRow } from '../api/queries'
import { Ask } from './Ask'

interface Props {
  /** The alert to acknowledge; null closes the dialog. */
  alert: AlertRow | null
  onDone: () => void
}

export function Acknowledge({ alert, onDone }: Props) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  if (alert === null) return null
  const send = async (note: string, key: string) => {
    await post('/api/v1/alerts/{id}/acknowledge', [alert.alert], { note }, key)
    await queries.invalidateQueries({ queryKey: ['alerts'] })
  }
  // Each alert has its own note and command.
  return <Ask key={alert.alert} title={t('alerts.acknowledge')} ok={t('alerts.acknowledge')} reason={t('alerts.note')} send={send} onLeave={onDone} />
}
