// The summary of a call that is over, and corrections of its finding, with both findings.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { get, Problem, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Tag } from '../../components/Marks'
import { Pairs, type Pair } from '../../components/Pairs'
import { Refused } from '../../components/States'

type Call = ResponseOf<'/api/v1/calls/{id}'>
type Correction = NonNullable<Call['corrections']>[number]

export function Summary({ id }: { id: string }) {
  const { t, i18n } = useTranslation()
  const read = useQuery({ queryKey: ['summary', id], queryFn: () => get('/api/v1/calls/{id}/summary', [id]), retry: false, staleTime: Infinity })
  // A call that was not answered has no summary.
  if (read.error instanceof Problem && read.error.status === 404) return null
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const reply = read.data
  if (reply === undefined) return null
  const english = i18n.language === 'en'
  const followUp = reply.follow_up
  const rows: Pair[] = [
    { key: 'intent', name: t('call.intent'), value: <span className="mono">{reply.intent ?? '–'}</span> },
    { key: 'interest', name: t('summary.interest'), value: reply.interest == null ? '–' : `${t(`summary.level.${reply.interest.level}`, { defaultValue: reply.interest.level })} · ${english ? reply.interest.rule_en : reply.interest.rule_zh}` },
    { key: 'slots', name: t('call.slots'), value: <span className="data">{Object.entries(reply.slots as Record<string, unknown>).map(([name, value]) => `${name} = ${String(value)}`).join(', ') || '–'}</span> },
    { key: 'next', name: t('summary.next'), value: `${english ? followUp.action_en : followUp.action_zh} · ${english ? followUp.reason_en : followUp.reason_zh}` },
    { key: 'by', name: t('summary.by'), value: <span className="mono">{`v${reply.summary_version.toString()} · ${reply.made_at_position} ${reply.models.join(', ')}`}</span> },
  ]
  return (
    <section className="card" aria-label={t('summary.title')}>
      <header>
        <h2>{t('summary.title')}</h2>
        <span>{reply.tags.map((tag) => <Tag key={tag} tone="slate">{t(`summary.mark.${tag}`)}</Tag>)}</span>
      </header>
      <div className="body list">
        {reply.text != null && <div className="data">{reply.text}</div>}
        <Pairs rows={rows} />
        {reply.wording != null && <Worded of={reply.wording} />}
      </div>
    </section>
  )
}

// The wording by a model. It is shown separately from the summary, which is made by rules.
function Worded({ of }: { of: NonNullable<ResponseOf<'/api/v1/calls/{id}/summary'>['wording']> }) {
  const { t } = useTranslation()
  return (
    <div className="list" aria-label={t('summary.wording.title')}>
      <div><Tag tone="slate">{t('summary.wording.title')}</Tag> <span className="muted mono">{of.model ?? ''}</span></div>
      {of.state === 'asked' && <div className="muted">{t('summary.wording.asked')}</div>}
      {of.state === 'failed' && <div className="muted">{t('summary.wording.failed', { why: of.failure ?? '–' })}</div>}
      {of.text != null && <div className="data">{of.text}</div>}
      {of.follow_up != null && <div className="data">{of.follow_up}</div>}
    </div>
  )
}

export function Corrections({ of, zone }: { of: readonly Correction[]; zone: string }) {
  const { t } = useTranslation()
  const may = useMay()
  if (of.length === 0) return null
  const worded = (one: Correction['after']) => [t(`disposition.${one.disposition}`), one.outcome === null ? null : t(`outcome.${one.outcome}`)].filter(Boolean).join(' · ')
  return (
    <section className="card" aria-label={t('callActs.corrections')}>
      <header><h2>{t('callActs.corrections')}</h2></header>
      <ul className="list body">
        {of.map((one) => (
          <li key={one.id}>
            <s>{worded(one.before)}</s> → <b>{worded(one.after)}</b>
            <div className="muted">{`${instantIn(one.recorded_at, zone)} · ${one.by ?? '–'} · ${t('line.position')} ${one.position}`}</div>
            <div className="data">{one.reason}</div>
            {may('events:read') && <Link to="/events" search={{ position: Number(one.position) }}>{t('callActs.event')}</Link>}
          </li>
        ))}
      </ul>
    </section>
  )
}
