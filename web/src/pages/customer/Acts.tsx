// What can be done about one person: their values in clear, for a reason that stays on record; a legal hold and its end;
// erasure for good, with its certificate. Each says what it does before it is done.
import { useQueryClient } from '@tanstack/react-query'
import { App, Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type Told } from '../../api/client'
import { useMay } from '../../app/session'
import { Refused } from '../../components/States'

type Act = 'reveal' | 'hold' | 'release' | 'erase'
type Person = Told<'/api/v1/customers/{id}'>

const REASON_MAX = 256

export function Acts({ person }: { person: Person }) {
  const { t } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const { message } = App.useApp()
  const [act, setAct] = useState<Act | null>(null)
  const [clear, setClear] = useState<string[] | null>(null)
  const [pending, setPending] = useState<string | null>(null)
  const standing = person.standing
  const isErased = standing?.erasure !== 'none'
  const done = async (what: Act, position: string | null) => {
    setAct(null)
    setPending(position)
    void message.success(t(`person.${what}Done`))
    try {
      await get('/api/v1/customers/{id}/timeline', [person.id], { after_position: position })
    } catch {
      // What is shown then says itself how old it is.
    } finally {
      setPending(null)
      await queries.invalidateQueries()
    }
  }
  return (
    <>
      {pending !== null && <span className="c-amber" role="status">{t('act.pending', { position: pending })}</span>}
      {clear !== null && <span className="data" role="status">{clear.join(' · ')}</span>}
      {may('customers:reveal') && !isErased && <Button onClick={() => (clear === null ? setAct('reveal') : setClear(null))}>{t(clear === null ? 'person.reveal' : 'person.hide')}</Button>}
      {may('customers:hold') && standing?.held == null && !isErased && <Button onClick={() => setAct('hold')}>{t('person.hold')}</Button>}
      {may('customers:hold') && standing?.held != null && <Button onClick={() => setAct('release')}>{t('person.release')}</Button>}
      {may('customers:erase') && !isErased && <Button type="text" danger disabled={standing?.held != null} onClick={() => setAct('erase')}>{t('person.erase')}</Button>}
      {act !== null && <Reason act={act} id={person.id} onLeave={() => setAct(null)} onDone={(position) => void done(act, position)} onClear={(values) => { setAct(null); setClear(values) }} />}
    </>
  )
}

interface ReasonProps {
  act: Act
  id: string
  onLeave: () => void
  onDone: (position: string | null) => void
  onClear: (values: string[]) => void
}

function Reason({ act, id, onLeave, onDone, onClear }: ReasonProps) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const send = async () => {
    setAsking(true)
    setWhy(null)
    try {
      if (act === 'reveal') {
        const { told } = await post('/api/v1/customers/{id}/reveal', [id], { fields: ['external_id', 'name', 'phones'], reason })
        const values = [told.external_id, told.name, ...(told.phones ?? []).map((one) => one.phone)]
        onClear(values.filter((one): one is string => typeof one === 'string'))
      } else if (act === 'hold') onDone((await post('/api/v1/customers/{id}/hold', [id], { reason })).position)
      else if (act === 'release') onDone((await post('/api/v1/customers/{id}/release', [id], { reason })).position)
      else onDone((await post('/api/v1/customers/{id}/erase', [id], { reason })).position)
    } catch (refused) {
      setWhy(refused)
      setAsking(false)
    }
  }
  return (
    <Modal
      open
      title={t(`person.${act}Title`)}
      okText={t(`person.${act}Ok`)}
      cancelText={t('act.leave')}
      okButtonProps={{ danger: act === 'erase', disabled: reason.trim() === '', loading: isAsking }}
      onOk={() => void send()}
      onCancel={onLeave}
    >
      <div className="list">
        <p>{t(`person.${act}What`)}</p>
        <Input.TextArea autoFocus rows={2} maxLength={REASON_MAX} showCount aria-label={t('act.reason')} placeholder={t('act.reason')} value={reason} onChange={(event) => setReason(event.target.value)} />
        {why !== null && <Refused why={why} />}
      </div>
    </Modal>
  )
}
