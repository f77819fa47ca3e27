// The menu of workplaces; each entry is shown only to users who may use it.
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useMay, useSeesAll } from './session'

export function DeskMenu() {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  return (
    <>
      <Link to="/approvals">{t('desk.approvals')}</Link>
      {(may('cases:read') || may('inspections:make') || may('reports:read')) && <Link to="/compliance">{t('desk.compliance')}</Link>}
      {may('rules:read') && seesAll && <Link to="/knowledge">{t('desk.knowledge')}</Link>}
      {may('samples:read') && <Link to="/samples">{t('desk.samples')}</Link>}
      {may('labels:write') && <Link to="/labels">{t('desk.labels')}</Link>}
      {may('events:read') && <Link to="/events">{t('desk.events')}</Link>}
      {may('events:read') && <Link to="/subscribers">{t('desk.subscribers')}</Link>}
      {may('audit:read') && <Link to="/audit">{t('desk.audit')}</Link>}
      {may('projections:read') && <Link to="/projections">{t('desk.projections')}</Link>}
      {may('users:read') && <Link to="/users">{t('desk.users')}</Link>}
      {may('webhooks:read') && <Link to="/webhooks">{t('desk.webhooks')}</Link>}
      {may('installation:read') && seesAll && <Link to="/settings">{t('desk.settings')}</Link>}
    </>
  )
}
