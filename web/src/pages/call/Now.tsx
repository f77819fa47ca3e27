// The state of the call at the cursor, with what the last event changed, and why the call was placed.
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { CallEvent } from '../../api/queries'
import { instantIn } from '../../app/format'
import { CustomerLink } from '../../components/CustomerLink'
import { FactsLine, useRuleWord } from '../../components/FactsLine'
import { Word } from '../../components/Marks'
import { dataOf, type State } from './story'

interface Verdict {
  rule: string
  version: number
  decision: string
  facts?: Record<string, string>
}

/** The values that have a translation or are times. */
const WORDED = new Set(['answered', 'reason', 'four', 'disposition', 'outcome'])

/** Returns a function that translates values of closed lists; others are shown unchanged. */
function useValue(zone: string): (name: string, value: string) => string {
  const { t } = useTranslation()
  return (name, value) => {
    if (name === 'answered') return instantIn(value, zone)
    if (name === 'reason') return t(`endReason.${value}`, { defaultValue: value })
    if (name === 'four') return t(`state4.${value}`)
    if (name === 'disposition' || name === 'outcome') return t(`${name}.${value}`)
    return value
  }
}

export function Now({ state, before, zone }: { state: State; before: State; zone: string }) {
  const { t, i18n } = useTranslation()
  const valueOf = useValue(zone)
  const nameOf = (name: string) => {
    const [group = '', rest] = name.split('.')
    if (group.startsWith('leg')) return t('call.leg', { leg: group.slice(3) })
    const word = i18n.exists(`stateName.${group}`) ? t(`stateName.${group}`) : group
    if (rest === undefined) return word
    return `${word} ${i18n.exists(`statePart.${rest}`) ? t(`statePart.${rest}`) : rest}`
  }
  return (
    <section className="card">
      <header>
        <h2>{t('call.state')}</h2>
        <span className="muted">{t('call.diff')}</span>
      </header>
      <dl className="pairs body">
        {Object.entries(state).map(([name, value]) => {
          const isNew = before[name] !== value
          return (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{nameOf(name)}</dt>
              <dd className={`${isNew ? 'changed' : ''} ${WORDED.has(name) ? '' : 'data'}`.trim()}>{`${isNew ? '+ ' : ''}${valueOf(name, value)}`}</dd>
            </div>
          )
        })}
      </dl>
    </section>
  )
}

interface PlacedProps {
  permitted: CallEvent | undefined
  campaign: string | null | undefined
  customer: string | null | undefined
  zone: string
}

export function Placed({ permitted, campaign, customer, zone }: PlacedProps) {
  const { t } = useTranslation()
  const ruleWord = useRuleWord()
  const data = permitted === undefined ? {} : dataOf(permitted)
  const grants = ['customer_grant', 'number_grant'].map((name) => data[name] as { verdicts?: Verdict[] } | undefined)
  const verdicts = grants.flatMap((grant) => grant?.verdicts ?? [])
  const refused = verdicts.filter((one) => one.decision !== 'allow')
  return (
    <section className="card">
      <header>
        <h2>{t('call.placed')}</h2>
      </header>
      <dl className="pairs body">
        <dt>{t('campaigns.name')}</dt>
        <dd>{campaign != null && <Link className="data" to="/campaigns/$id" params={{ id: campaign }}>{campaign}</Link>}</dd>
        <dt>{t('calls.callee')}</dt>
        <dd className="mono">
          {customer != null && <CustomerLink id={customer} campaign={campaign}>{customer}</CustomerLink>}
        </dd>
        <dt>{t('call.verdicts')}</dt>
        <dd>
          {refused.length === 0
            ? t('call.allowed', { count: verdicts.length })
            : t('call.refusedBy', { rules: refused.map((one) => ruleWord(one.rule)).join(', ') })}
        </dd>
      </dl>
      <ul className="list body" aria-label={t('call.verdicts')}>
        {verdicts.map((one, index) => (
          <li key={`${index.toString()} ${one.rule}`}>
            <Word tone={one.decision === 'allow' ? 'line' : 'red'}>{`${ruleWord(one.rule)} · ${t(one.decision === 'allow' ? 'verdict.allow' : 'verdict.forbid')}`}</Word>{' '}
            <FactsLine rule={one.rule} version={one.version} facts={one.facts} zone={zone} />
          </li>
        ))}
      </ul>
    </section>
  )
}
