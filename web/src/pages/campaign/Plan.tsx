// What the campaign was made with: hours in its own zone, rules, flow and whom it is for.
import { useTranslation } from 'react-i18next'
import type { CampaignShown } from '../../api/queries'
import { instantIn } from '../../app/format'
import { Pairs } from '../../components/Pairs'

export function Plan({ campaign }: { campaign: CampaignShown }) {
  const { t } = useTranslation()
  const { schedule, flow } = campaign
  const rows: [string, string][] = [
    [t('plan.hours'), t('plan.hoursOf', { from: schedule.start_time, to: schedule.end_time, zone: campaign.time_zone })],
    [t('plan.rests'), schedule.rests.length === 0 ? t('plan.none') : schedule.rests.map(([from, to]) => `${from}–${to}`).join(', ')],
    [t('plan.concurrent'), String(schedule.max_concurrent)],
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
    <Pairs rows={rows.map(([name, value]) => ({ key: name, name, value }))} />
  )
}
