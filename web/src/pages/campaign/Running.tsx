// Changes to a campaign that runs: people who come by a further file, people or a whole list who are not called any more, a
// list that was a mistake; each list with where its people stand.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, upload } from '../../api/client'
import { LIVE_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Empty, Refused } from '../../components/States'

const REASON_MAX = 256
/** How many lists are shown, the latest first: each is counted from the log. */
const LISTS_SHOWN_MAX = 20

/** What one request of several did. */
interface Withdrawn {
  withdrawn: number
  after?: string | null | undefined
  position?: string | null | undefined
}

type Act = { kind: 'withdraw' | 'undo'; list: string } | { kind: 'people' }

export function Running({ id, zone }: { id: string; zone: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const [act, setAct] = useState<Act | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const lists = useQuery({
    queryKey: ['lists', id],
    queryFn: async () => {
      const opened = await get('/api/v1/campaigns/{id}/events', [id], { kind: 'campaign.list_opened', limit: 1000 })
      const names = opened.items.map((event) => (event.data as { list?: unknown } | null)?.list).filter((one) => typeof one === 'string')
      return Promise.all(names.slice(-LISTS_SHOWN_MAX).reverse().map((list) => get('/api/v1/lists/{list}', [list])))
    },
    refetchInterval: 5 * LIVE_MS,
  })
  const told = async (what: string, position: string | null | undefined) => {
    setAct(null)
    setSaid(what)
    await get('/api/v1/campaigns/{id}', [id], { after_position: position ?? null }).catch(() => undefined)
    await queries.invalidateQueries()
  }
  const append = async (file: File) => {
    setWhy(null)
    setSaid(t('running.appending', { file: file.name }))
    try {
      const { told: report, position } = await upload('/api/v1/campaigns/{id}/lists', [id], { source: file.name }, file)
      await told(t('running.appended', { enrolled: report.enrolled, bad: report.bad_count }), position)
    } catch (refused) {
      setSaid(null)
      setWhy(refused)
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
      {why !== null && <Refused why={why} />}
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
      {act !== null && <Withdrawing id={id} act={act} onLeave={() => setAct(null)} onDone={(count, position) => void told(t('running.done', { count }), position)} />}
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
  const [reason, setReason] = useState('')
  const [people, setPeople] = useState('')
  const [count, setCount] = useState<number | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const named = people.split(/[\s,;，；]+/).filter((one) => one !== '')
  const send = async () => {
    setWhy(null)
    setCount(0)
    try {
      let [sum, after, position]: [number, string | null | undefined, string | null | undefined] = [0, undefined, undefined]
      if (act.kind === 'people') {
        const { told } = await post('/api/v1/campaigns/{id}/withdraw', [id], { customers: named, reason })
        onDone(told.withdrawn, told.position)
        return
      }
      // A long list is withdrawn in parts, each of which says where the next one goes on.
      do {
        const path = act.kind === 'undo' ? '/api/v1/lists/{list}/undo' : '/api/v1/lists/{list}/withdraw'
        const part: Withdrawn = (await post(path, [act.list], after == null ? { reason } : { reason, after })).told
        sum += part.withdrawn
        after = part.after
        position = part.position ?? position
        setCount(sum)
      } while (after != null)
      onDone(sum, position)
    } catch (refused) {
      setCount(null)
      setWhy(refused)
    }
  }
  return (
    <Modal
      open
      title={t(`running.${act.kind}Title`)}
      okText={t(`running.${act.kind}Ok`)}
      cancelText={t('act.leave')}
      okButtonProps={{ danger: true, disabled: reason.trim() === '' || (act.kind === 'people' && named.length === 0), loading: count !== null }}
      onOk={() => void send()}
      onCancel={onLeave}
    >
      <div className="list">
        <p>{t(`running.${act.kind}What`)}</p>
        {act.kind === 'people' && <Input.TextArea rows={3} aria-label={t('running.people')} placeholder={t('running.people')} value={people} onChange={(event) => setPeople(event.target.value)} />}
        <Input.TextArea rows={2} maxLength={REASON_MAX} aria-label={t('act.reason')} placeholder={t('act.reason')} value={reason} onChange={(event) => setReason(event.target.value)} />
        {count !== null && <span role="status">{t('running.sofar', { count })}</span>}
        {why !== null && <Refused why={why} />}
      </div>
    </Modal>
  )
}
