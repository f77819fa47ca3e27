// The large figures of this moment: calls in conversation, answer rate, talk time and conversion, each with the
// server's name and version. A live figure that is not a metric is marked, with its definition on hover.
import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Live } from '../../api/queries'
import { percent, seconds } from '../../app/format'
import type { Point } from './stream'

type Member = 'answer_ratio' | 'answer_ratio_people' | 'settled_answer_ratio' | 'talk_ms_mean' | 'conversion_ratio'

interface BigProps {
  name: string
  value: string
  below: readonly string[]
  /** The text shown on hover. */
  definition?: string | undefined
  /** Opens the events behind the figure. */
  onOpen?: (() => void) | undefined
  children?: React.ReactNode
}

export const Big = memo(function Big({ name, value, below, definition, onOpen, children }: BigProps) {
  const { t } = useTranslation()
  return (
    <div className="card figure wall-figure">
      <div className="name" title={definition}>{name}</div>
      <div className="value">
        {onOpen === undefined ? value : <button type="button" title={t('reports.events')} aria-label={`${value} · ${t('reports.events')} · ${name}`} onClick={onOpen}>{value}</button>}
      </div>
      {below.map((line) => (
        <div key={line} className="below">{line}</div>
      ))}
      {children}
    </div>
  )
})

/** The curve of the ratios shown since the page was opened, on a scale from 0 to 1. */
export const Curve = memo(function Curve({ points, label }: { points: readonly Point[]; label: string }) {
  const [first, last] = [points[0], points[points.length - 1]]
  if (first === undefined || last === undefined || first === last) return null
  const xOf = (at: number) => ((at - first.at) / (last.at - first.at)) * 100
  const line = points.flatMap(({ at, ratio }) => (ratio === null ? [] : [`${xOf(at).toFixed(1)},${(24 - ratio * 22).toFixed(1)}`]))
  return (
    <svg className="wall-curve" viewBox="0 0 100 26" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline points={line.join(' ')} />
    </svg>
  )
})

export function useNames(versions: Live['versions'] | undefined): (member: Member) => string {
  const { t, i18n } = useTranslation()
  return (member) => {
    const named = versions?.[member]
    if (named == null) return t('campaigns.figure')
    const label = i18n.language === 'en' ? named.label.en : named.label.zh
    if (named.metric == null) return `${t(`wall.live.${member}`, { defaultValue: label })} · ${t('wall.noMetric')}`
    return `${label} v${named.version ?? 1}`
  }
}

/** ~Returns the server's definition of a live figure that is not a metric; undefined for a metric. */
export function useDefinitions(versions: Live['versions'] | undefined): (member: Member) => string | undefined {
  const { i18n } = useTranslation()
  return (member) => {
    const named = versions?.[member]
    if (named == null || named.metric != null) return undefined
    return i18n.language === 'en' ? named.label.en : named.label.zh
  }
}

/** The metric of the requested events. */
export interface Asked {
  metric: string
  version: number
}

interface Props {
  picture: Live
  trail: readonly Point[]
  /** Opens the events behind a figure of the last hour; they cover the whole hours in which it lies. */
  onOpen: (asked: Asked) => void
}

export function Headline({ picture, trail, onOpen }: Props) {
  const { t } = useTranslation()
  const name = useNames(picture.versions)
  const definition = useDefinitions(picture.versions)
  // A live figure that is not a metric has no list of events.
  const opens = (member: Member): (() => void) | undefined => {
    const { metric, version } = picture.versions[member] ?? {}
    return metric == null ? undefined : () => onOpen({ metric, version: version ?? 1 })
  }
  const { open, last_5_minutes: short, last_hour: hour } = picture
  const waiting = (open['dialing'] ?? 0) + (open['ringing'] ?? 0) + (open['permitted'] ?? 0)
  return (
    <div className="wall-row">
      <Big
        name={t('wall.talking')}
        value={String(open['talking'] ?? 0)}
        below={[t('wall.others', { waiting, transferring: open['transferring'] ?? 0 })]}
      />
      <Big
        name={name('answer_ratio')}
        value={percent(hour.answer_ratio)}
        onOpen={opens('answer_ratio')}
        below={[
          t('wall.ofHour', { part: hour.answered, whole: hour.dialed }),
          `${name('answer_ratio_people')} ${percent(hour.answer_ratio_people)}`,
        ]}
      />
      <Big
        name={name('settled_answer_ratio')}
        definition={definition('settled_answer_ratio')}
        value={percent(short.settled_answer_ratio)}
        below={[t('wall.ofMinutes', { part: short.answered, whole: short.settled })]}
      >
        <Curve points={trail} label={t('wall.curve')} />
      </Big>
      <Big name={name('talk_ms_mean')} value={seconds(hour.talk_ms_mean)} onOpen={opens('talk_ms_mean')} below={[t('wall.hourMinutes', { value: seconds(short.talk_ms_mean) })]} />
      <Big
        name={name('conversion_ratio')}
        definition={definition('conversion_ratio')}
        value={percent(hour.conversion_ratio)}
        onOpen={opens('conversion_ratio')}
        below={[t('wall.converted', { count: hour.conversions }), t('wall.hourMinutes', { value: percent(short.conversion_ratio) })]}
      />
    </div>
  )
}
