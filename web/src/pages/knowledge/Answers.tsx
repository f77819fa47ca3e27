// The answers and objections of the version that calls use, and the request that a model rewords one of them.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { Empty, Refused } from '../../components/States'

type Content = ResponseOf<'/api/v1/knowledge/{name}'>['content']

interface Row {
  id: string
  question: string
  said: string
  isObjection: boolean
}

/** Returns the rows of the table. For an objection without its own text, the text is the four parts of its argument. */
function rowsOf(content: Content): Row[] {
  const answers = (content.answers ?? []).map((one) => ({ id: one.id, question: one.question, said: one.answer, isObjection: false }))
  const objections = (content.objections ?? []).map((one) => ({
    id: one.id,
    question: one.variants[0] ?? '',
    said: one.answer ?? [one.fabe.feature, one.fabe.advantage, one.fabe.benefit, one.fabe.evidence].join(''),
    isObjection: true,
  }))
  return [...answers, ...objections]
}

export function Answers({ base, onAsked }: { base: string; onAsked: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const shown = useQuery({ queryKey: ['knowledge', base, 'content'], queryFn: () => get('/api/v1/knowledge/{name}', [base]) })
  const [worded, setWorded] = useState<Row | null>(null)
  const [wish, setWish] = useState('')
  const ask = async (row: Row, key: string) => {
    await post('/api/v1/knowledge/{name}/drafts', [base], { answer: row.id, instruction: wish.trim(), version: shown.data?.version ?? null }, key)
    await queries.invalidateQueries({ queryKey: ['knowledge', base, 'drafts'] })
    onAsked()
  }
  return (
    <>
      {shown.error && <Refused why={shown.error} again={() => void shown.refetch()} />}
      {shown.data && <p className="muted" style={{ padding: '0 14px' }}>{t('knowledge.heard', { named: shown.data.named })}</p>}
      <Table<Row>
        rowKey={(row) => `${row.isObjection ? 'o' : 'a'}.${row.id}`}
        size="small"
        loading={shown.isPending}
        dataSource={shown.data === undefined ? [] : rowsOf(shown.data.content)}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('knowledge.noAnswers')} next={t('knowledge.noneNext')} /> }}
        columns={[
          { title: t('knowledge.id'), key: 'id', className: 'data', render: (_, row) => <>{row.id} {row.isObjection && <Tag tone="amber">{t('knowledge.objection')}</Tag>}</> },
          { title: t('knowledge.question'), dataIndex: 'question', className: 'data' },
          { title: t('knowledge.said'), dataIndex: 'said', className: 'data', width: 480 },
          {
            title: t('desk.acts'),
            key: 'acts',
            render: (_, row) => may('campaigns:write') && (
              <Button size="small" onClick={() => { setWish(''); setWorded(row) }}>{t('knowledge.askWords')}</Button>
            ),
          },
        ]}
      />
      {worded !== null && (
        <Ask
          title={`${t('knowledge.askWords')}: ${worded.id}`}
          ok={t('knowledge.askWords')}
          what={t('knowledge.askWhat')}
          isReady={wish.trim() !== ''}
          send={(_, key) => ask(worded, key)}
          onLeave={() => setWorded(null)}
        >
          <p className="data">{worded.said}</p>
          <Input.TextArea autoFocus rows={2} maxLength={300} aria-label={t('knowledge.wish')} placeholder={t('knowledge.wish')} value={wish} onChange={(event) => setWish(event.target.value)} />
        </Ask>
      )}
    </>
  )
}
