// What can be done to a campaign. The emergency stop acts at once and is lifted again; ending is for good, and another
// button. What the server has taken and the rows have not yet is said to be pending, with the position it waits for.
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { commandKey, get, post, Problem } from '../../api/client'
import type { StopShown } from '../../api/queries'
import { useMay } from '../../app/session'
import { Refused } from '../../components/States'

type Act = 'stop' | 'lift' | 'end'

/** Bytes of UTF-8, as the server counts: a Chinese character has three. */
const REASON_BYTES_MAX = 256

interface Props {
  campaign: { id: string; status: string }
  stop: StopShown | undefined
}

export function Actions({ campaign: { id, status }, stop }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const { message, modal } = App.useApp()
  const [act, setAct] = useState<Act | null>(null)
  const [isSending, setSending] = useState(false)
  const [pending, setPending] = useState<string | null>(null)
  const isOver = status === 'stopped'
  const told = async (position: string | null, said: string) => {
    setPending(position)
    void message.success(said)
    try {
      // The rows have it when this is answered: until then nothing here pretends.
      await get('/api/v1/campaigns/{id}', [id], { after_position: position })
    } catch (why) {
      // The command was taken; that it cannot be read back yet is another matter.
      void message.warning(t('act.notReadYet', { position: position ?? '–', why: why instanceof Error ? why.message : '' }))
    } finally {
      setPending(null)
      await queries.invalidateQueries()
    }
  }
  const go = async (verb: 'pause' | 'resume') => {
    setSending(true)
    try {
      const path = verb === 'pause' ? '/api/v1/campaigns/{id}/pause' : '/api/v1/campaigns/{id}/resume'
      const { position } = await post(path, [id])
      void told(position, t(`act.${verb}Done`))
    } catch (why) {
      modal.error({ content: <Refused why={why} /> })
    } finally {
      setSending(false)
    }
  }
  return (
    <>
      {pending !== null && <span className="c-amber" role="status">{t('act.pending', { position: pending })}</span>}
      {status === 'running' && may('campaigns:pause') && <Button loading={isSending} onClick={() => void go('pause')}>{t('act.pause')}</Button>}
      {status === 'paused' && may('campaigns:start') && <Button loading={isSending} onClick={() => void go('resume')}>{t('act.resume')}</Button>}
      {stop === undefined
        ? may('stop:engage') && !isOver && status !== 'completed' && <Button danger onClick={() => setAct('stop')}>{t('act.stop')}</Button>
        : may('stop:lift') && stop.scope === 'campaign' && <Button type="primary" onClick={() => setAct('lift')}>{t('act.lift')}</Button>}
      {!isOver && may('campaigns:start') && <Button type="text" danger onClick={() => setAct('end')}>{t('act.end')}</Button>}
      {act !== null && (
        <Reason
          act={act}
          id={id}
          onLeave={() => setAct(null)}
          onDone={(position) => {
            setAct(null)
            void told(position, t(`act.${act}Done`))
          }}
        />
      )}
    </>
  )
}

function Reason({ act, id, onLeave, onDone }: { act: Act; id: string; onLeave: () => void; onDone: (position: string | null) => void }) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const [hangUp, setHangUp] = useState(false)
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  // One command, however often it is sent: a second press after a reply that was lost does nothing twice.
  const [key, setKey] = useState(commandKey)
  const bytes = new TextEncoder().encode(reason).length
  const send = async () => {
    setAsking(true)
    try {
      if (act === 'stop') onDone((await post('/api/v1/stop', [], { scope: 'campaign', id, reason, hang_up: hangUp }, key)).position)
      else if (act === 'lift') onDone((await post('/api/v1/stop/lift', [], { scope: 'campaign', id, reason }, key)).position)
      else onDone((await post('/api/v1/campaigns/{id}/stop', [id], { reason }, key)).position)
    } catch (why) {
      setRefused(why)
      setAsking(false)
      // A refusal is an answer: what is sent after it is another command.
      if (why instanceof Problem && why.status !== 0) setKey(commandKey())
    }
  }
  return (
    <Modal
      open
      title={t(`act.${act}Title`, { id })}
      okText={t(`act.${act}Ok`, { id })}
      cancelText={t('act.leave')}
      okButtonProps={{ danger: act !== 'lift', disabled: reason.trim() === '' || bytes > REASON_BYTES_MAX, loading: isAsking }}
      onOk={() => void send()}
      onCancel={onLeave}
    >
      <div className="list">
        <p>{t(`act.${act}What`)}</p>
        <Input.TextArea
          autoFocus
          rows={2}
          count={{ max: REASON_BYTES_MAX, show: ({ maxLength }) => t('act.reasonLeft', { left: (maxLength ?? REASON_BYTES_MAX) - bytes }), strategy: (text) => new TextEncoder().encode(text).length }}
          status={bytes > REASON_BYTES_MAX ? 'error' : ''}
          aria-label={t('act.reason')}
          placeholder={t('act.reason')}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        {act === 'stop' && <Checkbox checked={hangUp} onChange={(event) => setHangUp(event.target.checked)}>{t('act.hangUp')}</Checkbox>}
        {refused !== null && <Refused why={refused} />}
      </div>
    </Modal>
  )
}
