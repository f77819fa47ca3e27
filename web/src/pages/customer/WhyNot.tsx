// Why the person may not be called at this moment, or may: the verdict of every rule, in the order in which they are asked.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import type { Tone } from '../../components/lineMarks'
import { Word } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'

/** `allow`, `forbid`, or until when it is put off. */
function toneOf(decision: unknown): Tone {
  if (decision === 'allow') return 'line'
  return decision === 'forbid' ? 'red' : 'amber'
}

function wordOf(decision: unknown): string {
  if (decision === 'allow') return 'verdict.allow'
  return decision === 'forbid' ? 'verdict.forbid' : 'verdict.defer'
}

export function WhyNot({ id, campaign, zone }: { id: string; campaign: string; zone: string }) {
  const { t, i18n } = useTranslation()
  const why = useQuery({
    queryKey: ['why-not', id, campaign],
    queryFn: () => get('/api/v1/customers/{id}/why-not', [id], { campaign }),
    refetchInterval: SLOW_MS,
  })
  if (why.error) return <Refused why={why.error} again={() => void why.refetch()} />
  const told = why.data
  if (told === undefined) return <Waiting />
  const isEnglish = i18n.language === 'en'
  return (
    <section className="card">
      <header>
        <h2>{t('customer.whyTitle', { campaign })}</h2>
        <span className="muted">{instantIn(told.at, zone)}</span>
      </header>
      <div className="body list">
        <Word tone={told.permitted ? 'line' : 'amber'}>{told.permitted ? t('customer.permitted') : isEnglish ? told.en : told.zh}</Word>
        <dl className="pairs">
          {told.verdicts.map((one) => (
            <div key={`${one.judged_by}-${one.rule}`} style={{ display: 'contents' }}>
              <dt className="mono">{`${one.rule} v${one.version}`}</dt>
              <dd>
                <Word tone={toneOf(one.decision)}>{t(wordOf(one.decision))}</Word> <span className="muted">{isEnglish ? one.en : one.zh}</span>
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  )
}
