// All versions of a base: which one calls use, who approved it, and switching to a newer or older one. A campaign keeps
// the version with which it was created.
import { useQuery } from '@tanstack/react-query'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

type Row = ResponseOf<'/api/v1/knowledge/{name}/versions'>['items'][number]

export function Versions({ base }: { base: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [chosen, setChosen] = useState<Row | null>(null)
  const versions = useQuery({ queryKey: ['knowledge', base, 'versions'], queryFn: () => get('/api/v1/knowledge/{name}/versions', [base]) })
  const [pending, settle] = usePending((after) => get('/api/v1/knowledge', [], { after_position: after }))
  const name = (row: Row) => t(row.published_at == null ? 'knowledge.publish' : 'knowledge.back', { version: row.version })
  const send = async (row: Row, reason: string, key: string, approval: string | null) => {
    const why = { reason: reason || null, approval }
    const done = row.published_at == null
      ? await post('/api/v1/knowledge/{name}/publish', [base], { version: row.version, ...why }, key)
      : await post('/api/v1/knowledge/{name}/rollback', [base], { to: row.version, ...why }, key)
    void settle(done.position, t('knowledge.published', { named: done.reply.named }))
  }
  return (
    <>
      {pending}
      {versions.error && <Refused why={versions.error} again={() => void versions.refetch()} />}
      {versions.data?.approvals === true && <p className="c-amber" style={{ padding: '0 14px' }}>{t('flows.fourEyes')}</p>}
      <Table<Row>
        rowKey="version"
        size="small"
        loading={versions.isPending}
        dataSource={[...(versions.data?.items ?? [])].reverse()}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('flows.version'), dataIndex: 'version', render: (one: number) => `@${one}` },
          { title: t('knowledge.rows'), key: 'rows', render: (_, one) => t('knowledge.rowsOf', { answers: one.answers, objections: one.objections, facts: one.facts }) },
          { title: t('knowledge.imported'), dataIndex: 'imported_at', render: (at: string) => instantIn(at, ZONE) },
          { title: t('flows.at'), dataIndex: 'published_at', render: (at: string | null) => (at === null ? '–' : instantIn(at, ZONE)) },
          { title: t('flows.by'), dataIndex: 'approved_by', render: (by: string | null) => by ?? '' },
          {
            title: t('flows.standing'),
            key: 'current',
            render: (_, one) =>
              one.current ? <Tag tone="line">{t('flows.isCurrent')}</Tag> : may('campaigns:write') && <Button size="small" onClick={() => setChosen(one)}>{name(one)}</Button>,
          },
        ]}
      />
      {chosen !== null && (
        <Ask
          title={name(chosen)}
          ok={name(chosen)}
          what={t('knowledge.publishWhat')}
          reason={t('flows.reason')}
          reasonBytesMax={512}
          mayBeEmpty
          send={(reason, key, approval) => send(chosen, reason, key, approval)}
          onLeave={() => setChosen(null)}
        />
      )}
    </>
  )
}
