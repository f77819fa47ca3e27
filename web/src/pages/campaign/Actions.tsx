// What can be done to a campaign. The emergency stop acts at once and is lifted again; ending is for good, and another
// button. What the server has taken and the rows have not yet is said to be pending, with the position it waits for.
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Checkbox, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../../api/client'
import type { StopShown } from '../../api/queries'
import { useMay } from '../../app/session'
import { Refused } from '../../components/States'

type Act = 'stop' | 'lift' | 'end'

const REASON_MAX = 256

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
  const [pending, setPending] = useState<string | null>(null)
  const isOver = status === 'stopped'
  const told = async (position: string | null, said: string) => {
    setPending(position)
    void message.success(said)
    try {
      // The rows have it when this is answered: until then nothing here pretends.
      await get('/api/v1/campaigns/{id}', [id], { after_position: position })
    } finally {
      setPending(null)
      await queries.invalidateQueries()
    }
  }
  const go = async (verb: 'pause' | 'resume') => {
    try {
      const path = verb === 'pause' ? '/api/v1/campaigns/{id}/pause' : '/api/v1/campaigns/{id}/resume'
      const { position } = await post(path, [id])
      await told(position, t(`act.${verb}Done`))
    } catch (why) {
      modal.error({ content: <Refused why={why} /> })
    }
  }
  return (
    <>
      {pending !== null && <span className="c-amber" role="status">{t('act.pending', { position: pending })}</span>}
      {status === 'running' && may('campaigns:pause') && <Button onClick={() => void go('pause')}>{t('act.pause')}</Button>}
      {status === 'paused' && may('campaigns:start') && <Button onClick={() => void go('resume')}>{t('act.resume')}</Button>}
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
  const send = async () => {
    setAsking(true)
    try {
      if (act === 'stop') onDone((await post('/api/v1/stop', [], { scope: 'campaign', id, reason, hang_up: hangUp })).position)
      else if (act === 'lift') onDone((await post('/api/v1/stop/lift', [], { scope: 'campaign', id, reason })).position)
      else onDone((await post('/api/v1/campaigns/{id}/stop', [id], { reason })).position)
    } catch (why) {
      setRefused(why)
      setAsking(false)
    }
  }
  return (
    <Modal
      open
      title={t(`act.${act}Title`, { id })}
      okText={t(`act.${act}Ok`, { id })}
      cancelText={t('act.leave')}
      okButtonProps={{ danger: act !== 'lift', disabled: reason.trim() === '', loading: isAsking }}
      onOk={() => void send()}
      onCancel={onLeave}
    >
      <div className="list">
        <p>{t(`act.${act}What`)}</p>
        <Input.TextArea
          autoFocus
          rows={2}
          maxLength={REASON_MAX}
          showCount
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
