// The reasons of an answer: what was recognized with which confidence, how it was understood, by which rule, and where
// that led.
import { useTranslation } from 'react-i18next'
import { lastAt } from '../../components/lineMarks'
import { Empty } from '../../components/States'
import type { Reason } from './story'

function perMille(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : (value / 1000).toFixed(2)
}

export function Why({ reasons, position, flow }: { reasons: readonly Reason[]; position: number; flow: string }) {
  const { t } = useTranslation()
  const reason = reasons[lastAt(reasons, position, (one) => one.position)]
  const step = reason?.step
  return (
    <section className="card">
      <header>
        <h2>{t('call.why')}</h2>
        <span className="muted mono">{reason === undefined ? '' : reason.position}</span>
      </header>
      {step === undefined ? (
        <Empty what={t('call.noDecision')} />
      ) : (
        <dl className="pairs body">
          <dt>{t('call.heard')}</dt>
          <dd>
            {step.heard?.text ?? step.key ?? t(`event.call.silence_timed_out`)}{' '}
            {step.heard?.confidence_permille != null && <span className="muted">{t('call.confidence', { confidence: perMille(step.heard.confidence_permille) })}</span>}
          </dd>
          {step.understood && (
            <>
              <dt>{t('call.intent')}</dt>
              <dd>
                {step.understood.candidates.map((one) => (
                  <div key={one.intent} className="funnel" style={{ gridTemplateColumns: '1fr 110px 40px' }}>
                    <span className="mono">{one.intent}</span>
                    <span className="bar">
                      <i style={{ width: `${one.score_permille / 10}%` }} />
                    </span>
                    <span className="end">{perMille(one.score_permille)}</span>
                  </div>
                ))}
              </dd>
              <dt>{t('call.readBy')}</dt>
              <dd>{t(`readBy.${step.understood.read_by}`)}</dd>
              <dt>{t('call.slots')}</dt>
              <dd>{Object.entries(step.understood.slots as Record<string, string>).map(([name, value]) => `${name} = ${value}`).join(', ') || '–'}</dd>
              <dt>{t('call.model')}</dt>
              <dd className="mono">{step.understood.model?.slice(0, 12) ?? '–'}</dd>
            </>
          )}
          <dt>{t('call.rule')}</dt>
          <dd className="mono">{step.decided.map((one) => one.rule).join(', ') || '–'}</dd>
          <dt>{t('call.next')}</dt>
          <dd className="mono">{step.entered.join(' → ') || '–'}</dd>
          <dt>{t('call.flow')}</dt>
          <dd className="mono">{flow}</dd>
        </dl>
      )}
    </section>
  )
}
