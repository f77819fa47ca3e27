// Explains why a user may or may not do something: by which of their roles, how far it reaches, and in which campaigns
// or team.
import { Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Word } from '../../components/Marks'
import type { UserShown } from './List'
import { useRoles } from './Matrix'

export function WhyMay({ users }: { users: readonly UserShown[] }) {
  const { t, i18n } = useTranslation()
  const english = i18n.language === 'en'
  const roles = useRoles()
  const [name, setName] = useState<string | null>(null)
  const [wanted, setWanted] = useState<string | null>(null)
  const user = users.find((one) => one.name === name)
  const permission = roles.data?.permissions.find((one) => one.permission === wanted)
  const said = (role: string) => roles.data?.roles.find((one) => one.role === role)?.[english ? 'en' : 'zh'] ?? role
  const reaches = (roles.data?.roles ?? []).map((role, at) => ({ role: role.role, reach: permission?.reach[at] ?? '–' })).filter((one) => one.reach !== '–')
  const theirs = reaches.filter((one) => user?.roles.some((role) => role === one.role))
  return (
    <div className="list" style={{ padding: '8px 0' }}>
      <div className="head">
        <Select style={{ width: 200 }} showSearch aria-label={t('users.who')} placeholder={t('users.who')} value={name} onChange={setName} options={users.map((one) => ({ value: one.name, label: one.name }))} />
        <Select
          key={i18n.language}
          style={{ width: 420 }}
          showSearch
          optionFilterProp="label"
          aria-label={t('users.what')}
          placeholder={t('users.what')}
          value={wanted}
          onChange={setWanted}
          options={(roles.data?.permissions ?? []).map((one) => ({ value: one.permission, label: `${english ? one.en : one.zh} (${one.permission})` }))}
        />
      </div>
      {user === undefined || permission === undefined ? (
        <p className="muted">{t('users.whyEmpty')}</p>
      ) : (
        <div role="status">
          <p>
            {user.disabled ? (
              <Word tone="red">{t('users.noDisabled', { name: user.name })}</Word>
            ) : theirs.length > 0 ? (
              <Word tone="line">{t('users.yes', { name: user.name })}</Word>
            ) : (
              <Word tone="red">{t('users.no', { name: user.name })}</Word>
            )}
          </p>
          <ul>
            {user.roles.map((role) => {
              const one = theirs.find((other) => other.role === role)
              return <li key={role}>{one === undefined ? t('users.roleNot', { role: said(role) }) : t('users.roleYes', { role: said(role), reach: t(`users.reach.${one.reach}`) })}</li>
            })}
            <li>{user.campaigns === null ? t('users.allCampaigns') : t('users.someCampaigns', { campaigns: user.campaigns.join(', ') || '–' })}</li>
            {user.team !== null && <li>{t('users.inTeam', { team: user.team })}</li>}
            {theirs.length === 0 && <li>{t('users.rolesThat', { roles: reaches.map((one) => said(one.role)).join(', ') || '–' })}</li>}
          </ul>
        </div>
      )}
    </div>
  )
}
