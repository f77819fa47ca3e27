// The actions for one customer: show values in clear, for a reason that is logged; a legal hold and its release;
// permanent erasure with its certificate. Each dialog states the effect first.
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { usePending } from '../../components/usePending'

type Act = 'reveal' | 'hold' | 'release' | 'erase'
type Person = ResponseOf<'/api/v1/customers/{id}'>

export function Acts({ person }: { person: Person }) {
  const { t } = useTranslation()
  const may = useMay()
  const [act, setAct] = useState<Act | null>(null)
  const [clear, setClear] = useState<string[] | null>(null)
  const [pending, settle] = usePending((position) => get('/api/v1/customers/{id}/timeline', [person.id], { after_position: position }))
  const standing = person.standing
  const isErased = standing?.erasure !== 'none'
  const send = async (what: Act, reason: string, key: string, approval: string | null) => {
    if (what === 'reveal') {
      const { reply } = await post('/api/v1/customers/{id}/reveal', [person.id], { fields: ['external_id', 'name', 'phones'], reason }, key)
      const values = [reply.external_id, reply.name, ...(reply.phones ?? []).map((one) => one.phone)]
      setClear(values.filter((one): one is string => typeof one === 'string'))
      return
    }
    void settle((await order(what, person.id, { reason, ...(approval === null ? {} : { approval }) }, key)).position, t(`person.${what}Done`))
  }
  return (
    <>
      {pending}
      {clear !== null && <span className="data" role="status">{clear.join(' · ')}</span>}
      {may('customers:reveal') && !isErased && <Button onClick={() => (clear === null ? setAct('reveal') : setClear(null))}>{t(clear === null ? 'person.reveal' : 'person.hide')}</Button>}
      {may('customers:hold') && standing?.held == null && !isErased && <Button onClick={() => setAct('hold')}>{t('person.hold')}</Button>}
      {may('customers:hold') && standing?.held != null && <Button onClick={() => setAct('release')}>{t('person.release')}</Button>}
      {may('customers:erase') && !isErased && <Button type="text" danger disabled={standing?.held != null} onClick={() => setAct('erase')}>{t('person.erase')}</Button>}
      {act !== null && (
        <Ask
          title={t(`person.${act}Title`)}
          ok={t(`person.${act}Ok`)}
          what={t(`person.${act}What`)}
          isDanger={act === 'erase'}
          reason={t('act.reason')}
          send={(reason, key, approval) => send(act, reason, key, approval)}
          onLeave={() => setAct(null)}
        />
      )}
    </>
  )
}

function order(act: Exclude<Act, 'reveal'>, id: string, said: { reason: string; approval?: string }, key: string) {
  if (act === 'hold') return post('/api/v1/customers/{id}/hold', [id], { reason: said.reason }, key)
  if (act === 'release') return post('/api/v1/customers/{id}/release', [id], said, key)
  return post('/api/v1/customers/{id}/erase', [id], said, key)
}
