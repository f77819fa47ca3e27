// The filters of the event list: kinds, streams, campaign, and start time. No personal data is written into a URL.
import { useQuery } from '@tanstack/react-query'
import { AutoComplete, Button, Input } from 'antd'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import type { EventSearch } from '../../app/deskRoutes'
import { instantFrom } from '../../app/format'
import { ZONE } from '../../components/PageHead'
import { Refused } from '../../components/States'
import { Moment } from '../../components/TimeFields'
import { positionBefore } from './positionAt'

interface Props {
  filter: EventSearch
  /** `after` is the position from which the list starts, if a time was entered. */
  onFilter: (to: EventSearch, after: number) => void
}

export function Filters({ filter, onFilter }: Props) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState({ kind: filter.kind ?? '', stream: filter.stream ?? '', campaign: filter.campaign ?? '' })
  const [moment, setMoment] = useState('')
  const [isLooking, setLooking] = useState(false)
  const [refused, setRefused] = useState<unknown>(null)
  const kinds = useQuery({ queryKey: ['kinds'], queryFn: () => get('/api/v1/events/schemas'), staleTime: Infinity })
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    const { kind, stream, campaign } = typed
    const to = { kind: kind.trim() || undefined, stream: stream.trim() || undefined, campaign: campaign.trim() || undefined }
    const at = instantFrom(moment, ZONE)
    setRefused(null)
    setLooking(true)
    try {
      onFilter(to, at === undefined ? 0 : await positionBefore(Date.parse(at)))
    } catch (why) {
      setRefused(why)
    } finally {
      setLooking(false)
    }
  }
  const options = (kinds.data?.items ?? []).map((one) => ({ value: one.kind })).filter((one) => one.value.includes(typed.kind)).slice(0, 60)
  return (
    <form className="head" role="search" aria-label={t('events.filter')} onSubmit={(event) => void submit(event)}>
      <AutoComplete style={{ width: 220 }} options={options} value={typed.kind} onChange={(kind: string) => setTyped({ ...typed, kind: kind })}>
        <Input aria-label={t('events.kind')} placeholder={t('events.kind')} maxLength={128} />
      </AutoComplete>
      <Input style={{ width: 280 }} aria-label={t('events.stream')} placeholder={t('events.stream')} maxLength={128} value={typed.stream} onChange={(event) => setTyped({ ...typed, stream: event.target.value })} />
      <Input style={{ width: 160 }} aria-label={t('campaigns.name')} placeholder={t('campaigns.name')} maxLength={64} value={typed.campaign} onChange={(event) => setTyped({ ...typed, campaign: event.target.value })} />
      <Moment style={{ width: 210 }} aria-label={t('events.from')} placeholder={t('events.from')} value={moment} onChange={setMoment} />
      <Button htmlType="submit" type="primary" loading={isLooking}>{t('events.show')}</Button>
      {refused !== null && <Refused why={refused} />}
    </form>
  )
}
