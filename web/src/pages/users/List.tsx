// The list of users: roles, scope, and whether they can sign in.
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Secret } from '../../components/Secret'
import { Empty } from '../../components/States'
import { AddUser } from './AddUser'
import { ChangeRoles } from './ChangeRoles'
import { ChangeScope } from './ChangeScope'

export type UserShown = ResponseOf<'/api/v1/users'>['items'][number]

interface Props {
  users: readonly UserShown[]
  mayWrite: boolean
  onDone: (position: string | null, said: string) => void
}

export function List({ users, mayWrite, onDone }: Props) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<{ user: UserShown | null; act: 'add' | 'roles' | 'scope' | 'disable' | 'invite' } | null>(null)
  const [link, setLink] = useState<string | null>(null)
  const name = asked?.user?.name ?? ''
  const leave = () => setAsked(null)
  const button = (user: UserShown, act: 'roles' | 'scope' | 'disable' | 'invite') => (
    <Button key={act} size="small" danger={act === 'disable'} data-value={user.name} aria-label={`${t(`users.act.${act}`)} ${user.name}`} onClick={() => setAsked({ user, act })}>{t(`users.act.${act}`)}</Button>
  )
  return (
    <>
      {mayWrite && <p><Button type="primary" onClick={() => setAsked({ user: null, act: 'add' })}>{t('users.add')}</Button></p>}
      {link !== null && <Secret what={t('users.link')} secret={link} onClose={() => setLink(null)} />}
      <Table<UserShown>
        rowKey="name"
        size="small"
        dataSource={[...users]}
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('users.none')} /> }}
        columns={[
          { title: t('users.name'), dataIndex: 'name', render: (one: string) => <b className="data">{one}</b> },
          { title: t('users.roles'), key: 'roles', render: (_, one) => one.roles.map((role) => t(`role.${role}`)).join(', ') || '–' },
          { title: t('users.scope'), key: 'scope', render: (_, one) => <>{one.campaigns === null ? t('users.allCampaigns') : <span className="data">{one.campaigns.join(', ')}</span>}{one.team == null ? '' : <span className="data">{` · ${one.team}`}</span>}</> },
          {
            title: t('users.standing'),
            key: 'standing',
            render: (_, one) => (
              <>
                <Tag tone={one.disabled ? 'red' : one.locked_until === null ? 'line' : 'amber'}>{t(one.disabled ? 'users.disabled' : one.locked_until === null ? 'users.enabled' : 'users.locked')}</Tag>{' '}
                <span className="muted">{[one.has_second_factor ? t('users.second') : t('users.noSecond'), one.issuer, one.guest_until === null ? null : t('users.guest', { until: instantIn(one.guest_until, ZONE) })].filter(Boolean).join(' · ')}</span>
              </>
            ),
          },
          { title: t('users.signedIn'), key: 'signed', render: (_, one) => (one.signed_in_at === null ? t('users.never') : instantIn(one.signed_in_at, ZONE)) },
          ...(mayWrite ? [{ title: t('desk.acts'), key: 'acts', render: (_: unknown, one: UserShown) => (one.disabled ? null : <>{button(one, 'roles')} {button(one, 'scope')} {button(one, 'invite')} {button(one, 'disable')}</>) }] : []),
        ]}
      />
      {asked?.act === 'add' && <AddUser onLeave={leave} onLink={setLink} onDone={(at) => onDone(at, t('users.added'))} />}
      {asked?.act === 'roles' && asked.user !== null && <ChangeRoles user={asked.user} onLeave={leave} onDone={(at) => onDone(at, t('users.changed'))} />}
      {asked?.act === 'scope' && asked.user !== null && <ChangeScope user={asked.user} onLeave={leave} onDone={(at) => onDone(at, t('users.changed'))} />}
      {asked?.act === 'disable' && (
        <Ask title={t('users.disableOf', { name })} ok={t('users.act.disable')} what={t('users.disableWhat')} isDanger reason={t('act.reason')} onLeave={leave} send={async (reason, key) => onDone((await post('/api/v1/users/{name}/disable', [name], { reason }, key)).position, t('users.changed'))} />
      )}
      {asked?.act === 'invite' && (
        <Ask
          title={t('users.inviteOf', { name })}
          ok={t('users.act.invite')}
          what={t('users.inviteWhat')}
          onLeave={leave}
          send={async (_, key) => {
            const { reply, position } = await post('/api/v1/users/{name}/invite', [name], undefined, key)
            setLink(reply.set_up ?? null)
            onDone(position, t('users.invited'))
          }}
        />
      )}
    </>
  )
}
