// The facts of a rule as text, with the stored form as tooltip for comparison.
import { useTranslation } from 'react-i18next'
import { rawFacts, wordedFacts, type Facts } from '../app/facts'

interface Props {
  rule: string
  version: number
  facts: Facts | undefined
  zone: string
  /** The text if there are no facts. */
  otherwise?: string
}

export function FactsLine({ rule, version, facts = {}, zone, otherwise = '' }: Props) {
  const { t } = useTranslation()
  return (
    <span className="muted" data-value={`${rule} v${version} ${rawFacts(facts)}`} title={`${rule} v${version} ${rawFacts(facts)}`}>
      {wordedFacts(facts, zone, t) || otherwise}
    </span>
  )
}

/** Returns a function that translates the name of a rule. */
export function useRuleWord(): (rule: string) => string {
  const { t } = useTranslation()
  return (rule) => t(`rule.${rule}`, { defaultValue: rule })
}
