// The proof badge: the result of checking the call's bundle against the log checkpoint in this browser.
import { useQuery } from '@tanstack/react-query'
import { Button, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { addressOf, file, get, whyIn } from '../../api/client'
import type { CallEvent } from '../../api/queries'
import { Tag } from '../../components/Marks'
import { check, NotProved } from './proof'

export function Badge({ id, events }: { id: string; events: readonly CallEvent[] }) {
  const { t, i18n } = useTranslation()
  const proof = useQuery({
    queryKey: ['proof', id, events.length],
    queryFn: async () => {
      const bytes = await file(addressOf('/api/v1/calls/{id}/proof', [id]))
      const now = await get('/api/v1/log/checkpoint')
      return check(bytes, id, events, now)
    },
    retry: false,
    staleTime: Infinity,
    enabled: events.length > 0,
  })
  const again = <Button size="small" onClick={() => void proof.refetch()}>{t('proof.verify')}</Button>
  if (proof.isFetching) return <Tag tone="amber">{t('proof.checking')}</Tag>
  if (proof.error) {
    return (
      <>
        {proof.error instanceof NotProved ? (
          <Tag tone="red">{t('proof.refused', { why: proof.error.message })}</Tag>
        ) : (
          <Tag tone="amber">{t('proof.notChecked', { why: whyIn(i18n.language, proof.error) || t('problem.no-answer') })}</Tag>
        )}
        {again}
      </>
    )
  }
  if (proof.data === undefined) return <Tag tone="slate">{t('proof.none')}</Tag>
  return (
    <Tooltip title={t('proof.events', { count: proof.data.events, size: proof.data.size })}>
      <span tabIndex={0} aria-label={t('proof.verified')}>
        <Tag tone="line">{t('proof.verified')}</Tag>
      </span>
    </Tooltip>
  )
}
