// The dialog that changes a user's scope, and a guest's expiry, based on the version that was read. If the user was
// changed elsewhere meanwhile, both versions are shown.
import { useQuery } from '@tanstack/react-query'
import { Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../../api/client'
import { getVersioned, postOver } from '../../api/versions'
import { instantFrom, instantIn } from '../../app/format'
import { Ask } from '../../components/Ask'
import { BothVersions } from '../../components/BothVersions'
import { ZONE } from '../../components/PageHead'
import { Moment } from '../../components/TimeFields'
import type { UserShown } from './List'

interface Props {
  user: UserShown
  onLeave: () => void
  onDone: (position: string | null) => void
}

export function ChangeScope({ user, onLeave, onDone }: Props) {
  const { t } = useTranslation()
  const now = useQuery({ queryKey: ['user', user.name], queryFn: () => getVersioned('/api/v1/users/{name}', [user.name]), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false })
  const [campaigns, setCampaigns] = useState<string[]>(user.campaigns ?? [])
  const [team, setTeam] = useState(user.team ?? '')
  const [until, setUntil] = useState('')
  const [theirs, setTheirs] = useState<string | null>(null)
  const worded = (some: readonly string[] | null, of: string | null) => [some === null || some.length === 0 ? t('users.allCampaigns') : some.join(', '), of].filter(Boolean).join(' · ')
  const send = async (reason: string, key: string) => {
    const end = instantFrom(until, ZONE)
    const scope = { ...(campaigns.length === 0 ? {} : { campaigns }), team: team.trim() || null, ...(end === undefined ? {} : { until: end }) }
    try {
      onDone((await postOver('/api/v1/users/{name}/scope', [user.name], now.data?.etag ?? '', { reason, ...scope }, key)).position)
    } catch (why) {
      if (why instanceof Problem && why.status === 412) {
        const read = await now.refetch()
        setTheirs(worded(read.data?.reply.campaigns ?? null, read.data?.reply.team ?? null))
      }
      throw why
    }
  }
  return (
    <Ask title={t('users.scopeOf', { name: user.name })} ok={t('users.act.scope')} what={t('users.scopeWhat')} reason={t('act.reason')} isReady={now.data !== undefined} send={send} onLeave={onLeave}>
      {theirs !== null && <BothVersions mine={worded(campaigns, team.trim() || null)} theirs={theirs} />}
      <Select<string[]> mode="tags" aria-label={t('users.campaigns')} placeholder={t('users.campaigns')} value={campaigns} onChange={setCampaigns} />
      <Input aria-label={t('users.team')} placeholder={t('users.team')} maxLength={64} value={team} onChange={(event) => setTeam(event.target.value)} />
      {user.guest_until !== null && (
        <>
          <p className="muted">{t('users.guest', { until: instantIn(user.guest_until, ZONE) })}</p>
          <Moment aria-label={t('users.until')} placeholder={t('users.until')} value={until} onChange={setUntil} />
        </>
      )}
    </Ask>
  )
}
