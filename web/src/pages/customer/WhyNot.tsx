// Why the customer may or may not be called, now or at a chosen time: the verdict of every rule, in the order of
// evaluation.
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantFrom, instantIn } from '../../app/format'
import { Moment } from '../../components/TimeFields'
import { FactsLine, useRuleWord } from '../../components/FactsLine'
import type { Tone } from '../../components/lineMarks'
import { Word } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'

/** Returns the color of a decision: `allow`, `forbid`, or a deferral. */
function toneOf(decision: unknown): Tone {
  if (decision === 'allow') return 'line'
  return decision === 'forbid' ? 'red' : 'amber'
}

/** Returns the time until which the call is deferred; null if it is not. */
function untilOf(decision: unknown): string | null {
  const until = typeof decision === 'object' && decision !== null ? Object.values(decision)[0] : null
  return typeof until === 'string' ? until : null
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
  const reply = why.data
  const ruleWord = useRuleWord()
  const decided = (decision: unknown) => {
    const until = untilOf(decision)
    if (until !== null) return t('verdict.deferUntil', { time: instantIn(until, zone) })
    return t(decision === 'allow' ? 'verdict.allow' : 'verdict.forbid')
  }
  const isEnglish = i18n.language === 'en'
  return (
    <section className="card">
      <header>
        <h2>{t(asked === undefined ? 'customer.whyTitle' : 'customer.whyThen', { campaign })}</h2>
        <span>
          <Moment style={{ width: at === '' ? 280 : 190 }} aria-label={t('customer.whyAt', { zone })} placeholder={t('customer.whyAt', { zone })} value={at} onChange={setAt} />{' '}
          {at !== '' && <Button size="small" onClick={() => setAt('')}>{t('line.back')}</Button>} <span className="muted">{reply === undefined ? '' : instantIn(reply.at, zone)}</span>
        </span>
      </header>
      {why.error && <Refused why={why.error} again={() => void why.refetch()} />}
      {why.isPending && <Waiting />}
      {reply !== undefined && (
      <div className="body list">
        <Word tone={reply.permitted ? 'line' : 'amber'}>{reply.permitted ? t(asked === undefined ? 'customer.permitted' : 'customer.permittedThen') : isEnglish ? reply.en : reply.zh}</Word>
        {reply.not_before != null && <div>{t('customer.notBefore', { time: instantIn(reply.not_before, zone) })}</div>}
        <dl className="pairs">
          {reply.verdicts.map((one) => (
            <div key={`${one.judged_by}-${one.rule}`} style={{ display: 'contents' }}>
              <dt data-value={one.rule} title={`${one.rule} v${one.version}`}>{ruleWord(one.rule)} <span className="muted">· {t(`customer.ruleOf.${one.judged_by}`)}</span></dt>
              <dd>
                <Word tone={toneOf(one.decision)}>{decided(one.decision)}</Word>{' '}
                <FactsLine rule={one.rule} version={one.version} facts={one.facts} zone={zone} otherwise={one.decision === 'allow' ? '' : isEnglish ? one.en : one.zh} />
              </dd>
            </div>
          ))}
        </dl>
        {reply.assumed.length > 0 && <p className="muted">{t('customer.assumed')} {reply.assumed.map((one) => t(`customer.assumedOf.${one}`, { defaultValue: one })).join(t('factSaid.between'))}</p>}
      </div>
      )}
    </section>
  )
}
