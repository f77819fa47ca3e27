// Changes to a running campaign: add customers from another file, withdraw customers or a whole list, undo a mistaken
// list; and the state of the customers of each list.
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Table } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, upload } from '../../api/client'
import { LIVE_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Empty, Refused } from '../../components/States'
import { nameOf, useOnce } from '../../components/useOnce'
import { usePending } from '../../components/usePending'

/** Most lists shown, the latest first; each is counted from the log. */
const LISTS_SHOWN_MAX = 20

/** The result of one of several withdrawal requests. */
interface Withdrawn {
  withdrawn: number
  after?: string | null | undefined
  position?: string | null | undefined
}

type Act = { kind: 'withdraw' | 'undo'; list: string } | { kind: 'people' }

export function Running({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [act, setAct] = useState<Act | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const [pending, settle] = usePending((position) => get('/api/v1/campaigns/{id}', [id], { after_position: position }))
  const [why, setWhy] = useState<{ file: File; refused: unknown } | null>(null)
  const lists = useQuery({
    queryKey: ['lists', id],
    queryFn: async () => {
      const opened = await get('/api/v1/campaigns/{id}/events', [id], { kind: 'campaign.list_opened', limit: 1000 })
      const names = opened.items.map((event) => (event.data as { list?: unknown } | null)?.list).filter((one) => typeof one === 'string')
      return Promise.all(names.slice(-LISTS_SHOWN_MAX).reverse().map((list) => get('/api/v1/lists/{list}', [list])))
    },
    refetchInterval: 5 * LIVE_MS,
  })
  // Importing the same file after its list was undone or withdrawn is a new command.
  const once = useOnce((lists.data ?? []).reduce((sum, one) => sum + one.withdrawn + (one.undone == null ? 0 : 1), 0).toString())
  const announce = async (what: string, position: string | null | undefined) => {
    setSaid(what)
    await settle(position ?? null, null)
  }
  const append = async (file: File, approval?: string) => {
    setWhy(null)
    setSaid(t('running.appending', { file: file.name }))
    try {
      const { reply: report, position } = await once(`${nameOf(file)} ${approval ?? ''}`, (key) => upload('/api/v1/campaigns/{id}/lists', [id], { source: file.name, approval }, file, key))
      await announce(t('running.appended', { enrolled: report.enrolled, bad: report.bad_count }), position)
    } catch (refused) {
      setSaid(null)
      setWhy({ file, refused })
    }
  }
  return (
    <div className="list">
      {may('campaigns:write') && (
        <div className="head">
          <label className="field">
            <span>{t('running.append')}</span>
            <input
              type="file"
              accept=".csv,.txt,.xlsx"
              aria-label={t('running.append')}
              onChange={(event) => {
                const file = event.target.files?.[0]
                event.target.value = ''
                if (file) void append(file)
              }}
            />
          </label>
          <Button onClick={() => setAct({ kind: 'people' })}>{t('running.withdrawPeople')}</Button>
        </div>
      )}
      {said !== null && <p role="status">{said}</p>}
      {pending}
      {why !== null && <Refused why={why.refused} approved={(approval) => void append(why.file, approval)} />}
      {lists.error && <Refused why={lists.error} again={() => void lists.refetch()} />}
      <Table
        rowKey="list"
        size="small"
        loading={lists.isPending}
        pagination={false}
        dataSource={lists.data ?? []}
        locale={{ emptyText: <Empty what={t('running.none')} /> }}
        columns={[
          { title: t('running.source'), key: 'source', render: (_, one) => <span className="data" title={one.list}>{one.source}</span> },
          { title: t('running.opened'), dataIndex: 'opened_at', render: (at: string) => instantIn(at, zone).slice(5, 19) },
          { title: t('running.enrolled'), dataIndex: 'enrolled', align: 'right' },
          { title: t('running.waiting'), dataIndex: 'waiting', align: 'right' },
          { title: t('running.withdrawn'), dataIndex: 'withdrawn', align: 'right' },
          {
            title: '',
            key: 'act',
            render: (_, one) =>
              one.undone != null ? (
                <span className="muted">{t('running.undone')}</span>
              ) : (
                may('campaigns:write') && (
                  <>
                    <Button type="link" size="small" onClick={() => setAct({ kind: 'withdraw', list: one.list })}>{t('running.withdraw')}</Button>
                    <Button type="link" size="small" danger onClick={() => setAct({ kind: 'undo', list: one.list })}>{t('running.undo')}</Button>
                  </>
                )
              ),
          },
        ]}
      />
      {act !== null && <Withdrawing id={id} act={act} onLeave={() => setAct(null)} onDone={(count, position) => void announce(t('running.done', { count }), position)} />}
    </div>
  )
}

interface WithdrawingProps {
  id: string
  act: Act
  onLeave: () => void
  onDone: (count: number, position: string | null | undefined) => void
}

function Withdrawing({ id, act, onLeave, onDone }: WithdrawingProps) {
  const { t } = useTranslation()
  const [people, setPeople] = useState('')
  const [count, setCount] = useState<number | null>(null)
  // The progress in a long list; a repeated request continues from here.
  const far = useRef<{ parts: number; sum: number; after: string | null; position: string | null }>({ parts: 0, sum: 0, after: null, position: null })
  const named = people.split(/[\s,;，；]+/).filter((one) => one !== '')
  const send = async (reason: string, key: string) => {
    if (act.kind === 'people') {
      const { reply } = await post('/api/v1/campaigns/{id}/withdraw', [id], { customers: named, reason }, key)
      onDone(reply.withdrawn, reply.position)
      return
    }
    const path = act.kind === 'undo' ? '/api/v1/lists/{list}/undo' : '/api/v1/lists/{list}/withdraw'
    // A long list is withdrawn in parts. Each response states where the next part begins, and each part is its own
    // command.
    for (;;) {
      const { parts, sum, after, position } = far.current
      setCount(sum)
      const part: Withdrawn = (await post(path, [act.list], after === null ? { reason } : { reason, after }, `${key}-${parts}`)).reply
      far.current = { parts: parts + 1, sum: sum + part.withdrawn, after: part.after ?? null, position: part.position ?? position }
      if (part.after == null) {
        onDone(far.current.sum, far.current.position)
        return
      }
    }
  }
  return (
    <Ask
      title={t(`running.${act.kind}Title`)}
      ok={t(`running.${act.kind}Ok`)}
      what={t(`running.${act.kind}What`)}
      isDanger
      reason={t('act.reason')}
      isReady={act.kind !== 'people' || named.length > 0}
      below={count !== null && <span role="status">{t('running.sofar', { count })}</span>}
      send={send}
      onLeave={onLeave}
    >
      {act.kind === 'people' ? <Input.TextArea rows={3} aria-label={t('running.people')} placeholder={t('running.people')} value={people} onChange={(event) => setPeople(event.target.value)} /> : undefined}
    </Ask>
  )
}
