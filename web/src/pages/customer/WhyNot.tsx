// Why the person may not be called at this moment, or at one that was asked for, or may: the verdict of every rule, in the order in which they are asked.
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantFrom, instantIn } from '../../app/format'
import { Moment } from '../../components/TimeFields'
import type { Tone } from '../../components/lineMarks'
import { Word } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'

/** `allow`, `forbid`, or until when it is put off. */
function toneOf(decision: unknown): Tone {
  if (decision === 'allow') return 'line'
  return decision === 'forbid' ? 'red' : 'amber'
}

function wordOf(decision: unknown): string {
  if (decision === 'allow') return 'verdict.allow'
  return decision === 'forbid' ? 'verdict.forbid' : 'verdict.defer'
}

export function WhyNot({ id, campaign, zone }: { id: string; campaign: string; zone: string }) {
  const { t, i18n } = useTranslation()
  const [at, setAt] = useState('')
  const asked = instantFrom(at, zone)
  const why = useQuery({
    queryKey: ['why-not', id, campaign, asked ?? 'now'],
    queryFn: () => get('/api/v1/customers/{id}/why-not', [id], { campaign, at: asked }),
    refetchInterval: asked === undefined ? SLOW_MS : false,
    retry: false,
  })
  const told = why.data
  const isEnglish = i18n.language === 'en'
  return (
    <section className="card">
      <header>
        <h2>{t(asked === undefined ? 'customer.whyTitle' : 'customer.whyThen', { campaign })}</h2>
        <span>
          <Moment style={{ width: 280 }} aria-label={t('customer.whyAt', { zone })} placeholder={t('customer.whyAt', { zone })} value={at} onChange={setAt} />{' '}
          {at !== '' && <Button size="small" onClick={() => setAt('')}>{t('line.back')}</Button>} <span className="muted">{told === undefined ? '' : instantIn(told.at, zone)}</span>
        </span>
      </header>
      {why.error && <Refused why={why.error} again={() => void why.refetch()} />}
      {why.isPending && <Waiting />}
      {told !== undefined && (
      <div className="body list">
        <Word tone={told.permitted ? 'line' : 'amber'}>{told.permitted ? t(asked === undefined ? 'customer.permitted' : 'customer.permittedThen') : isEnglish ? told.en : told.zh}</Word>
        {told.not_before != null && <div>{t('customer.notBefore', { time: instantIn(told.not_before, zone) })}</div>}
        <dl className="pairs">
          {told.verdicts.map((one) => (
            <div key={`${one.judged_by}-${one.rule}`} style={{ display: 'contents' }}>
              <dt className="mono">{`${one.rule} v${one.version}`}</dt>
              <dd>
                <Word tone={toneOf(one.decision)}>{t(wordOf(one.decision))}</Word> <span className="muted">{isEnglish ? one.en : one.zh}</span>
              </dd>
            </div>
          ))}
        </dl>
        {told.assumed.length > 0 && <p className="muted">{t('customer.assumed')} <span className="mono">{told.assumed.join(', ')}</span></p>}
      </div>
      )}
    </section>
  )
}
