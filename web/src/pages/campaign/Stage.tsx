// The go-live stages: the current stage, how much of it is used, and the next stage with the responsible person. The
// server computes the evidence from the log, and refuses if it is not sufficient.
import { useQuery } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../../api/client'
import { SLOW_MS, type CampaignShown } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Word } from '../../components/Marks'
import { Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

/** A stage that follows another one. */
type Later = 'pilot' | 'roll_out' | 'full'

const isLater = (stage: string | null | undefined): stage is Later => stage === 'pilot' || stage === 'roll_out' || stage === 'full'

export function Stage({ campaign }: { campaign: CampaignShown }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const [isAsking, setAsking] = useState(false)
  const [pending, settle] = usePending((position) => get('/api/v1/campaigns/{id}', [campaign.id], { after_position: position }))
  const stage = campaign.stage
  if (stage == null) return <p className="muted">{t('stage.none')}</p>
  const next = isLater(stage.next) ? stage.next : null
  const used =
    stage.stage === 'test'
      ? t('stage.people', { used: stage.people_admitted ?? 0, most: stage.people_max ?? '–' })
      : stage.stage === 'pilot'
        ? t('stage.calls', { used: stage.calls_today ?? 0, most: stage.calls_per_day_max ?? '–' })
        : stage.stage === 'roll_out'
          ? t('stage.rollOut')
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
      <Promotions id={campaign.id} zone={campaign.time_zone} />
      {isAsking && next !== null && <Promote id={campaign.id} to={next} onLeave={() => setAsking(false)} onDone={(position) => void settle(position, t('stage.done'))} />}
    </div>
  )
}

interface Evidence {
  calls?: number
  answered?: number
  abandoned?: number
  complaints?: number
  position?: number | string
  person_on_duty?: string
}

/** The list of promotions, each with the server's evidence and its position. */
function Promotions({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['promotions', id],
    queryFn: () => get('/api/v1/campaigns/{id}/events', [id], { kind: 'campaign.promoted', limit: 100 }),
    refetchInterval: SLOW_MS,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  return (
    <ul className="list" aria-label={t('stage.evidence')}>
      {(read.data?.items ?? []).map((event) => {
        const { to, reason, evidence = {} } = event.data as { to?: Later; reason?: string; evidence?: Evidence }
        const { calls = 0, answered = 0, abandoned = 0, complaints = 0 } = evidence
        return (
          <li key={event.id}>
            <Word tone="line">{to === undefined ? event.type : t(`stage.to.${to}`)}</Word> <span className="muted">{instantIn(event.time, zone)}</span>{' '}
            <span className="data">{reason}</span>
            <div>{t('stage.counted', { calls, answered, abandoned, complaints, position: String(evidence.position ?? '–') })}</div>
            {evidence.person_on_duty !== undefined && <div className="data">{t('stage.duty', { name: evidence.person_on_duty })}</div>}
          </li>
        )
      })}
    </ul>
  )
}

interface PromoteProps {
  id: string
  to: Later
  onLeave: () => void
  onDone: (position: string | null) => void
}

function Promote({ id, to, onLeave, onDone }: PromoteProps) {
  const { t } = useTranslation()
  const [onDuty, setOnDuty] = useState('')
  const may = useMay()
  const ledger = useQuery({ queryKey: ['abandonment', id], queryFn: () => get('/api/v1/campaigns/{id}/abandonment', [id]), enabled: may('figures:read') })
  const budget = ledger.data?.budget
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
      below={
        <>
          {budget !== undefined && <p>{t('stage.now', { answered: budget.answered, abandoned: budget.abandoned, days: budget.window_days })}</p>}
          {to === 'full' && <Input maxLength={64} aria-label={t('stage.onDuty')} placeholder={t('stage.onDuty')} value={onDuty} onChange={(event) => setOnDuty(event.target.value)} />}
        </>
      }
      send={send}
      onLeave={onLeave}
    />
  )
}
