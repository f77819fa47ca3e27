// How the campaign's calls ended, and why customers were not reached, by disposition.
import { useTranslation } from 'react-i18next'
import type { ResponseOf } from '../../api/client'
import type { CampaignShown } from '../../api/queries'
import { Empty } from '../../components/States'

function Shares({ of, word }: { of: Record<string, number>; word: string }) {
  const { t } = useTranslation()
  const all = Object.values(of).reduce((sum, one) => sum + one, 0)
  const sorted = Object.entries(of).sort(([, one], [, other]) => other - one)
  return (
    <div className="funnel">
      {sorted.map(([code, count]) => (
        <div key={code} style={{ display: 'contents' }}>
          <span>{t(`${word}.${code}`)}</span>
          <span className="bar">
            <i style={{ width: `${(100 * count) / Math.max(all, 1)}%` }} />
          </span>
          <span className="end">{count}</span>
        </div>
      ))}
    </div>
  )
}

export function NotCalled({ report, campaign }: { report: ResponseOf<'/api/v1/campaigns/{id}/report'> | undefined; campaign: CampaignShown }) {
  const { t } = useTranslation()
  if (report === undefined) return <Empty what={t('state.waiting')} />
  return (
    <div className="list">
      <h2>{t('notCalled.people')}</h2>
      <p className="muted">{t('campaign.standing', { enrolled: campaign.enrolled, waiting: campaign.waiting, open: campaign.open, settled: campaign.settled })}</p>
      <Shares of={report.settled_as as Record<string, number>} word="disposition" />
      <h2>{t('notCalled.calls')}</h2>
      <Shares of={report.dispositions as Record<string, number>} word="disposition" />
      <p className="muted">{t('notCalled.withdrawn', { count: report.withdrawn })}</p>
    </div>
  )
}
