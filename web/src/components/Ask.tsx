// A question before something is done: what it is, why (kept for ever), and what the server said where it refused. What
// was typed stays until it is done or left. One question is one command: sent again behind a lost reply, it is done once.
import { useQueryClient } from '@tanstack/react-query'
import { Input, Modal } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from './States'
import { isReused, useOnce } from './useOnce'

/** Bytes of UTF-8, as the server counts: a Chinese character has three. Where it takes more, the page says so. */
const REASON_BYTES_MAX = 256

interface Props {
  title: string
  ok: string
  what?: string
  isDanger?: boolean
  /** How the reason is called; none: no reason is asked for. */
  reason?: string | undefined
  reasonBytesMax?: number
  mayBeEmpty?: boolean
  isReady?: boolean
  children?: ReactNode
  /** What stands below the reason. */
  below?: ReactNode
  /** `key` is the command's name; `approval` that of another person, where the act needed one. */
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
      // What was sent first is done, or may be: the page behind shows it, and what is sent now is another.
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
