// The inspection of a number at a time: which calls, on which basis, what was heard and recorded, by which rules, and
// who saw it. The number is sent in a request body, not in a URL, and the inspection is logged with its reason.
import { Link } from '@tanstack/react-router'
import { Button, Checkbox, Input } from 'antd'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { headersOf, post, send } from '../../api/client'
import { clockOf, instantFrom, instantIn } from '../../app/format'
import { toneOfCall, Word } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { Take } from '../../components/Take'
import { Moment } from '../../components/TimeFields'

function orderOf({ number, at, reason, clear }: Typed, approval: string | null) {
  const when = instantFrom(at, ZONE)
  const more = { ...(when === undefined ? {} : { at: when }), ...(clear ? { clear } : {}), ...(approval === null ? {} : { approval }) }
  return { number: number.trim(), reason: reason.trim(), ...more }
}

async function ask(typed: Typed, approval: string | null) {
  return (await post('/api/v1/inspections', [], orderOf(typed, approval))).reply
}
interface Typed {
  number: string
  at: string
  reason: string
  /** Show values in clear; needs another person's approval. */
  clear: boolean
}
type Found = Awaited<ReturnType<typeof ask>>

export function Inspect() {
  const { t } = useTranslation()
  const [typed, setTyped] = useState<Typed>({ number: '', at: '', reason: '', clear: false })
  const [found, setFound] = useState<{ reply: Found; at: number } | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void look()
  }
  const look = async (approval: string | null = null) => {
    setAsking(true)
    setRefused(null)
    try {
      setFound({ reply: await ask(typed, approval), at: Date.now() })
    } catch (why) {
      setFound(null)
      setRefused(why)
    } finally {
      setAsking(false)
    }
  }
  const isReady = typed.number.trim() !== '' && typed.reason.trim() !== ''
  return (
    <div className="list" style={{ padding: '8px 0' }}>
      <form className="head" role="search" aria-label={t('compliance.inspect')} onSubmit={submit}>
        <Input style={{ width: 200 }} autoComplete="off" maxLength={64} aria-label={t('compliance.number')} placeholder={t('compliance.number')} value={typed.number} onChange={(event) => setTyped({ ...typed, number: event.target.value })} />
        <Moment style={{ width: 210 }} aria-label={t('compliance.when')} placeholder={t('compliance.when')} value={typed.at} onChange={(at) => setTyped({ ...typed, at })} />
        <Input style={{ width: 320 }} maxLength={256} aria-label={t('act.reason')} placeholder={t('act.reason')} value={typed.reason} onChange={(event) => setTyped({ ...typed, reason: event.target.value })} />
        <Checkbox checked={typed.clear} onChange={(event) => setTyped({ ...typed, clear: event.target.checked })}>{t('compliance.clear')}</Checkbox>
        <Button type="primary" htmlType="submit" loading={isAsking} disabled={!isReady}>{t('compliance.inspect')}</Button>
        <Take name="inspection.proof" isReady={isReady} ask={(approval) => send('/api/v1/inspections/bundle', { method: 'POST', headers: headersOf(), body: JSON.stringify(orderOf(typed, approval)) })}>{t('compliance.bundle')}</Take>
      </form>
      {refused !== null && <Refused why={refused} approved={(approval) => void look(approval)} />}
      {found === null ? refused === null && <Empty what={t('compliance.inspectWhat')} /> : <InspectionResult found={found.reply} />}
    </div>
  )
}

function InspectionResult({ found }: { found: Found }) {
  const { t, i18n } = useTranslation()
  const english = i18n.language === 'en'
  return (
    <div className="list">
      <p className="muted">{t('compliance.counts', { phone: found.about.phone ?? '–', position: found.about.position, ...found.counts })}</p>
      {found.calls.length === 0 && <Empty what={t('compliance.noCalls')} />}
      {found.calls.map((call) => (
        <section key={call.call} className="card" aria-label={t('compliance.call')}>
          <header>
            <h2>
              <Link to="/calls/$id" params={{ id: call.call }}>{instantIn(call.dialing_at ?? call.permitted_at, ZONE)}</Link>{' '}
              <Word tone={toneOfCall(call.disposition, call.answered_at !== null)}>{(english ? call.disposition_en : call.disposition_zh) ?? t('calls.underway')}</Word>
            </h2>
            <span className="muted">{[call.callee, call.caller, call.campaign, clockOf(call.talk_ms)].filter(Boolean).join(' · ')}</span>
          </header>
          <dl className="pairs body">
            <dt>{t('compliance.basis')}</dt>
            <dd>{found.bases.filter((one) => one.campaign === call.campaign).map((one) => `${t(`compliance.basisOf.${one.basis}`)} · ${one.purpose ?? '–'} · ${instantIn(one.enrolled_at, ZONE)}`).join('; ') || '–'}</dd>
            <dt>{t('compliance.recording')}</dt>
            <dd>{call.recording === null ? t('compliance.noRecording') : `${t(`compliance.recordingIs.${call.recording.state}`)} · ${clockOf(call.recording.duration_ms)} · sha256 ${call.recording.sha256.slice(0, 16)}…`}</dd>
            <dt>{t('compliance.rules')}</dt>
            <dd>{call.verdicts.map((one) => `${english ? one.en : one.zh} (${one.rule} v${one.version}): ${t(`verdict.${one.decision}`)}`).join('; ') || '–'}</dd>
            <dt>{t('compliance.proof')}</dt>
            <dd>
              <Link to="/calls/$id" params={{ id: call.call }}>{t('compliance.proofOn')}</Link> · {t('line.position')} {call.position}
            </dd>
          </dl>
        </section>
      ))}
      {found.refusals.length > 0 && (
        <section className="card">
          <header><h2>{t('compliance.refusals')}</h2></header>
          <ul className="list body">
            {found.refusals.map((one) => (
              <li key={`${one.event}-${one.rule}`}>{instantIn(one.at, ZONE)} · {english ? one.en : one.zh} ({one.rule} v{one.version})</li>
            ))}
          </ul>
        </section>
      )}
      {found.operations.length > 0 && (
        <section className="card">
          <header><h2>{t('compliance.operations')}</h2></header>
          <ul className="list body">
            {found.operations.slice(0, 100).map((one) => (
              <li key={one.event}>{instantIn(one.at, ZONE)} · {one.by ?? '–'} · <span className="mono">{one.kind}</span> {one.reason}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
