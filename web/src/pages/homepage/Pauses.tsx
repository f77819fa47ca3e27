// Why nothing, or not everything, is dialed now: the server's reasons with what to do. Hidden if there is none.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Age } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused } from '../../components/States'

export function Pauses() {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const english = i18n.language === 'en'
  const asked = useQuery({
    queryKey: ['dialing'],
    queryFn: () => get('/api/v1/dialing'),
    refetchInterval: SLOW_MS,
    enabled: may('installation:read'),
  })
  if (asked.error) return <Refused why={asked.error} again={() => void asked.refetch()} />
  const items = asked.data?.items ?? []
  if (items.length === 0) return null
  return (
    <section className="card">
      <header>
        <h2>{t('pauses.title')}</h2>
        <Age at={asked.dataUpdatedAt} />
      </header>
      <ul className="list body">
        {items.map((one) => (
          <li key={`${one.code} ${one.campaign ?? one.trunk ?? one.preset ?? ''}`}>
            <Word tone={one.scope === 'installation' ? 'red' : 'amber'}>{english ? one.en : one.zh}</Word>
            <div className="muted">
              {one.campaign != null && <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>} {english ? one.action_en : one.action_zh}
              {one.since != null && ` · ${t('pauses.since', { at: instantIn(one.since, ZONE) })}`}
              {one.next_at != null && ` · ${t('pauses.until', { at: instantIn(one.next_at, ZONE) })}`}
            </div>
          </li>
        ))}
        {asked.data?.complete === false && <li className="muted">{t('pauses.incomplete')}</li>}
      </ul>
    </section>
  )
}
