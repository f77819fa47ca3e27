// The dialog that grants or revokes one role, based on the version that was read. If the user was changed elsewhere
// meanwhile, both versions are shown.
import { Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../../api/client'
import { getVersioned, postOver } from '../../api/versions'
import { useQuery } from '@tanstack/react-query'
import { Ask } from '../../components/Ask'
import { BothVersions } from '../../components/BothVersions'
import type { UserShown } from './List'
import { useRoles } from './Matrix'

type Role = UserShown['roles'][number]

interface Props {
  user: UserShown
  onLeave: () => void
  onDone: (position: string | null) => void
}

export function ChangeRoles({ user, onLeave, onDone }: Props) {
  const { t, i18n } = useTranslation()
  const table = useRoles()
  const now = useQuery({ queryKey: ['user', user.name], queryFn: () => getVersioned('/api/v1/users/{name}', [user.name]), staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false })
  const [add, setAdd] = useState<Role | null>(null)
  const [remove, setRemove] = useState<Role | null>(null)
  const [theirs, setTheirs] = useState<string | null>(null)
  const options = (table.data?.roles ?? []).map((one) => ({ value: one.role, label: i18n.language === 'en' ? one.en : one.zh }))
  const held = now.data?.reply.roles ?? user.roles
  const send = async (reason: string, key: string) => {
    const change = { ...(add === null ? {} : { add }), ...(remove === null ? {} : { remove }) }
    try {
      onDone((await postOver('/api/v1/users/{name}/roles', [user.name], now.data?.etag ?? '', { reason, ...change }, key)).position)
    } catch (why) {
      if (why instanceof Problem && why.status === 412) {
        const read = await now.refetch()
        setTheirs((read.data?.reply.roles ?? []).map((role) => t(`role.${role}`)).join(', '))
      }
      throw why
    }
  }
  const mine = [add === null ? null : `+ ${t(`role.${add}`)}`, remove === null ? null : `− ${t(`role.${remove}`)}`].filter(Boolean).join(' ')
  return (
    <Ask title={t('users.rolesOf', { name: user.name })} ok={t('users.act.roles')} reason={t('act.reason')} isReady={(add !== null || remove !== null) && now.data !== undefined} send={send} onLeave={onLeave}>
      {theirs !== null && <BothVersions mine={mine} theirs={theirs} />}
      <p>{t('users.rolesNow', { roles: held.map((role) => t(`role.${role}`)).join(', ') || '–' })}</p>
      <Select<Role | null> allowClear aria-label={t('users.grant')} placeholder={t('users.grant')} value={add} onChange={(chosen) => setAdd(chosen ?? null)} options={options.filter((one) => !held.includes(one.value))} />
      <Select<Role | null> allowClear aria-label={t('users.revoke')} placeholder={t('users.revoke')} value={remove} onChange={(chosen) => setRemove(chosen ?? null)} options={options.filter((one) => held.includes(one.value))} />
    </Ask>
  )
}
