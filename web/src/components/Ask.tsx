// A confirmation dialog: the act, the reason (which is logged) and the server's refusal, if any. The input stays until
// the act is done or canceled. One dialog is one command: repeated after a lost response, it is executed once.
import { useQueryClient } from '@tanstack/react-query'
import { Input, Modal } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from './States'
import { isReused, useOnce } from './useOnce'

/** Most bytes of the reason in UTF-8, as the server counts: a Chinese character has three. A page may allow more. */
const REASON_BYTES_MAX = 256

interface Props {
  title: string
  ok: string
  what?: string
  isDanger?: boolean
  /** The label of the reason; if absent, no reason is required. */
  reason?: string | undefined
  reasonBytesMax?: number
  mayBeEmpty?: boolean
  isReady?: boolean
  children?: ReactNode
  /** Content below the reason. */
  below?: ReactNode
  /** Sends the command. `key` is its idempotency key, `approval` the approval of another person if it was needed. */
  send: (reason: string, key: string, approval: string | null) => Promise<unknown>
  onLeave: () => void
}

export function Ask({ title, ok, what, isDanger = false, reason: named, reasonBytesMax = REASON_BYTES_MAX, mayBeEmpty = false, isReady = true, children, below, send, onLeave }: Props) {
  const { t } = useTranslation()
  const once = useOnce()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const bytes = bytesOf(reason)
  const lacks = named !== undefined && !mayBeEmpty && reason.trim() === ''
  const go = async (approval: string | null = null) => {
    setAsking(true)
    setRefused(null)
    try {
      await once(approval ?? '', (key) => send(reason.trim(), key, approval))
      onLeave()
    } catch (why) {
      setRefused(why)
      setAsking(false)
      // The first command was or may have been executed: the page reloads, and the next one gets a new key.
      if (isReused(why)) void queries.invalidateQueries()
    }
  }
  return (
    <Modal
      open
      title={title}
      okText={isReused(refused) ? t('act.another') : ok}
      cancelText={t('act.leave')}
      okButtonProps={{ danger: isDanger, disabled: lacks || !isReady || bytes > reasonBytesMax, loading: isAsking }}
      onOk={() => void go()}
      onCancel={onLeave}
    >
      <div className="list">
        {what !== undefined && <p>{what}</p>}
        {children}
        {named !== undefined && (
          <Input.TextArea
            autoFocus={children === undefined}
            rows={2}
            style={{ marginBottom: 20 }}
            count={{ max: reasonBytesMax, show: () => t('act.reasonLeft', { left: reasonBytesMax - bytes }), strategy: bytesOf }}
            status={bytes > reasonBytesMax ? 'error' : ''}
            aria-label={named}
            placeholder={named}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
        {below}
        {refused !== null && <Refused why={refused} approved={(approval) => void go(approval)} />}
      </div>
    </Modal>
  )
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}
