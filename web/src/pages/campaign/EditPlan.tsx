// The form for a campaign's hours, concurrency, retries and share of the lines. Each change is an event with the values
// before and after, and its reason.
import { useQuery } from '@tanstack/react-query'
import { Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../../api/client'
import { SLOW_MS, type CampaignShown } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Refused } from '../../components/States'
import { TimeOfDay } from '../../components/TimeFields'
import { usePending } from '../../components/usePending'
import { Field } from '../wizard/parts'
import { formOf, isInOrder, orderOf, type PlanForm } from './planChange'

/** The largest values that the server accepts. */
const CONCURRENT_MAX = 1_000
const RETRIES_MAX = 10
const SHARE_MAX = 100

export function EditPlan({ campaign }: { campaign: CampaignShown }) {
  const { t } = useTranslation()
  const may = useMay()
  const [isOpen, setOpen] = useState(false)
  const [pending, settle] = usePending((position) => get('/api/v1/campaigns/{id}', [campaign.id], { after_position: position }))
  if (!may('campaigns:write') || campaign.status === 'stopped') return null
  return (
    <div className="head">
      <Button onClick={() => setOpen(true)}>{t('plan.edit')}</Button>
      {pending}
      {isOpen && <Form campaign={campaign} onLeave={() => setOpen(false)} onDone={(position) => void settle(position, t('plan.editDone'))} />}
    </div>
  )
}

function Form({ campaign, onLeave, onDone }: { campaign: CampaignShown; onLeave: () => void; onDone: (position: string | null) => void }) {
  const { t } = useTranslation()
  // The plan at the time when the form was opened, so that unchanged fields do not overwrite another user's change.
  const [shown] = useState(campaign)
  const [form, setForm] = useState(() => formOf(campaign))
  const order = orderOf(shown, form)
  const set = (some: Partial<PlanForm>) => setForm((before) => ({ ...before, ...some }))
  const timed = (name: 'from' | 'to') => (
    <Field name={t(`wizard.member.${name}`)}>
      <TimeOfDay value={form[name]} aria-label={t(`wizard.member.${name}`)} onChange={(value) => set({ [name]: value })} />
    </Field>
  )
  const numbered = (name: 'concurrent' | 'retries' | 'share', least: number, most: number) => (
    <Field name={t(`plan.field.${name}`)}>
      <InputNumber min={least} max={most} precision={0} value={form[name]} aria-label={t(`plan.field.${name}`)} onChange={(value) => set({ [name]: value ?? least })} />
    </Field>
  )
  const rest = (index: number, side: 'from' | 'to', value: string) =>
    set({ rests: form.rests.map((one, at) => (at === index ? { ...one, [side]: value } : one)) })
  return (
    <Ask
      title={t('plan.editTitle', { id: campaign.id })}
      ok={t('plan.editOk')}
      what={t('plan.editWhat')}
      reason={t('act.reason')}
      isReady={order !== null && isInOrder(form)}
      send={async (reason, key) => onDone((await post('/api/v1/campaigns/{id}/plan', [campaign.id], { ...order, reason }, key)).position)}
      onLeave={onLeave}
    >
      <div className="fields">
        {timed('from')}
        {timed('to')}
        {numbered('concurrent', 1, CONCURRENT_MAX)}
        {numbered('retries', 0, RETRIES_MAX)}
        {numbered('share', 1, SHARE_MAX)}
      </div>
      {form.rests.map((one, index) => (
        <div key={index} className="fields">
          <Field name={t('wizard.member.restFrom')}>
            <TimeOfDay value={one.from} aria-label={t('wizard.member.restFrom')} onChange={(value) => rest(index, 'from', value)} />
          </Field>
          <Field name={t('wizard.member.restTo')}>
            <TimeOfDay value={one.to} aria-label={t('wizard.member.restTo')} onChange={(value) => rest(index, 'to', value)} />
          </Field>
        </div>
      ))}
      <Button onClick={() => set({ rests: [...form.rests, { from: '', to: '' }] })}>{t('plan.addRest')}</Button>
    </Ask>
  )
}

interface Terms {
  window: { start: string; end: string; rests?: [string, string][] }
  max_concurrent: number
  retry_policy: { retries_max?: number }
  share?: number
}

/** The list of plan changes, each with its reason and the values before and after. */
export function PlanChanges({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['plan-changes', id],
    queryFn: () => get('/api/v1/campaigns/{id}/events', [id], { kind: 'campaign.plan_changed', limit: 100 }),
    refetchInterval: SLOW_MS,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const said = ({ window, max_concurrent, retry_policy, share }: Terms) => {
    const rests = (window.rests ?? []).map(([from, to]) => `${from}–${to}`).join(', ')
    return t('plan.terms', { from: window.start, to: window.end, rests: rests === '' ? t('plan.none') : rests, concurrent: max_concurrent, retries: retry_policy.retries_max ?? '–', share: share ?? 1 })
  }
  return (
    <ul className="list" aria-label={t('plan.changes')}>
      {(read.data?.items ?? []).map((event) => {
        const { before, after, reason } = event.data as { before: Terms; after: Terms; reason: string }
        return (
          <li key={event.id}>
            <span className="muted">{instantIn(event.time, zone)}</span> <span className="data">{reason}</span>
            <div>{t('plan.before', { terms: said(before) })}</div>
            <div>{t('plan.after', { terms: said(after) })}</div>
          </li>
        )
      })}
    </ul>
  )
}
