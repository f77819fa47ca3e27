// The user's own open sessions: origin, begin and expiry. One, or all but the current one, can be ended. Sessions of
// other users end when their roles or access are revoked.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'

type Session = ResponseOf<'/api/v1/sessions'>['items'][number]

export function Sessions() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: () => get('/api/v1/sessions'), refetchInterval: 10_000 })
  const [asked, setAsked] = useState<Session | 'others' | null>(null)
  const end = async () => {
    await post('/api/v1/sessions/end', [], asked === null || asked === 'others' ? {} : { id: asked.id })
    await queries.invalidateQueries({ queryKey: ['sessions'] })
  }
  const items = sessions.data?.items ?? []
  return (
    <div className="list" style={{ padding: '8px 0' }}>
      <div className="head">
        <span className="muted">{t('users.sessionsWhat')}</span>
        <span className="spread" />
        <Button disabled={items.length < 2} onClick={() => setAsked('others')}>{t('users.endOthers')}</Button>
      </div>
      {sessions.error && <Refused why={sessions.error} again={() => void sessions.refetch()} />}
      <Table<Session>
        rowKey="id"
        size="small"
        loading={sessions.isPending}
        dataSource={items}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('users.noSessions')} /> }}
        columns={[
          { title: t('users.session'), key: 'id', render: (_, one) => <><span className="mono">{one.id}</span> {one.current && <Tag tone="line">{t('users.thisOne')}</Tag>}</> },
          { title: t('users.begun'), key: 'begun', render: (_, one) => instantIn(one.begun_at, ZONE) },
          { title: t('users.expires'), key: 'until', render: (_, one) => instantIn(one.until, ZONE) },
          { title: t('users.from'), key: 'from', render: (_, one) => <span className="mono">{one.from ?? '–'}</span> },
          { title: t('desk.acts'), key: 'acts', render: (_, one) => !one.current && <Button size="small" danger onClick={() => setAsked(one)}>{t('users.end')}</Button> },
        ]}
      />
      {asked !== null && <Ask title={t(asked === 'others' ? 'users.endOthers' : 'users.end')} ok={t('users.end')} what={t('users.endWhat')} isDanger send={end} onLeave={() => setAsked(null)} />}
    </div>
  )
}
