// The step that chooses what the robot says: a published version of a flow, or one text after the notice. All texts are
// shown before the first call.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ask, get, post } from '../../api/client'
import { useMay, useSeesAll } from '../../app/session'
import { Refused, Waiting } from '../../components/States'
import { Field, type StepProps } from './parts'

export function FlowStep({ filled, set }: StepProps) {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const flows = useQuery({ queryKey: ['flows'], queryFn: () => get('/api/v1/flows', [], { limit: 500 }), enabled: may('campaigns:read') && seesAll })
  const choices = (flows.data?.items ?? []).map((one) => ({ value: `${one.flow}@${one.current_version}`, label: `${one.flow}@${one.current_version}` }))
  const kept = filled.flow === '' || choices.some((one) => one.value === filled.flow) ? [] : [{ value: filled.flow, label: filled.flow }]
  return (
    <div className="list">
      <Field name={t('wizard.member.flow')} hint={t('wizard.flowHint')}>
        <Select
          showSearch
          value={filled.flow}
          aria-label={t('wizard.member.flow')}
          options={[{ value: '', label: t('wizard.ownScript') }, ...kept, ...choices]}
          onChange={(flow) => set({ flow })}
        />
      </Field>
      {flows.error !== null && <Refused why={flows.error} />}
      {may('rules:read') && seesAll && <Shipped onPublished={(flow) => set({ flow })} />}
      {filled.flow === '' ? (
        <Field name={t('wizard.member.script')} hint={t('wizard.scriptHint')}>
          <Input.TextArea rows={4} maxLength={2_000} aria-label={t('wizard.member.script')} value={filled.script} onChange={(event) => set({ script: event.target.value })} />
        </Field>
      ) : (
        may('rules:read') && <Words named={filled.flow} />
      )}
    </div>
  )
}

/** The flows shipped with the program; one is published unchanged and then chosen. */
function Shipped({ onPublished }: { onPublished: (named: string) => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const files = useQuery({ queryKey: ['flow-files'], queryFn: () => get('/api/v1/flow-files'), staleTime: Infinity })
  const [name, setName] = useState<string | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const publish = async (file: string) => {
    setAsking(true)
    setWhy(null)
    try {
      const { source } = await get('/api/v1/flow-files/{name}', [file])
      const { definition } = await ask('/api/v1/flow-files/check', [], { source })
      if (definition == null) throw new Error()
      const { reply } = await post('/api/v1/flows', [], { definition })
      await queries.invalidateQueries({ queryKey: ['flows'] })
      onPublished(reply.named)
    } catch (refused) {
      setWhy(refused)
    } finally {
      setAsking(false)
    }
  }
  return (
    <Field name={t('wizard.shipped')} hint={t('wizard.shippedHint')}>
      <div className="head">
        <Select style={{ minWidth: 240 }} aria-label={t('wizard.shipped')} placeholder={t('wizard.shipped')} value={name} onChange={setName} options={(files.data?.items ?? []).map((one) => ({ value: one.name, label: one.name }))} />
        <Button disabled={name === null} loading={isAsking} onClick={() => name !== null && void publish(name)}>{t('wizard.publishIt')}</Button>
      </div>
      {(why ?? files.error) !== null && <Refused why={why ?? files.error} />}
    </Field>
  )
}

/** Returns every text of a definition that the callee would hear, in order. */
function textsOf(value: unknown, of: string, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const one of value) textsOf(one, of, found)
  else if (value !== null && typeof value === 'object') for (const [name, one] of Object.entries(value)) textsOf(one, name, found)
  else if (typeof value === 'string' && SPOKEN.has(of)) found.push(value)
  return found
}

/** The members of nodes that hold spoken texts. */
const SPOKEN = new Set(['say', 'text', 'texts', 'prompt', 'ask', 'wordings', 'silence', 'unclear'])

function Words({ named }: { named: string }) {
  const { t } = useTranslation()
  const [flow = '', version = ''] = named.split('@')
  const shown = useQuery({ queryKey: ['flow', named], queryFn: () => get('/api/v1/flows/{id}', [flow], { version }) })
  if (shown.error) return <Refused why={shown.error} />
  if (shown.data === undefined) return <Waiting />
  const definition = shown.data.definition as { notices?: { recording?: string; ai?: string }; nodes?: unknown } | null
  const notices = [definition?.notices?.recording, definition?.notices?.ai].filter((one) => one !== undefined)
  return (
    <section className="card">
      <header><h2>{t('wizard.said')}</h2><span className="muted mono">{shown.data.content_hash.slice(0, 12)}</span></header>
      <ul className="list body scroll data">
        {notices.map((one) => <li key={`notice ${one}`}><b>{t('wizard.notice')}</b> {one}</li>)}
        {[...new Set(textsOf(definition?.nodes, ''))].slice(0, 60).map((one) => <li key={one}>{one}</li>)}
      </ul>
    </section>
  )
}
