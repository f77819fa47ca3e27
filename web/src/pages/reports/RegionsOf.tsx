// The report of one campaign's calls by region.
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useCampaigns } from '../../api/queries'
import { useMe } from '../../app/session'
import { Empty } from '../../components/States'
import { Regions } from '../campaign/Regions'
import type { TabProps } from './tabs'

export function RegionsOf({ look, looked }: TabProps) {
  const { t } = useTranslation()
  const held = useMe()?.campaigns ?? null
  const campaigns = useCampaigns()
  const names = held ?? (campaigns.data?.items ?? []).map((one) => one.id)
  const chosen = looked.campaign ?? names[0]
  return (
    <div className="list">
      <div className="head">
        <Select aria-label={t('reports.campaign')} style={{ minWidth: 220 }} showSearch value={chosen ?? null} options={names.map((one) => ({ value: one, label: one }))} onChange={(one: string | null) => look({ campaign: one ?? undefined })} />
      </div>
      {chosen === undefined ? <Empty what={t('campaigns.none')} /> : <Regions id={chosen} position={undefined} />}
    </div>
  )
}
