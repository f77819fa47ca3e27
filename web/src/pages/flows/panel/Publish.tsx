// Publication of a flow, and the rollback to an older version. The server tells whether another person must approve. A
// published version is shown once the server has it.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button, Checkbox, Input, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post, type ResponseOf } from '../../../api/client'
import { instantIn } from '../../../app/format'
import { useMay } from '../../../app/session'
import { Ask } from '../../../components/Ask'
import { Refused } from '../../../components/States'
import { useOnce } from '../../../components/useOnce'
import type { Draft } from '../draft'
import { useVersions } from './Differences'

type Version = ResponseOf<'/api/v1/flows/{id}/versions'>['items'][number]

interface Props {
  draft: Draft
  id: string
  isPublished: boolean
  /** Called with the text once it is published. */
  onPublished: (text: string) => void
}

export function Publish({ draft, id, isPublished, onPublished }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const versions = useVersions(id, isPublished)
  const [reason, setReason] = useState('')
  const [asks, setAsks] = useState(false)
  const [back, setBack] = useState<number | null>(null)
  const once = useOnce()
  const done = (flow: string) => {
    void queries.invalidateQueries({ queryKey: ['flow-versions', flow] })
    void queries.invalidateQueries({ queryKey: ['flows'] })
  }
  const publish = useMutation({
    mutationFn: async (approval: string | null) => {
      const definition = draft.checked?.definition
      if (!definition) throw new Error()
      const { text } = draft
      const order = { definition, approvals: asks, reason: reason.trim() || null, approval }
      const { reply } = await once(JSON.stringify(order), (key) => post('/api/v1/flows', [], order, key))
      onPublished(text)
      return reply
    },
    onSuccess: (reply) => done(reply.flow),
  })
  const rollBack = async (to: number, why: string, key: string, approval: string | null) => {
    const { reply } = await post('/api/v1/flows/{id}/rollback', [id], { to, reason: why || null, approval }, key)
    done(reply.flow)
    void navigate({ to: '/flows/$id', params: { id: reply.flow }, search: { version: reply.version, tab: 'publish' } })
  }
  const mayWrite = may('campaigns:write')
  const isReady = draft.isChecked && draft.checked?.publishable === true
  return (
    <div className="flow-form">
      {mayWrite && (
        <>
          <Input aria-label={t('flows.reason')} placeholder={t('flows.reason')} value={reason} onChange={(event) => setReason(event.target.value)} />
          {versions.data?.approvals === true ? (
            <p className="c-amber">{t('flows.fourEyes')}</p>
          ) : (
            <Checkbox checked={asks} onChange={(event) => setAsks(event.target.checked)}>{t('flows.askFourEyes')}</Checkbox>
          )}
          <Button type="primary" disabled={!isReady} loading={publish.isPending} onClick={() => publish.mutate(null)}>{t('flows.publishNow')}</Button>
          {!isReady && <p className="muted">{t('flows.notReady')}</p>}
        </>
      )}
      {publish.error && <Refused why={publish.error} approved={(approval) => publish.mutate(approval)} />}
      {publish.data && (
        <p className="c-line" role="status">
          {t(publish.data.changed ? 'flows.publishedAs' : 'flows.publishedAlready', { named: publish.data.named })}{' '}
          <Link to="/flows/$id" params={{ id: publish.data.flow }} search={{ version: publish.data.version }}>{publish.data.named}</Link>
        </p>
      )}
      <Table<Version>
        rowKey="version"
        size="small"
        dataSource={versions.data?.items ?? []}
        pagination={(versions.data?.items.length ?? 0) > 20 ? { pageSize: 20 } : false}
        columns={[
          { title: t('flows.version'), dataIndex: 'version', render: (one: number) => <Link to="/flows/$id" params={{ id }} search={{ version: one }}>{`@${one}`}</Link> },
          { title: t('flows.at'), dataIndex: 'published_at', render: (at: string) => instantIn(at, 'Asia/Shanghai') },
          { title: t('flows.by'), dataIndex: 'approved_by', render: (by: string | null) => by ?? '' },
          {
            title: t('flows.standing'),
            key: 'current',
            render: (_, one) =>
              one.current ? t('flows.isCurrent') : mayWrite ? (
                <Button size="small" onClick={() => setBack(one.version)}>{t('flows.rollBack', { version: one.version })}</Button>
              ) : null,
          },
        ]}
      />
      {back !== null && (
        <Ask
          title={t('flows.rollBack', { version: back })}
          ok={t('flows.rollBack', { version: back })}
          what={t('flows.rollBackWhat', { version: back })}
          reason={t('flows.reason')}
          reasonBytesMax={512}
          mayBeEmpty
          send={(why, key, approval) => rollBack(back, why, key, approval)}
          onLeave={() => setBack(null)}
        />
      )}
    </div>
  )
}
