// The page of webhooks: the progress of each, failures, dead letters and replay.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Input, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { LIVE_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Secret } from '../../components/Secret'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'
import { Add } from './Add'
import { DeadLetters } from './DeadLetters'

const here = getRouteApi('/webhooks')
export type Webhook = ResponseOf<'/api/v1/webhooks'>['items'][number]
type Act = 'test' | 'replay' | 'rotate' | 'takeOver' | 'remove'
const ACTS: readonly Act[] = ['test', 'replay', 'rotate', 'takeOver', 'remove']
const KINDS = ['webhook.added', 'webhook.removed', 'webhook.rotated', 'webhook.disabled', 'webhook.taken_over', 'webhook.replay_asked', 'webhook.tested', 'webhook.delivery_failed', 'webhook.dead_lettered']

export function WebhooksPage() {
  const { t } = useTranslation()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const [asked, setAsked] = useState<{ one: Webhook; act: Act } | 'add' | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const webhooks = useQuery({ queryKey: ['webhooks'], queryFn: () => get('/api/v1/webhooks', [], { limit: 200 }), refetchInterval: LIVE_MS })
  const [pending, settle] = usePending((at) => get('/api/v1/webhooks', [], { after_position: at, limit: 1 }))
  const mayWrite = may('webhooks:write')
  return (
    <>
      <PageHead title={t('desk.webhooks')} about={t('webhooks.about')} at={webhooks.dataUpdatedAt}>
        {pending}
        {mayWrite && <Button type="primary" onClick={() => setAsked('add')}>{t('webhooks.add')}</Button>}
      </PageHead>
      <EventsLine kinds={KINDS} cursor={position ?? null} onMove={(to) => void navigate({ to: '/webhooks', search: { position: to ?? undefined }, replace: true })} isOfNow />
      {secret !== null && <Secret what={t('webhooks.secret')} secret={secret} onClose={() => setSecret(null)} />}
      {webhooks.error && <Refused why={webhooks.error} again={() => void webhooks.refetch()} />}
      <div className="card">
        <Table<Webhook>
          rowKey="id"
          size="small"
          loading={webhooks.isPending}
          dataSource={webhooks.data?.items ?? []}
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('webhooks.none')} next={<span className="mono">{t('webhooks.noneNext')}</span>} /> }}
          expandable={{ expandedRowRender: (one) => <DeadLetters id={one.id} />, rowExpandable: (one) => one.dead_letters > 0 }}
          columns={[
            { title: t('webhooks.target'), key: 'target', render: (_, one) => <><span className="mono">{one.target}</span><div className="muted">{one.format} · {one.kinds.join(', ') || t('webhooks.allKinds')}</div></> },
            { title: t('webhooks.standing'), key: 'standing', render: (_, one) => <Tag tone={one.disabled ? 'red' : one.last_fault === null ? 'line' : 'amber'}>{one.disabled_reason != null ? t(`webhooks.disabled.${one.disabled_reason}`) : one.last_fault === null ? t('webhooks.isWell') : t('webhooks.isFailing', { why: one.last_fault })}</Tag> },
            { title: t('webhooks.owner'), key: 'owner', render: (_, one) => one.owner ?? <span className="muted">{t('webhooks.ownerUnknown')}</span> },
            { title: t('webhooks.counts'), key: 'counts', align: 'right', render: (_, one) => t('webhooks.countsOf', { delivered: one.delivered, failed: one.failed, waiting: one.waiting }) },
            { title: t('webhooks.dead'), key: 'dead', align: 'right', render: (_, one) => (one.dead_letters > 0 ? <span className="c-red">{one.dead_letters}</span> : 0) },
            { title: t('webhooks.through'), key: 'through', align: 'right', render: (_, one) => `${one.through} / ${one.head}` },
            { title: t('webhooks.last'), key: 'last', render: (_, one) => (one.last_delivered_at === null ? '–' : instantIn(one.last_delivered_at, ZONE)) },
            ...(mayWrite ? [{ title: t('desk.acts'), key: 'acts', render: (_: unknown, one: Webhook) => ACTS.map((act) => <Button key={act} size="small" danger={act === 'remove'} onClick={() => setAsked({ one, act })}>{t(`webhooks.act.${act}`)}</Button>) }] : []),
          ]}
        />
      </div>
      {asked === 'add' && <Add onLeave={() => setAsked(null)} onMade={(made, at) => {
        setSecret(made)
        void settle(at, t('webhooks.added'))
      }} />}
      {asked !== null && asked !== 'add' && <Do {...asked} onLeave={() => setAsked(null)} onSecret={setSecret} onDone={(at, said) => void settle(at, said)} />}
    </>
  )
}

interface DoProps {
  one: Webhook
  act: Act
  onLeave: () => void
  onSecret: (secret: string | null) => void
  onDone: (position: string | null, said: string) => void
}

/** The dialog of one action on one webhook; its input belongs to this webhook only. */
function Do({ one, act, onLeave, onSecret, onDone }: DoProps) {
  const { t } = useTranslation()
  const [after, setAfter] = useState('')
  const send = async (reason: string, key: string) => {
    if (act === 'test') {
      const { reply, position } = await post('/api/v1/webhooks/{id}/test', [one.id], undefined, key)
      onDone(position, reply.delivered ? t('webhooks.tested', { status: reply.status ?? '', ms: reply.elapsed_ms }) : t('webhooks.testFailed', { why: reply.fault ?? reply.status ?? '' }))
    } else if (act === 'replay') onDone((await post('/api/v1/webhooks/{id}/replay', [one.id], { after: after.trim() }, key)).position, t('webhooks.replayed'))
    else if (act === 'remove') onDone((await post('/api/v1/webhooks/{id}/remove', [one.id], { reason }, key)).position, t('webhooks.removed'))
    else if (act === 'takeOver') onDone((await post('/api/v1/webhooks/{id}/take-over', [one.id], { reason }, key)).position, t('webhooks.takenOver'))
    else {
      const { reply, position } = await post('/api/v1/webhooks/{id}/rotate', [one.id], undefined, key)
      onSecret(reply.secret)
      // If the response was lost and the command repeated, the secret is not returned again; other formats have no
      // secret of ours.
      onDone(position, t(reply.secret === null && one.format === 'standard' ? 'webhooks.unshown' : 'webhooks.rotated'))
    }
  }
  return (
    <Ask
      title={t(`webhooks.title.${act}`, { target: one.target })}
      ok={t(`webhooks.act.${act}`)}
      what={t(`webhooks.what.${act}`)}
      isDanger={act === 'remove'}
      reason={act === 'remove' || act === 'takeOver' ? t('act.reason') : undefined}
      isReady={act !== 'replay' || /^\d+$/.test(after.trim())}
      send={send}
      onLeave={onLeave}
      below={act === 'replay' && <Input aria-label={t('webhooks.after')} placeholder={t('webhooks.after')} maxLength={20} value={after} onChange={(event) => setAfter(event.target.value)} />}
    />
  )
}
