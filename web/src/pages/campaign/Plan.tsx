// The campaign's plan: hours in its time zone, rules, flow and customers; and the changes of the plan.
import { useTranslation } from 'react-i18next'
import type { CampaignShown } from '../../api/queries'
import { instantIn } from '../../app/format'
import { Pairs } from '../../components/Pairs'
import { EditPlan, PlanChanges } from './EditPlan'

export function Plan({ campaign, isPast }: { campaign: CampaignShown; isPast: boolean }) {
  const { t } = useTranslation()
  const { schedule, flow } = campaign
  const rows: [string, string][] = [
    [t('plan.hours'), t('plan.hoursOf', { from: schedule.start_time, to: schedule.end_time, zone: campaign.time_zone })],
    [t('plan.rests'), schedule.rests.length === 0 ? t('plan.none') : schedule.rests.map(([from, to]) => `${from}–${to}`).join(', ')],
    [t('plan.concurrent'), String(schedule.max_concurrent)],
    [t('plan.field.retries'), campaign.retry_policy?.retries_max == null ? t('plan.none') : String(campaign.retry_policy.retries_max)],
    [t('plan.field.share'), String(campaign.running?.share ?? 1)],
    [t('plan.preset'), campaign.preset],
    [t('plan.basis'), campaign.basis],
    [t('plan.purpose'), campaign.purpose],
    [t('plan.flow'), `${flow.flow}@${flow.version}`],
    [t('plan.hash'), flow.content_hash],
    [t('plan.segment'), campaign.customer_segment ?? t('plan.none')],
    [t('plan.lists'), String(campaign.open_lists)],
    [t('plan.startsAt'), campaign.running?.starts_at == null ? t('plan.none') : instantIn(campaign.running.starts_at, campaign.time_zone)],
    [t('plan.endsAt'), campaign.ends_at == null ? t('plan.none') : instantIn(campaign.ends_at, campaign.time_zone)],
  ]
  return (
    <div className="list">
      {!isPast && <EditPlan campaign={campaign} />}
      <Pairs rows={rows.map(([name, value]) => ({ key: name, name, value }))} />
      {!isPast && <PlanChanges id={campaign.id} zone={campaign.time_zone} />}
    </div>
  )
}
