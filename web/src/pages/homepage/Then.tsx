// The alerts at another moment, shown in place of what needs attention now. Stops, approvals and cases are known for
// now only, and the page says so.
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useAlerts } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Word } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'

export function Then({ position }: { position: number }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const alerts = useAlerts(position.toString())
  const isRead = alerts.data !== undefined && !alerts.isPlaceholderData
  const stood = isRead ? alerts.data.items : []
  return (
    <section className="card">
      <header><h2>{t('home.stood')}</h2></header>
      <ul className="list body">
        {alerts.error && <Refused why={alerts.error} again={() => void alerts.refetch()} />}
        {may('alerts:read') && !isRead && !alerts.error && <Waiting />}
        {stood.map((one) => (
          <li key={one.alert}>
            <Word tone={one.severity === 'critical' ? 'red' : 'amber'}>{i18n.language === 'en' ? one.label_en : one.label_zh}</Word>
            <div className="muted">
              {one.campaign != null && <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }} search={{ position }}>{one.campaign}</Link>} {instantIn(one.raised_at, ZONE)}
            </div>
          </li>
        ))}
        {isRead && stood.length === 0 && <li className="muted">{t('alerts.none')}</li>}
        <li className="c-amber">{t('home.notThen')}</li>
      </ul>
    </section>
  )
}
