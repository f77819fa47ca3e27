// The server's findings about the flow, each with its node: faults that prevent publication, advice, and the timing of
// the opening.
import { useTranslation } from 'react-i18next'
import { seconds } from '../../../app/format'
import { Word } from '../../../components/Marks'
import { Empty } from '../../../components/States'
import type { Checked, Draft } from '../draft'

type Finding = Checked['faults'][number]

export function Checks({ draft, onChoose }: { draft: Draft; onChoose: (name: string) => void }) {
  const { t } = useTranslation()
  const { checked } = draft
  if (checked === undefined) return null
  if (checked.faults.length + checked.advice.length === 0) return <Empty what={t('flows.nothingFound')} />
  return (
    <div className="flow-form">
      <Findings title={t('flows.faults')} tone="red" found={checked.faults} onChoose={onChoose} />
      <Findings title={t('flows.advice')} tone="amber" found={checked.advice} onChoose={onChoose} />
      {checked.truncated && <p className="muted">{t('flows.more')}</p>}
    </div>
  )
}

interface Props {
  title: string
  tone: 'red' | 'amber'
  found: Finding[]
  onChoose: (name: string) => void
}

function Findings({ title, tone, found, onChoose }: Props) {
  const { t } = useTranslation()
  if (found.length === 0) return null
  return (
    <section>
      <h2>{title}</h2>
      <ul className="list">
        {found.map((one, at) => (
          <li key={`${at} ${one.told}`}>
            <Word tone={tone}>{t(`flowFound.${one.code}`)}</Word>{' '}
            {one.node && <button type="button" className="plain c-line data" onClick={() => onChoose(one.node ?? '')}>{one.node}</button>}
            <div className="muted mono">{one.told}</div>
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Rhythm({ rhythm }: { rhythm: Checked['rhythm'] | undefined }) {
  const { t } = useTranslation()
  if (!rhythm) return null
  const parts = [
    { key: 'identified', ms: rhythm.identified_ms, by: rhythm.identified_by_ms },
    { key: 'value', ms: rhythm.value_ms, by: rhythm.value_by_ms },
    { key: 'decision', ms: rhythm.decision_ms ?? null, by: rhythm.decision_by_ms },
  ] as const
  return (
    <dl className="flow-rhythm" aria-label={t('flows.rhythm')}>
      {parts.map(({ key, ms, by }) => (
        <div key={key}>
          <dt>{t(`flowRhythm.${key}`)}</dt>
          <dd className={ms === null ? 'muted' : ms > by ? 'c-red' : 'c-line'}>
            {ms === null ? t('flowRhythm.none') : t('flowRhythm.of', { ms: seconds(ms), by: seconds(by) })}
          </dd>
          <dd>
            <progress max={by} value={Math.min(ms ?? 0, by)} aria-label={t(`flowRhythm.${key}`)} />
          </dd>
        </div>
      ))}
    </dl>
  )
}
