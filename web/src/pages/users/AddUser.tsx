// The dialog that adds a user: name, roles and scope. The user sets the password through a link that is shown once.
import { Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { instantFrom } from '../../app/format'
import { Ask } from '../../components/Ask'
import { ZONE } from '../../components/PageHead'
import { Moment } from '../../components/TimeFields'
import type { UserShown } from './List'
import { useRoles } from './Matrix'

type Role = UserShown['roles'][number]

interface Props {
  onLeave: () => void
  onLink: (link: string | null) => void
  onDone: (position: string | null) => void
}

export function AddUser({ onLeave, onLink, onDone }: Props) {
  const { t, i18n } = useTranslation()
  const table = useRoles()
  const [name, setName] = useState('')
  const [roles, setRoles] = useState<Role[]>([])
  const [campaigns, setCampaigns] = useState<string[]>([])
  const [team, setTeam] = useState('')
  const [until, setUntil] = useState('')
  const [mail, setMail] = useState('')
  const send = async (reason: string, key: string) => {
    const scope = { campaigns: campaigns.length === 0 ? null : campaigns, team: team.trim() || null }
    const { reply, position } = await post('/api/v1/users', [], { name: name.trim(), roles, reason, password: null, mail: mail.trim() || null, until: instantFrom(until, ZONE) ?? null, ...scope }, key)
    onLink(reply.set_up ?? null)
    onDone(position)
  }
  return (
    <Ask title={t('users.add')} ok={t('users.add')} what={t('users.addWhat')} reason={t('act.reason')} isReady={name.trim() !== '' && roles.length > 0} send={send} onLeave={onLeave}>
      <Input aria-label={t('users.name')} placeholder={t('users.name')} maxLength={64} value={name} onChange={(event) => setName(event.target.value)} />
      <Select<Role[]>
        mode="multiple"
        aria-label={t('users.roles')}
        placeholder={t('users.roles')}
        value={roles}
        onChange={setRoles}
        options={(table.data?.roles ?? []).map((one) => ({ value: one.role, label: i18n.language === 'en' ? one.en : one.zh }))}
      />
      <Select<string[]> mode="tags" aria-label={t('users.campaigns')} placeholder={t('users.campaigns')} value={campaigns} onChange={setCampaigns} />
      <Input aria-label={t('users.team')} placeholder={t('users.team')} maxLength={64} value={team} onChange={(event) => setTeam(event.target.value)} />
      <Input aria-label={t('users.mail')} placeholder={t('users.mail')} maxLength={254} value={mail} onChange={(event) => setMail(event.target.value)} />
      <label className="field">
        <span>{t('users.guestUntil')}</span>
        <Moment aria-label={t('users.guestUntil')} value={until} onChange={setUntil} />
      </label>
    </Ask>
  )
}
