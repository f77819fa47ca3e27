// Another campaign with the same plan and flow: its lists and figures are its own.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { useMay } from '../../app/session'
import { Refused } from '../../components/States'

export function Clone({ id }: { id: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [name, setName] = useState<string | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  if (!may('campaigns:write')) return null
  const send = async () => {
    if (name === null) return
    setAsking(true)
    setWhy(null)
    try {
      await post('/api/v1/campaigns/{id}/clone', [id], { task_id: name.trim() })
      await queries.invalidateQueries()
      setName(null)
      void navigate({ to: '/campaigns/$id', params: { id: name.trim() } })
    } catch (refused) {
      setWhy(refused)
    } finally {
      setAsking(false)
    }
  }
  return (
    <>
      <Button onClick={() => setName(`${id}_2`)}>{t('clone.ask')}</Button>
      <Modal
        open={name !== null}
        title={t('clone.title', { id })}
        okText={t('clone.ok')}
        cancelText={t('act.leave')}
        okButtonProps={{ disabled: !/^[A-Za-z0-9_.-]{1,64}$/.test((name ?? '').trim()), loading: isAsking }}
        onOk={() => void send()}
        onCancel={() => setName(null)}
      >
        <div className="list">
          <p>{t('clone.what')}</p>
          <Input maxLength={64} aria-label={t('wizard.member.taskId')} value={name ?? ''} onChange={(event) => setName(event.target.value)} />
          {why !== null && <Refused why={why} />}
        </div>
      </Modal>
    </>
  )
}
