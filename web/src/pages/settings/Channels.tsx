// The alert channels, each with a button that sends a test message at once and shows the result.
import { useQuery } from '@tanstack/react-query'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { Empty, Refused } from '../../components/States'

type Channel = ResponseOf<'/api/v1/alerts/channels'>['items'][number]
type Tested = Awaited<ReturnType<typeof post<'/api/v1/alerts/channels/{id}/test'>>>['reply']

export function Channels() {
  const { t } = useTranslation()
  const may = useMay()
  const channels = useQuery({ queryKey: ['channels'], queryFn: () => get('/api/v1/alerts/channels', [], { limit: 200 }) })
  const [tested, setTested] = useState<{ answer: Tested | null; why: unknown } | null>(null)
  const [asking, setAsking] = useState<string | null>(null)
  const [taking, setTaking] = useState<Channel | null>(null)
  const test = async (id: string) => {
    setAsking(id)
    try {
      setTested({ answer: (await post('/api/v1/alerts/channels/{id}/test', [id])).reply, why: null })
    } catch (why) {
      setTested({ answer: null, why })
    } finally {
      setAsking(null)
    }
  }
  return (
    <section className="card" aria-label={t('settings.channels')}>
      <header><h2>{t('settings.channels')}</h2></header>
      {channels.error && <Refused why={channels.error} again={() => void channels.refetch()} />}
      {tested?.why != null && <Refused why={tested.why} />}
      {tested?.answer != null && <p className="body" role="status"><Tag tone={tested.answer.delivered ? 'line' : 'red'}>{t(tested.answer.delivered ? 'settings.tested' : 'settings.untested')}</Tag> <span className="mono">{JSON.stringify(tested.answer)}</span></p>}
      <Table<Channel>
        rowKey="id"
        size="small"
        loading={channels.isPending}
        dataSource={channels.data?.items ?? []}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('settings.noChannels')} /> }}
        columns={[
          { title: t('settings.form'), dataIndex: 'format' },
          { title: t('settings.target'), dataIndex: 'target', className: 'mono' },
          { title: t('settings.delivered'), dataIndex: 'delivered', align: 'right' },
          { title: t('webhooks.owner'), key: 'owner', render: (_, one) => one.owner ?? <span className="muted">{t('webhooks.ownerUnknown')}</span> },
          { title: t('settings.fault'), key: 'fault', render: (_, one) => (one.disabled_reason != null ? <Tag tone="red">{t(`webhooks.disabled.${one.disabled_reason}`)}</Tag> : (one.last_fault ?? '')) },
          ...(may('alerts:channels') ? [{ title: t('desk.acts'), key: 'acts', render: (_: unknown, one: Channel) => <Button size="small" loading={asking === one.id} onClick={() => void test(one.id)}>{t('settings.test')}</Button> }, { title: t('webhooks.act.takeOver'), key: 'takeOver', render: (_: unknown, one: Channel) => <Button size="small" onClick={() => setTaking(one)}>{t('webhooks.act.takeOver')}</Button> }] : []),
        ]}
      />
      {taking !== null && (
        <Ask
          title={t('webhooks.title.takeOver', { target: taking.target })}
          ok={t('webhooks.act.takeOver')}
          what={t('webhooks.what.takeOver')}
          reason={t('act.reason')}
          onLeave={() => setTaking(null)}
          send={async (reason, key) => {
            await post('/api/v1/alerts/channels/{id}/take-over', [taking.id], { reason }, key)
            await channels.refetch()
          }}
        />
      )}
    </section>
  )
}
