// What a rule went by, in words; as it stands on record where the pointer rests, for whoever compares.
import { useTranslation } from 'react-i18next'
import { rawFacts, wordedFacts, type Facts } from '../app/facts'

interface Props {
  rule: string
  version: number
  facts: Facts | undefined
  zone: string
  /** What is said where it went by nothing. */
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

/** A rule by its name in words. */
export function useRuleWord(): (rule: string) => string {
  const { t } = useTranslation()
  return (rule) => t(`rule.${rule}`, { defaultValue: rule })
}
