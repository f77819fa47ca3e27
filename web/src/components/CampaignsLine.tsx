// The timeline of a page about several campaigns: their own events and, for users who may read the log, also stops and
// alerts beyond them. Other users see the timeline of their campaigns.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../api/client'
import { NAMED_MAX, SLOW_MS, useCampaigns } from '../api/queries'
import { useMay } from '../app/session'
import { EventsLine, toneOfKind, useKindWord, type StoredEvent } from './EventsLine'
import { OF_CAMPAIGNS } from './lineKinds'
import { LineOfTime } from './LineOfTime'
import { indexAt, type Mark } from './lineMarks'
import { ZONE } from './PageHead'
import { Refused } from './States'

/** Most events per campaign. The timeline shows campaign states, which change a few times. */
const EACH_MAX = 100

interface Props {
  /** The event kinds on the timeline, for users who may read the log. */
  kinds: readonly string[]
  cursor: number | null
  onMove: (position: number | null) => void
}

export function CampaignsLine(props: Props) {
  const may = useMay()
  if (may('events:read')) return <EventsLine {...props} />
  return may('campaigns:read') ? <OfThoseSeen {...props} /> : null
}

function OfThoseSeen({ cursor, onMove }: Props) {
  const { t } = useTranslation()
  const word = useKindWord()
  const campaigns = useCampaigns()
  const seen = [...(campaigns.data?.items ?? [])].sort((one, other) => Number(other.status === 'running') - Number(one.status === 'running'))
  const named = seen.slice(0, NAMED_MAX).map((one) => one.id)
  const read = useQuery({
    queryKey: ['campaigns-line', ...named],
    queryFn: async (): Promise<StoredEvent[]> => {
      const kind = OF_CAMPAIGNS.filter((one) => one.startsWith('campaign.'))
      const each = await Promise.all(named.map((id) => get('/api/v1/campaigns/{id}/events', [id], { kind, limit: EACH_MAX })))
      return each.flatMap((one) => one.items as StoredEvent[]).sort((one, other) => Number(one.position) - Number(other.position))
    },
    refetchInterval: SLOW_MS,
    enabled: named.length > 0,
  })
  const marks = useMemo<Mark[]>(
    () => (read.data ?? []).map((one) => ({ position: Number(one.position), at: Date.parse(one.time), kind: one.type, label: word(one.type), tone: toneOfKind(one.type) })),
    [read.data, word],
  )
  const at = cursor === null ? undefined : read.data?.[indexAt(marks, cursor)]
  if (marks.length === 0) return cursor === null ? null : <Button size="small" onClick={() => onMove(null)}>{t('line.back')}</Button>
  return (
    <>
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <LineOfTime marks={marks} cursor={cursor} onMove={onMove} zone={ZONE} />
      {seen.length > NAMED_MAX && <div className="c-amber">{t('line.ofSome', { count: NAMED_MAX, all: seen.length })}</div>}
      {at?.campaign != null && (
        <div>
          {word(at.type)} <Link className="data" to="/campaigns/$id" params={{ id: at.campaign }} search={{ position: Number(at.position) }}>{at.campaign}</Link>
        </div>
      )}
    </>
  )
}
