// The variants of one text that are compared, each with its share of the calls.
import { InputNumber } from 'antd'
import { useTranslation } from 'react-i18next'
import { percent } from '../../../app/format'
import type { Draft } from '../draft'
import { setMember } from '../graph/edit'
import { isRecord, type FlowNode } from '../graph/read'
import { Field } from './Field'

/** Largest weight of a variant, so that shares of a hundredth can be set. */
const WEIGHT_MAX = 100

export function Wordings({ draft, node }: { draft: Draft; node: FlowNode }) {
  const { t } = useTranslation()
  const variants = node.body['variants']
  const arms = isRecord(variants) && isRecord(variants['arms']) ? variants['arms'] : {}
  const rows = Object.entries(arms).map(([name, arm]) => {
    const weight = isRecord(arm) && typeof arm['weight'] === 'number' ? arm['weight'] : 1
    const words = isRecord(arm) && typeof arm['text'] === 'string' ? arm['text'] : ''
    return { name, weight, words }
  })
  if (rows.length === 0) return null
  const all = rows.reduce((sum, row) => sum + row.weight, 0)
  const path = ['nodes', node.name, node.kind, 'variants', 'arms']
  return (
    <fieldset className="flow-wordings">
      <legend>{t('flows.wordings')}</legend>
      {rows.map((row) => (
        <div key={row.name}>
          <Field
            label={t('flows.wording', { name: row.name, share: percent(all === 0 ? 0 : row.weight / all) })}
            isLong
            value={row.words}
            onDone={(now) => draft.edit((text) => setMember(text, [...path, row.name, 'text'], now))}
          />
          <InputNumber
            min={0}
            max={WEIGHT_MAX}
            precision={0}
            value={row.weight}
            aria-label={t('flows.weight', { name: row.name })}
            onChange={(now) => {
              if (now !== null) draft.edit((text) => setMember(text, [...path, row.name, 'weight'], now))
            }}
          />
        </div>
      ))}
    </fieldset>
  )
}
