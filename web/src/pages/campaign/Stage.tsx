// Going live in stages: where the campaign is, what of its stage is used up, and the next stage with who stands for it. The
// server counts the figures of the evidence from the log, and refuses where they are not enough.
import { useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../../api/client'
import type { CampaignShown } from '../../api/queries'
import { useMay } from '../../app/session'
import { Word } from '../../components/Marks'
import { Refused } from '../../components/States'

const NEXT = { test: 'pilot', pilot: 'full', full: null } as const
const REASON_MAX = 256

export function Stage({ campaign }: { campaign: CampaignShown }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const [isAsking, setAsking] = useState(false)
  const stage = campaign.stage
  if (stage == null) return <p className="muted">{t('stage.none')}</p>
  const next = NEXT[stage.stage]
  const used =
    stage.stage === 'test'
      ? t('stage.people', { used: stage.people_admitted ?? 0, most: stage.people_max ?? '–' })
      : stage.stage === 'pilot'
        ? t('stage.calls', { used: stage.calls_today ?? 0, most: stage.calls_per_day_max ?? '–' })
        : t('stage.full')
  return (
    <div className="list">
      <div className="head">
        <Word tone={stage.stage === 'full' ? 'line' : 'amber'}>{t(`wizard.stage.${stage.stage}`)}</Word>
        <span className="muted">{used}</span>
        {next !== null && may('campaigns:start') && <Button onClick={() => setAsking(true)}>{t(`stage.to.${next}`)}</Button>}
      </div>
      {stage.waiting != null && <Word tone="amber">{i18n.language === 'en' ? stage.waiting.en : stage.waiting.zh}</Word>}
      {isAsking && next !== null && <Promote id={campaign.id} to={next} onLeave={() => setAsking(false)} />}
    </div>
  )
}

function Promote({ id, to, onLeave }: { id: string; to: 'pilot' | 'full'; onLeave: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const [onDuty, setOnDuty] = useState('')
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const send = async () => {
    setAsking(true)
    setWhy(null)
    try {
      const evidence = onDuty.trim() === '' ? {} : { evidence: { person_on_duty: onDuty.trim() } }
      const { position } = await post('/api/v1/campaigns/{id}/promote', [id], { to, reason, ...evidence })
      await get('/api/v1/campaigns/{id}', [id], { after_position: position }).catch(() => undefined)
      await queries.invalidateQueries()
      onLeave()
    } catch (refused) {
      setWhy(refused)
      setAsking(false)
    }
  }
  return (
    <Modal
      open
      title={t(`stage.to.${to}`)}
      okText={t(`stage.to.${to}`)}
      cancelText={t('act.leave')}
      okButtonProps={{ disabled: reason.trim() === '', loading: isAsking }}
      onOk={() => void send()}
      onCancel={onLeave}
    >
      <div className="list">
        <p>{t('stage.what')}</p>
        <Input.TextArea rows={2} maxLength={REASON_MAX} aria-label={t('act.reason')} placeholder={t('act.reason')} value={reason} onChange={(event) => setReason(event.target.value)} />
        {to === 'full' && <Input maxLength={64} aria-label={t('stage.onDuty')} placeholder={t('stage.onDuty')} value={onDuty} onChange={(event) => setOnDuty(event.target.value)} />}
        {why !== null && <Refused why={why} />}
      </div>
    </Modal>
  )
}
