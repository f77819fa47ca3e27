// The actions for a call that is over: correct its finding by a new event, which keeps the old one; record a complaint;
// download everything with proof.
import { Button, Checkbox, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf, get, post, send, type ResponseOf } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Take } from '../../components/Take'
import { usePending } from '../../components/usePending'

type Call = ResponseOf<'/api/v1/calls/{id}'>
type Ended = NonNullable<Call['ended']>
type Disposition = Ended['disposition']
type Outcome = NonNullable<Ended['outcome']>
type Source = ResponseOf<'/api/v1/complaints'>['items'][number]['source']

const DISPOSITIONS: readonly Disposition[] = [
  'answered', 'machine', 'screened', 'answered_short', 'no_answer', 'busy', 'rejected', 'blocked', 'unreachable', 'unreachable_route', 'invalid_number', 'congestion',
  'trunk_auth', 'trunk_denied', 'trunk_timeout', 'trunk_unreachable', 'media_incompatible', 'redirect_refused', 'loop', 'abandoned', 'interrupted', 'withdrawn', 'not_permitted',
]
const OUTCOMES: readonly Outcome[] = ['success', 'declined', 'callback', 'opted_out', 'wrong_party', 'no_response', 'hung_up', 'transferred', 'failed']
const SOURCES: readonly Source[] = ['own', '12321', '12378', 'regulator']

export function Acts({ call }: { call: Call }) {
  const { t } = useTranslation()
  const may = useMay()
  const [act, setAct] = useState<'correct' | 'complain' | null>(null)
  const [pending, settle] = usePending((position) => get('/api/v1/calls/{id}', [call.id], { after_position: position }))
  const ended = call.ended
  return (
    <>
      {pending}
      {ended != null && may('calls:correct') && <Button onClick={() => setAct('correct')}>{t('callActs.correct')}</Button>}
      {may('cases:open') && <Button onClick={() => setAct('complain')}>{t('compliance.open')}</Button>}
      {may('audit:read') && <Take name={`call-${call.id}.proof`} ask={() => send(addressOf('/api/v1/calls/{id}/proof', [call.id]), {})}>{t('callActs.take')}</Take>}
      {act === 'correct' && ended != null && <Correct id={call.id} ended={ended} onLeave={() => setAct(null)} onDone={(position) => void settle(position, t('callActs.corrected'))} />}
      {act === 'complain' && <Complain id={call.id} onLeave={() => setAct(null)} onDone={(position) => void settle(position, t('compliance.saved'))} />}
    </>
  )
}

interface ActProps {
  id: string
  onLeave: () => void
  onDone: (position: string | null) => void
}

function Correct({ id, ended, onLeave, onDone }: ActProps & { ended: Ended }) {
  const { t } = useTranslation()
  const [disposition, setDisposition] = useState<Disposition>(ended.disposition)
  const [outcome, setOutcome] = useState<Outcome | null>(ended.outcome)
  const correct = async (reason: string, key: string) =>
    onDone((await post('/api/v1/calls/{id}/correct', [id], { disposition, reason, ...(outcome === null ? {} : { outcome }) }, key)).position)
  const isSame = disposition === ended.disposition && outcome === ended.outcome
  return (
    <Ask title={t('callActs.correct')} ok={t('callActs.correct')} what={t('callActs.correctWhat')} reason={t('act.reason')} isReady={!isSame} send={correct} onLeave={onLeave}>
      <Select<Disposition> showSearch={{ optionFilterProp: 'label' }} aria-label={t('callActs.disposition')} value={disposition} onChange={setDisposition} options={DISPOSITIONS.map((one) => ({ value: one, label: t(`disposition.${one}`) }))} />
      <Select<Outcome | null> allowClear aria-label={t('callActs.outcome')} placeholder={t('callActs.outcome')} value={outcome} onChange={(chosen) => setOutcome(chosen ?? null)} options={OUTCOMES.map((one) => ({ value: one, label: t(`outcome.${one}`) }))} />
    </Ask>
  )
}

function Complain({ id, onLeave, onDone }: ActProps) {
  const { t } = useTranslation()
  const [source, setSource] = useState<Source>('own')
  const [reference, setReference] = useState('')
  const [suppress, setSuppress] = useState(false)
  const complain = async (what: string, key: string) => {
    const more = { ...(reference.trim() === '' ? {} : { reference: reference.trim() }), ...(suppress ? { suppress } : {}) }
    onDone((await post('/api/v1/complaints', [], { call: id, source, what, ...more }, key)).position)
  }
  return (
    <Ask title={t('compliance.open')} ok={t('compliance.open')} reason={t('compliance.whatOf')} reasonBytesMax={512} send={complain} onLeave={onLeave}>
      <Select<Source> aria-label={t('compliance.source')} value={source} onChange={setSource} options={SOURCES.map((one) => ({ value: one, label: t(`compliance.sourceOf.${one}`) }))} />
      <Input aria-label={t('compliance.reference')} placeholder={t('compliance.reference')} maxLength={64} value={reference} onChange={(event) => setReference(event.target.value)} />
      <Checkbox checked={suppress} onChange={(event) => setSuppress(event.target.checked)}>{t('compliance.suppress')}</Checkbox>
    </Ask>
  )
}
