// The latest calls, of one campaign or of all that one may see.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { useCampaigns } from '../api/queries'
import { EventsLine } from '../components/EventsLine'
import { CallsOf } from './campaign/CallsOf'

const here = getRouteApi('/calls')
/** Each call once on the line: where it ended. */
const KINDS = ['call.ended', 'call.corrected'] as const

export function Calls() {
  const { t } = useTranslation()
  const { campaign, position } = here.useSearch()
  const navigate = useNavigate()
  const campaigns = useCampaigns()
  return (
    <div className={position === undefined ? 'list' : 'past-page list'}>
      <div className="head">
        <h1>{t('menu.calls')}</h1>
        <Select
          aria-label={t('campaigns.name')}
          allowClear
          style={{ minWidth: 220 }}
          placeholder={t('calls.ofAll')}
          value={campaign ?? null}
          options={(campaigns.data?.items ?? []).map((one) => ({ value: one.id, label: one.id }))}
          onChange={(chosen: string | null | undefined) => void navigate({ to: '/calls', search: { position, campaign: chosen ?? undefined } })}
        />
      </div>
      <EventsLine kinds={KINDS} campaign={campaign} cursor={position ?? null} onMove={(to) => void navigate({ to: '/calls', search: { campaign, position: to ?? undefined }, replace: true })} />
      <div className="card">
        <div className="body">
          <CallsOf id={campaign} zone="Asia/Shanghai" position={position} />
        </div>
      </div>
    </div>
  )
}
