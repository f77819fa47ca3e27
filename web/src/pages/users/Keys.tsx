// API keys: owner, scopes and expiry. A new key is shown once.
import { Button, Input, InputNumber, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Secret } from '../../components/Secret'
import { Empty } from '../../components/States'
import { useRoles } from './Matrix'

type Key = ResponseOf<'/api/v1/api-keys'>['items'][number]
type Scope = NonNullable<Key['scopes']>[number]

/** Validity of a key in days, unless another is chosen. */
const DAYS = 90

interface Props {
  keys: readonly Key[]
  mayWrite: boolean
  onDone: (position: string | null, said: string) => void
}

export function Keys({ keys, mayWrite, onDone }: Props) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<'make' | Key | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  return (
    <>
      {mayWrite && <p><Button type="primary" onClick={() => setAsked('make')}>{t('users.makeKey')}</Button></p>}
      {secret !== null && <Secret what={t('users.key')} secret={secret} onClose={() => setSecret(null)} />}
      <Table<Key>
        rowKey="id"
        size="small"
        dataSource={[...keys]}
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('users.noKeys')} next={t('users.noKeysNext')} /> }}
        columns={[
          { title: t('users.key'), key: 'id', render: (_, one) => <><span className="mono">{one.id}</span> {one.label}</> },
          { title: t('users.keyOf'), dataIndex: 'user', className: 'data' },
          { title: t('users.scopes'), key: 'scopes', render: (_, one) => (one.scopes === null ? t('users.allScopes') : one.scopes.join(', ')) },
          { title: t('users.made'), key: 'made', render: (_, one) => <>{instantIn(one.created_at, ZONE)} <span className="data">{`· ${one.created_by ?? '–'}`}</span></> },
          { title: t('users.expires'), key: 'expires', render: (_, one) => instantIn(one.expires_at, ZONE) },
          { title: t('users.standing'), key: 'standing', render: (_, one) => <Tag tone={one.revoked_at === null ? 'line' : 'slate'}>{t(one.revoked_at === null ? 'users.valid' : 'users.revoked')}</Tag> },
          ...(mayWrite ? [{ title: t('desk.acts'), key: 'acts', render: (_: unknown, one: Key) => one.revoked_at === null && <Button size="small" danger onClick={() => setAsked(one)}>{t('users.revokeKey')}</Button> }] : []),
        ]}
      />
      {asked === 'make' && <MakeKey onLeave={() => setAsked(null)} onMade={(key, at) => {
        setSecret(key)
        // If the response was lost and the command repeated, the key is not returned again.
        onDone(at, t(key === null ? 'users.keyUnshown' : 'users.keyMade'))
      }} />}
      {asked !== null && asked !== 'make' && (
        <Ask title={t('users.revokeKeyOf', { key: asked.label ?? asked.id })} ok={t('users.revokeKey')} what={t('users.revokeWhat')} isDanger reason={t('act.reason')} onLeave={() => setAsked(null)} send={async (reason, key) => onDone((await post('/api/v1/api-keys/{id}/revoke', [asked.id], { reason }, key)).position, t('users.changed'))} />
      )}
    </>
  )
}

// The dialog for a new key of the user's own; the server refuses to make one for another user.
function MakeKey({ onLeave, onMade }: { onLeave: () => void; onMade: (key: string | null, position: string | null) => void }) {
  const { t, i18n } = useTranslation()
  const table = useRoles()
  const [label, setLabel] = useState('')
  const [days, setDays] = useState<number | null>(DAYS)
  const [scopes, setScopes] = useState<Scope[]>([])
  const send = async (_: string, name: string) => {
    const more = { ...(scopes.length === 0 ? {} : { scopes }), ...(label.trim() === '' ? {} : { label: label.trim() }) }
    const { reply, position } = await post('/api/v1/api-keys', [], { expires_days: days ?? DAYS, ...more }, name)
    onMade(reply.key, position)
  }
  return (
    <Ask title={t('users.makeKey')} ok={t('users.makeKey')} what={t('users.makeKeyWhat')} send={send} onLeave={onLeave}>
      <Input aria-label={t('users.label')} placeholder={t('users.label')} maxLength={64} value={label} onChange={(event) => setLabel(event.target.value)} />
      <label>{t('users.days')} <InputNumber aria-label={t('users.days')} min={1} max={366} precision={0} value={days} onChange={setDays} /></label>
      <Select<Scope[]>
        mode="multiple"
        aria-label={t('users.scopes')}
        placeholder={t('users.allScopes')}
        value={scopes}
        onChange={setScopes}
        options={(table.data?.permissions ?? []).map((one) => ({ value: one.permission, label: `${i18n.language === 'en' ? one.en : one.zh} (${one.permission})` }))}
      />
    </Ask>
  )
}
