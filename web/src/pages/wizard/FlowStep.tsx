// What the robot says: a published version of a flow, or one text behind the notice. What is said is shown before anybody
// hears it.
import { useQuery } from '@tanstack/react-query'
import { Input, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
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

/** Every text of a definition that somebody would hear, in its order. */
function textsOf(value: unknown, of: string, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const one of value) textsOf(one, of, found)
  else if (value !== null && typeof value === 'object') for (const [name, one] of Object.entries(value)) textsOf(one, name, found)
  else if (typeof value === 'string' && SPOKEN.has(of)) found.push(value)
  return found
}

/** Members of nodes that are said. */
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
