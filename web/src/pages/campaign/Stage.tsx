// Going live in stages: where the campaign is, what of its stage is used up, and the next stage with who stands for it. The
// server counts the figures of the evidence from the log, and refuses where they are not enough.
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../../api/client'
import type { CampaignShown } from '../../api/queries'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Word } from '../../components/Marks'
import { usePending } from '../../components/usePending'

const NEXT = { test: 'pilot', pilot: 'full', full: null } as const

export function Stage({ campaign }: { campaign: CampaignShown }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const [isAsking, setAsking] = useState(false)
  const [pending, settle] = usePending((position) => get('/api/v1/campaigns/{id}', [campaign.id], { after_position: position }))
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
        {pending}
      </div>
      {stage.waiting != null && <Word tone="amber">{i18n.language === 'en' ? stage.waiting.en : stage.waiting.zh}</Word>}
      {isAsking && next !== null && <Promote id={campaign.id} to={next} onLeave={() => setAsking(false)} onDone={(position) => void settle(position, t('stage.done'))} />}
    </div>
  )
}

interface PromoteProps {
  id: string
  to: 'pilot' | 'full'
  onLeave: () => void
  onDone: (position: string | null) => void
}

function Promote({ id, to, onLeave, onDone }: PromoteProps) {
  const { t } = useTranslation()
  const [onDuty, setOnDuty] = useState('')
  const send = async (reason: string, key: string, approval: string | null) => {
    const evidence = onDuty.trim() === '' ? {} : { evidence: { person_on_duty: onDuty.trim() } }
    onDone((await post('/api/v1/campaigns/{id}/promote', [id], { to, reason, ...evidence, ...(approval === null ? {} : { approval }) }, key)).position)
  }
  return (
    <Ask
      title={t(`stage.to.${to}`)}
      ok={t(`stage.to.${to}`)}
      what={t('stage.what')}
      reason={t('act.reason')}
      below={to === 'full' && <Input maxLength={64} aria-label={t('stage.onDuty')} placeholder={t('stage.onDuty')} value={onDuty} onChange={(event) => setOnDuty(event.target.value)} />}
      send={send}
      onLeave={onLeave}
    />
  )
}
