// A question before something is done: what it is, why (kept for ever), and what the server said where it refused. What
// was typed stays until it is done or left.
import { Input, Modal } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Refused } from './States'

const REASON_MAX = 256

interface Props {
  title: string
  ok: string
  what?: string
  isDanger?: boolean
  /** How the reason is called; none: no reason is asked for. */
  reason?: string | undefined
  mayBeEmpty?: boolean
  isReady?: boolean
  children?: ReactNode
  send: (reason: string) => Promise<unknown>
  onLeave: () => void
}

export function Ask({ title, ok, what, isDanger = false, reason: named, mayBeEmpty = false, isReady = true, children, send, onLeave }: Props) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const lacks = named !== undefined && !mayBeEmpty && reason.trim() === ''
  const go = async () => {
    setAsking(true)
    try {
      await send(reason.trim())
      onLeave()
    } catch (why) {
      setRefused(why)
      setAsking(false)
    }
  }
  return (
    <Modal
      open
      title={title}
      okText={ok}
      cancelText={t('act.leave')}
      okButtonProps={{ danger: isDanger, disabled: lacks || !isReady, loading: isAsking }}
      onOk={() => void go()}
      onCancel={onLeave}
    >
      <div className="list">
        {what !== undefined && <p>{what}</p>}
        {children}
        {named !== undefined && (
          <Input.TextArea rows={2} style={{ marginBottom: 20 }} maxLength={REASON_MAX} showCount aria-label={named} placeholder={named} value={reason} onChange={(event) => setReason(event.target.value)} />
        )}
        {refused !== null && <Refused why={refused} />}
      </div>
    </Modal>
  )
}
