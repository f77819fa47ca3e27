// The dead letters of a webhook: the event, the number of attempts and the reason.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { instantIn } from '../../app/format'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'

export function DeadLetters({ id }: { id: string }) {
  const { t } = useTranslation()
  const dead = useQuery({ queryKey: ['dead', id], queryFn: () => get('/api/v1/webhooks/{id}/dead-letters', [id], { limit: 100 }) })
  if (dead.error) return <Refused why={dead.error} again={() => void dead.refetch()} />
  if (dead.data === undefined) return <Waiting />
  return (
    <ul className="list">
      {dead.data.items.map((one) => (
        <li key={one.event}>
          <a href={`/events?position=${one.position}`}>{one.position}</a> · {instantIn(one.at, ZONE)} · {t('webhooks.tried', { count: one.attempts })} · <span className="mono">{one.status ?? one.fault ?? '–'}</span>
        </li>
      ))}
    </ul>
  )
}
