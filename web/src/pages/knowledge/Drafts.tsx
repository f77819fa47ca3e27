// The drafts that a model wrote for this base, beside the current text, with their state and the decision on them. The
// user who requested a draft cannot adopt it if another user can.
import { useQuery } from '@tanstack/react-query'
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { paged } from '../../api/paged'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import type { Tone } from '../../components/lineMarks'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

type Row = ResponseOf<'/api/v1/knowledge/{name}/drafts'>['items'][number]

const TONES: Record<Row['standing'], Tone> = { asked: 'amber', lost: 'red', drafted: 'amber', failed: 'red', adopted: 'line', rejected: 'slate' }

export function Drafts({ base, onAdopted }: { base: string; onAdopted: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const [asked, setAsked] = useState<{ one: Row; isYes: boolean } | null>(null)
  const drafts = useQuery({
    queryKey: ['knowledge', base, 'drafts'],
    queryFn: () => paged((cursor) => get('/api/v1/knowledge/{name}/drafts', [base], { limit: 200, cursor })),
    refetchInterval: SLOW_MS,
  })
  const [pending, settle] = usePending((after) => get('/api/v1/knowledge/{name}/drafts', [base], { after_position: after }))
  const send = async (reason: string, key: string) => {
    if (asked === null) return
    const { one, isYes } = asked
    if (isYes) {
      const done = await post('/api/v1/knowledge/{name}/drafts/{id}/adopt', [base, one.id], {}, key)
      void settle(done.position, t('knowledge.adopted', { version: done.reply.version })).then(onAdopted)
    } else {
      const done = await post('/api/v1/knowledge/{name}/drafts/{id}/reject', [base, one.id], { reason }, key)
      void settle(done.position, t('knowledge.rejected'))
    }
  }
  return (
    <>
      {pending}
      {drafts.error && <Refused why={drafts.error} again={() => void drafts.refetch()} />}
      {drafts.data?.next_cursor != null && <p className="c-amber">{t('desk.notAll', { count: drafts.data.items.length })}</p>}
      <Table<Row>
        rowKey="id"
        size="small"
        loading={drafts.isPending}
        dataSource={[...(drafts.data?.items ?? [])].reverse()}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('knowledge.noDrafts')} next={t('knowledge.noDraftsNext')} /> }}
        columns={[
          { title: t('knowledge.id'), key: 'id', className: 'data', render: (_, one) => <>{one.answer}<div className="muted">{`@${one.version}`}</div></> },
          { title: t('knowledge.said'), dataIndex: 'original', className: 'data', width: 320 },
          { title: t('knowledge.wish'), dataIndex: 'instruction', className: 'data' },
          { title: t('knowledge.written'), key: 'text', className: 'data', width: 320, render: (_, one) => one.text ?? one.failed?.output ?? '–' },
          { title: t('knowledge.standing'), key: 'standing', render: (_, one) => <Standing one={one} /> },
          { title: t('knowledge.by'), key: 'by', render: (_, one) => `${one.asked_by ?? '–'} · ${one.model} · ${instantIn(one.asked_at, ZONE)}` },
          {
            title: t('desk.acts'),
            key: 'acts',
            render: (_, one) => one.standing === 'drafted' && may('campaigns:write') && (
              <>
                <Button size="small" type="primary" onClick={() => setAsked({ one, isYes: true })}>{t('knowledge.adopt')}</Button>{' '}
                <Button size="small" danger onClick={() => setAsked({ one, isYes: false })}>{t('knowledge.reject')}</Button>
              </>
            ),
          },
        ]}
      />
      {asked !== null && (
        <Ask
          title={`${t(asked.isYes ? 'knowledge.adopt' : 'knowledge.reject')}: ${asked.one.answer}`}
          ok={t(asked.isYes ? 'knowledge.adopt' : 'knowledge.reject')}
          what={t(asked.isYes ? 'knowledge.adoptWhat' : 'knowledge.rejectWhat')}
          isDanger={!asked.isYes}
          reason={asked.isYes ? undefined : t('act.reason')}
          send={send}
          onLeave={() => setAsked(null)}
        >
          <p className="data">{asked.one.text}</p>
        </Ask>
      )}
    </>
  )
}

/** The state of a draft, with the reason of a failure or the user who decided. */
function Standing({ one }: { one: Row }) {
  const { t } = useTranslation()
  const failed = one.failed
  const decision = one.decision
  return (
    <>
      <Tag tone={TONES[one.standing]}>{t(`knowledge.is.${one.standing}`)}</Tag>{' '}
      {failed && <div className="muted">{t(`knowledge.failed.${failed.failure}`, { defaultValue: failed.failure })}{failed.detail === null ? '' : ` (${failed.detail})`}</div>}
      {decision && <div className="muted">{decision.by ?? '–'}{decision.reason === null ? '' : `: ${decision.reason}`}</div>}
      {decision?.nobody != null && <div className="muted">{t('knowledge.noApprover')}</div>}
    </>
  )
}
