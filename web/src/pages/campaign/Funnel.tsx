// The campaign's customers by the furthest stage reached (customers, not calls), now or as known at a position.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { LIVE_MS } from '../../api/queries'
import { percent } from '../../app/format'
import { Age } from '../../components/Figure'
import { Refused } from '../../components/States'

export function Funnel({ id, position }: { id: string; position: number | undefined }) {
  const { t, i18n } = useTranslation()
  const funnel = useQuery({
    queryKey: ['funnel', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/funnel', [id], { as_of: position }),
    refetchInterval: position === undefined ? LIVE_MS : false,
    placeholderData: keepPreviousData,
  })
  const most = funnel.data?.stages[0]?.customers ?? 0
  return (
    <section className="card">
      <header>
        <h2>{t('funnel.title')}</h2>
        <span className="muted">{t('funnel.people')}</span>
      </header>
      {funnel.error && <Refused why={funnel.error} again={() => void funnel.refetch()} />}
      <div className="body funnel">
        {(funnel.data?.stages ?? []).map((stage) => (
          <div key={stage.stage} style={{ display: 'contents' }}>
            <span>{i18n.language === 'en' ? stage.label_en : stage.label_zh}</span>
            <span className="bar">
              <i style={{ width: `${most === 0 ? 0 : (100 * stage.customers) / most}%` }} />
            </span>
            <span className="end">
              {stage.customers}
              {stage.of_previous_ratio != null && <span className="muted">{` · ${percent(stage.of_previous_ratio)}`}</span>}
            </span>
          </div>
        ))}
      </div>
      <footer><Age at={funnel.dataUpdatedAt} position={funnel.data?.position} /></footer>
    </section>
  )
}
