// The step that selects people that the installation already knows, by a SQL condition, in addition to the file or
// instead of it. Their number is shown before they are added.
import { Link } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { useMay, useSeesAll } from '../../app/session'
import { Refused } from '../../components/States'
import { Field, type StepProps } from './parts'

/** Number of people shown as examples. */
const SAMPLE = 20

export function SegmentStep({ filled, set }: StepProps) {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const [found, setFound] = useState<{ of: string; count: number; sample: readonly string[] } | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const count = async () => {
    setAsking(true)
    setWhy(null)
    try {
      // A sample by our internal ids, which reveal no identity; personal data is shown only on each customer's page.
      const { reply } = await post('/api/v1/segments/preview', [], { sql: filled.segment, sample: SAMPLE })
      setFound({ of: filled.segment, count: reply.count, sample: reply.sample })
    } catch (refused) {
      setWhy(refused)
    } finally {
      setAsking(false)
    }
  }
  return (
    <div className="list">
      <Field name={t('wizard.member.segment')} hint={t('wizard.segmentHint')}>
        <Input.TextArea
          className="mono"
          rows={4}
          maxLength={4_000}
          aria-label={t('wizard.member.segment')}
          value={filled.segment}
          onChange={(event) => set({ segment: event.target.value })}
        />
      </Field>
      {may('query:run') && seesAll && (
        <div className="head">
          <Button loading={isAsking} disabled={filled.segment.trim() === ''} onClick={() => void count()}>{t('wizard.count')}</Button>
          {found !== null && found.of === filled.segment && <span role="status">{t('wizard.counted', { count: found.count })}</span>}
        </div>
      )}
      {found !== null && found.of === filled.segment && found.sample.length > 0 && (
        <section className="card">
          <header><h2>{t('wizard.someOf', { shown: found.sample.length, count: found.count })}</h2></header>
          <ul className="list body scroll short mono">
            {found.sample.map((id) => <li key={id}>{may('customers:read') ? <Link className="data" to="/customers/$id" params={{ id }} target="_blank">{id}</Link> : id}</li>)}
          </ul>
        </section>
      )}
      {why !== null && <Refused why={why} />}
    </div>
  )
}
