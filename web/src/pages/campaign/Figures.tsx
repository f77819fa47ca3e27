// The figures of one campaign, each with version and definition, and the reason why it does not dial.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { SLOW_MS, type CampaignShown } from '../../api/queries'
import { percent, seconds } from '../../app/format'
import { useMay } from '../../app/session'
import type { WhyNot } from '../../app/whyNot'
import { Figure } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { Behind } from '../reports/Behind'
import type { Compared } from '../reports/Compare'
import { definitionOf } from './definition'

interface Props {
  id: string
  campaign: CampaignShown
  report: ResponseOf<'/api/v1/campaigns/{id}/report'> | undefined
  why: WhyNot | null
  position: number | undefined
}

export function Figures({ id, campaign, report, why, position }: Props) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const isPast = position !== undefined
  const [behind, setBehind] = useState<Compared | null>(null)
  // Users who may read figures may also see the events behind them.
  const opens = (metric: string, version: number) => (may('figures:read') ? () => setBehind({ metric, version, campaign: id }) : undefined)
  const isChinese = i18n.language !== 'en'
  const targets = useQuery({ queryKey: ['targets', id], queryFn: () => get('/api/v1/campaigns/{id}/targets', [id]) })
  const budget = useQuery({
    queryKey: ['abandonment', id],
    queryFn: () => get('/api/v1/campaigns/{id}/abandonment', [id]),
    refetchInterval: SLOW_MS,
    enabled: may('figures:read') && !isPast,
  })
  const name = (figure: 'answer_ratio' | 'conversion_ratio_people' | 'talk_ms_mean') => {
    const version = campaign.versions[figure]
    return version ? `${isChinese ? version.label.zh : version.label.en} v${version.version}` : t('campaigns.figure')
  }
  const target = (metric: string) => {
    const row = targets.data?.items.find((one) => one.metric === metric)
    return row === undefined || isPast ? undefined : t('campaign.target', { ratio: percent(row.per_mille / 1000) })
  }
  const used = budget.data?.budget
  return (
    <div className="row">
      <Figure
        name={name('answer_ratio')}
        definition={definitionOf(report, 'answer_ratio_per_call', 1, i18n.language)}
        value={percent(campaign.answer_ratio)}
        onOpen={opens('answer_ratio_per_call', 1)}
        beside={target('answer_ratio_per_call')}
        below={t('campaign.peopleOnly', { ratio: percent(campaign.answer_ratio_people), answered: campaign.answered, dialed: campaign.dialed })}
      />
      <Figure
        name={name('talk_ms_mean')}
        definition={definitionOf(report, 'talk_ms_mean', 1, i18n.language)}
        value={seconds(campaign.talk_ms_mean)}
        onOpen={opens('talk_ms_mean', 1)}
        below={t('campaign.ended', { count: campaign.calls_ended })}
      />
      <Figure
        name={name('conversion_ratio_people')}
        definition={definitionOf(report, 'conversion_ratio', 2, i18n.language)}
        value={percent(campaign.conversion_ratio_people)}
        onOpen={opens('conversion_ratio', 2)}
        beside={target('conversion_ratio')}
        below={t('campaign.withMachines', { ratio: percent(campaign.conversion_ratio) })}
      />
      {may('figures:read') && !isPast && (
        <Figure
          name={t('campaign.abandoned', { days: used?.window_days ?? 30 })}
          value={used?.used_per_mille == null ? '–' : percent(used.used_per_mille / 1000)}
          beside={used && (used.binds === false ? t('campaign.noLimit') : t('campaign.limit', { ratio: percent(used.limit_per_mille / 1000) }))}
          below={used && t('campaign.abandonedOf', { abandoned: used.abandoned, answered: used.answered })}
        />
      )}
      <div className={why === null ? 'card figure' : 'card figure notice'}>
        <div className="name">{t(isPast ? 'campaign.then' : why === null ? 'campaign.dialingTitle' : 'campaign.whyTitle')}</div>
        <div style={{ fontWeight: 600 }}>
          {isPast ? t('campaign.thenCounts', { waiting: campaign.waiting, open: campaign.open, settled: campaign.settled }) : why === null ? <Word tone="line">{t('why.dialing')}</Word> : <Word tone={why.tone}>{t(why.key, why.values)}</Word>}
        </div>
        <div className="below">{t('campaign.standing', { enrolled: campaign.enrolled, waiting: campaign.waiting, open: campaign.open, settled: campaign.settled })}</div>
      </div>
      {behind !== null && <Behind figure={behind} zone={campaign.time_zone} asOf={position?.toString()} onClose={() => setBehind(null)} />}
    </div>
  )
}
