// The dialog that copies a campaign: same plan and flow, its own lists and figures.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { rowsOf } from '../../api/queries'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'

export function Clone({ id }: { id: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [name, setName] = useState<string | null>(null)
  if (!may('campaigns:write')) return null
  const send = async (_: string, key: string) => {
    const named = (name ?? '').trim()
    const { position } = await post('/api/v1/campaigns/{id}/clone', [id], { task_id: named }, key)
    await rowsOf(named, position)
    await queries.invalidateQueries()
    void navigate({ to: '/campaigns/$id', params: { id: named } })
  }
  return (
    <>
      <Button onClick={() => setName(`${id}_2`)}>{t('clone.ask')}</Button>
      {name !== null && (
        <Ask
          title={t('clone.title', { id })}
          ok={t('clone.ok')}
          what={t('clone.what')}
          isReady={/^[A-Za-z0-9_.-]{1,64}$/.test(name.trim())}
          send={send}
          onLeave={() => setName(null)}
        >
          <Input maxLength={64} aria-label={t('wizard.member.taskId')} value={name} onChange={(event) => setName(event.target.value)} />
        </Ask>
      )}
    </>
  )
}
