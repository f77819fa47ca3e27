// An alert is seen to: by whom, with a note that is on record. Used wherever alerts are shown.
import { useQueryClient } from '@tanstack/react-query'
import { Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { commandKey, post, Problem } from '../api/client'
import type { AlertRow } from '../api/queries'
import { Refused } from './States'

interface Props {
  /** What is seen to; null: nothing is asked. */
  alert: AlertRow | null
  onDone: () => void
}

export function Acknowledge({ alert, onDone }: Props) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [note, setNote] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const [isSending, setSending] = useState(false)
  const [key, setKey] = useState(commandKey)
  // Each alert has a note and a command of its own; a press after a reply that was lost does nothing twice.
  const close = () => {
    setNote('')
    setRefused(null)
    setKey(commandKey())
    onDone()
  }
  const acknowledge = async () => {
    if (alert === null || isSending) return
    setSending(true)
    try {
      await post('/api/v1/alerts/{id}/acknowledge', [alert.alert], { note }, key)
      await queries.invalidateQueries({ queryKey: ['alerts'] })
      close()
    } catch (why) {
      setRefused(why)
      if (why instanceof Problem && why.status !== 0) setKey(commandKey())
    } finally {
      setSending(false)
    }
  }
  return (
    <Modal
      open={alert !== null}
      title={t('alerts.acknowledge')}
      okText={t('alerts.acknowledge')}
      cancelText={t('act.leave')}
      okButtonProps={{ disabled: note.trim() === '', loading: isSending }}
      onOk={() => void acknowledge()}
      onCancel={close}
    >
      <Input.TextArea aria-label={t('alerts.note')} placeholder={t('alerts.note')} maxLength={256} value={note} onChange={(event) => setNote(event.target.value)} />
      {refused !== null && <Refused why={refused} />}
    </Modal>
  )
}
