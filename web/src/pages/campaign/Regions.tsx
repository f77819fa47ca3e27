// Calls by region of the callee, as far as the permit's rules saw one, and by industry from attributes; now or as known
// at a position.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { Age } from '../../components/Figure'
import { Refused } from '../../components/States'
import { ByGroup } from './ByGroup'

type Region = ResponseOf<'/api/v1/campaigns/{id}/regions'>['items'][number]
type Industry = ResponseOf<'/api/v1/campaigns/{id}/industries'>['items'][number]

export function Regions({ id, position }: { id: string; position: number | undefined }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['regions', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/regions', [id], { as_of: position }),
    refetchInterval: position === undefined ? SLOW_MS : false,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const reply = read.data
  return (
    <div className="list">
      <ByGroup<Region>
        title={t('regions.region')}
        name={(one) => [one.home_location, one.region].filter(Boolean).join(' · ')}
        rows={reply?.items}
        versions={reply?.versions}
        isComplete={reply?.complete !== false}
        isPending={read.isPending}
      />
      <Age at={read.dataUpdatedAt} position={reply?.position} />
      <Industries id={id} position={position} />
    </div>
  )
}

/** Calls by industry. `few` counts customers of industries that are too small to be named. */
function Industries({ id, position }: { id: string; position: number | undefined }) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['industries', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/industries', [id], { as_of: position }),
    refetchInterval: position === undefined ? SLOW_MS : false,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const reply = read.data
  const named = (industry: string) => (industry === 'unknown' || industry === 'few' ? t(`industries.${industry}`) : industry)
  return (
    <>
      <h3>{t('industries.title')}</h3>
      <ByGroup<Industry>
        title={t('industries.industry')}
        name={(one) => named(one.industry)}
        rows={reply?.items}
        versions={reply?.versions}
        isComplete={reply?.complete !== false}
        isPending={read.isPending}
      />
      <Age at={read.dataUpdatedAt} position={reply?.position} />
    </>
  )
}
