// The compliance workplace: inspections, complaints and person requests with deadlines, and signed reports.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Tabs } from 'antd'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../app/session'
import { EventsLine } from '../../components/EventsLine'
import { PageHead } from '../../components/PageHead'
import { Missing } from '../../components/States'
import { Complaints } from './Complaints'
import { Inspect } from './Inspect'
import { Registries } from './Registries'
import { Reports } from './Reports'
import { Requests } from './Requests'
import { Seen } from './Seen'

const here = getRouteApi('/compliance')
const KINDS = ['complaint.', 'person_request.', 'report.', 'number.suppressed', 'customer.held', 'customer.hold_released', 'customer.erased']

export function CompliancePage() {
  const { t } = useTranslation()
  const { position, tab } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const go = (to: { position?: number | undefined; tab?: string }) => void navigate({ to: '/compliance', search: { position, tab, ...to }, replace: true })
  const items = [
    ...(may('inspections:make')
      ? [
          { key: 'inspect', label: t('compliance.tab.inspect'), children: <Inspect /> },
          { key: 'seen', label: t('compliance.tab.seen'), children: <Seen /> },
        ]
      : []),
    ...(may('cases:read')
      ? [
          { key: 'complaints', label: t('compliance.tab.complaints'), children: <Complaints /> },
          { key: 'requests', label: t('compliance.tab.requests'), children: <Requests /> },
        ]
      : []),
    ...(may('reports:read') ? [{ key: 'reports', label: t('compliance.tab.reports'), children: <Reports /> }] : []),
  ]
  // Shown with the other tabs, to users who can see the workplace at all.
  if (items.length > 0 && may('installation:read')) items.push({ key: 'registries', label: t('compliance.tab.registries'), children: <Registries /> })
  if (items.length === 0) return <Missing />
  return (
    <>
      <PageHead title={t('desk.compliance')} about={t('compliance.about')} at={0} />
      <EventsLine kinds={KINDS} cursor={position ?? null} onMove={(to) => go({ position: to ?? undefined })} isOfNow />
      <div className="card">
        <Tabs style={{ padding: '0 14px 8px' }} activeKey={(items.find((one) => one.key === tab) ?? items[0])?.key ?? ''} onChange={(chosen) => go({ tab: chosen })} items={items} />
      </div>
    </>
  )
}
