// Replays a past call with the draft: the server decides the call again by the draft's text and shows where it
// diverges.
import { useMutation } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ask } from '../../../api/client'
import { Refused } from '../../../components/States'
import type { Draft } from '../draft'

interface Props {
  draft: Draft
  onParts: (nodes: string[]) => void
  onChoose: (name: string) => void
}

export function CallPanel({ draft, onParts, onChoose }: Props) {
  const { t } = useTranslation()
  const [call, setCall] = useState('')
  const [reason, setReason] = useState('')
  const source = draft.text
  const run = useMutation({
    mutationFn: (id: string) => ask('/api/v1/calls/{id}/replay', [id], reason.trim() === '' ? { source } : { source, reason: reason.trim() }),
    onSuccess: (reply) => onParts(reply.differences.map((one) => one.node)),
  })
  const reply = run.data
  return (
    <div className="flow-form">
      <div className="head">
        <Input aria-label={t('flows.callId')} placeholder={t('flows.callId')} value={call} onChange={(event) => setCall(event.target.value)} />
        <Button loading={run.isPending} disabled={call.trim() === ''} onClick={() => run.mutate(call.trim())}>{t('flows.callRun')}</Button>
      </div>
      <Input aria-label={t('flows.callReason')} placeholder={t('flows.callReason')} value={reason} onChange={(event) => setReason(event.target.value)} />
      {run.error && <Refused why={run.error} />}
      {reply && reply.differences.length === 0 && <p className="c-line">{t('flows.sameWay', { flow: reply.flow })}</p>}
      {(reply?.differences ?? []).map((one) => (
        <div key={`${one.flow} ${one.step}`} className="card padded">
          <p className="c-amber">{t('flows.partsAt', { step: one.step, flow: one.flow })}</p>
          <button type="button" className="plain c-line data" onClick={() => onChoose(one.node)}>{one.node}</button>
          <pre className="mono flow-before">{JSON.stringify(one.recorded, null, 1)}</pre>
          <pre className="mono flow-after">{JSON.stringify(one.other, null, 1)}</pre>
        </div>
      ))}
      {reply && (
        <ol className="mono">
          {reply.steps.map((step) => <li key={step.n}>{`${step.node} · ${step.input} → ${step.entered.join(' → ')}`}</li>)}
        </ol>
      )}
    </div>
  )
}
