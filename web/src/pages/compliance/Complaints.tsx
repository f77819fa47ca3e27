// The complaints: source, deadline, owner and result.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Checkbox, Input, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { paged } from '../../api/paged'
import { SLOW_MS } from '../../api/queries'
import { instantFrom, instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Clock } from '../../components/Clock'
import { Age } from '../../components/Figure'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { Moment } from '../../components/TimeFields'
import { usePending } from '../../components/usePending'

type Complaint = ResponseOf<'/api/v1/complaints'>['items'][number]
const SOURCES: readonly Complaint['source'][] = ['12321', '12378', 'regulator', 'own']
type Outcome = NonNullable<Complaint['resolved']>['outcome']
const OUTCOMES: readonly Outcome[] = ['upheld', 'partly_upheld', 'unfounded', 'withdrawn', 'not_ours']

export function Complaints() {
  const { t } = useTranslation()
  const may = useMay()
  const [onlyOpen, setOnlyOpen] = useState(true)
  const [asked, setAsked] = useState<'open' | { one: Complaint; act: 'assign' | 'resolve' } | null>(null)
  const complaints = useQuery({
    queryKey: ['complaints', onlyOpen],
    queryFn: () => paged((cursor) => get('/api/v1/complaints', [], { open: onlyOpen ? 'true' : undefined, limit: 200, cursor })),
    refetchInterval: SLOW_MS,
  })
  const [pending, settle] = usePending((at) => get('/api/v1/complaints', [], { after_position: at, limit: 1 }))
  const report = complaints.data?.report
  return (
    <div className="list">
      <div className="head">
        {may('cases:open') && <Button type="primary" onClick={() => setAsked('open')}>{t('compliance.open')}</Button>}
        <Checkbox checked={onlyOpen} onChange={(event) => setOnlyOpen(event.target.checked)}>{t('compliance.onlyOpen')}</Checkbox>
        {report && <span className={report.overdue > 0 ? 'c-red' : 'muted'}>{t('compliance.report', { received: report.received, open: report.open, overdue: report.overdue, resolved: report.resolved })}</span>}
        <span className="spread" />
        {pending}
        <Age at={complaints.dataUpdatedAt} />
      </div>
      {complaints.error && <Refused why={complaints.error} again={() => void complaints.refetch()} />}
      {complaints.data?.next_cursor != null && <p className="c-amber">{t('desk.notAll', { count: complaints.data.items.length })}</p>}
      <Table<Complaint>
        rowKey="id"
        size="small"
        loading={complaints.isPending}
        dataSource={complaints.data?.items ?? []}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        expandable={{ expandedRowRender: (one) => <Details one={one} /> }}
        locale={{ emptyText: <Empty what={t('compliance.noComplaints')} next={t('compliance.noComplaintsNext')} /> }}
        columns={[
          { title: t('compliance.received'), key: 'received', render: (_, one) => instantIn(one.received_at, ZONE) },
          { title: t('compliance.source'), key: 'source', render: (_, one) => <>{t(`compliance.sourceOf.${one.source}`)} <span className="muted">{one.reference}</span></> },
          { title: t('compliance.what'), dataIndex: 'what', className: 'data' },
          { title: t('menu.calls'), key: 'call', render: (_, one) => (one.call == null ? '–' : <Link className="data" to="/calls/$id" params={{ id: one.call }}>{one.campaign ?? one.call.slice(0, 8)}</Link>) },
          { title: t('compliance.due'), key: 'due', render: (_, one) => <Clock dueAt={one.deadline.due_at} isOverdue={one.overdue} isDone={one.resolved !== null} /> },
          { title: t('compliance.owner'), key: 'owner', render: (_, one) => one.owner ?? t('compliance.unassigned') },
          { title: t('compliance.outcome'), key: 'outcome', render: (_, one) => (one.resolved === null ? '' : t(`compliance.outcomeOf.${one.resolved.outcome}`)) },
          ...(may('cases:write')
            ? [{
                title: t('desk.acts'),
                key: 'acts',
                render: (_: unknown, one: Complaint) =>
                  one.resolved === null && (
                    <>
                      <Button size="small" onClick={() => setAsked({ one, act: 'assign' })}>{t('compliance.assign')}</Button>{' '}
                      <Button size="small" onClick={() => setAsked({ one, act: 'resolve' })}>{t('compliance.resolve')}</Button>
                    </>
                  ),
              }]
            : []),
        ]}
      />
      {asked === 'open' && <Open onLeave={() => setAsked(null)} onDone={(at) => void settle(at, t('compliance.saved'))} />}
      {asked !== null && asked !== 'open' && <See {...asked} onLeave={() => setAsked(null)} onDone={(at) => void settle(at, t('compliance.saved'))} />}
    </div>
  )
}

interface SeeProps {
  one: Complaint
  act: 'assign' | 'resolve'
  onLeave: () => void
  onDone: (position: string | null) => void
}

/** The dialog that assigns or closes one complaint; its input belongs to this complaint only. */
function See({ one, act, onLeave, onDone }: SeeProps) {
  const { t } = useTranslation()
  const [to, setTo] = useState('')
  const [outcome, setOutcome] = useState<Outcome>('upheld')
  const send = async (note: string, key: string) => {
    const done = act === 'assign' ? await post('/api/v1/complaints/{id}/assign', [one.id], { to: to.trim() }, key) : await post('/api/v1/complaints/{id}/resolve', [one.id], { note, outcome }, key)
    onDone(done.position)
  }
  const name = t(act === 'assign' ? 'compliance.assign' : 'compliance.resolve')
  return (
    <Ask title={name} ok={name} what={one.what} reason={act === 'resolve' ? t('compliance.note') : undefined} reasonBytesMax={512} isReady={act === 'resolve' || to.trim() !== ''} send={send} onLeave={onLeave}>
      {act === 'assign' ? (
        <Input aria-label={t('compliance.owner')} placeholder={t('compliance.owner')} maxLength={64} value={to} onChange={(event) => setTo(event.target.value)} />
      ) : (
        <Select<Outcome> aria-label={t('compliance.outcome')} value={outcome} onChange={setOutcome} options={OUTCOMES.map((one) => ({ value: one, label: t(`compliance.outcomeOf.${one}`) }))} />
      )}
    </Ask>
  )
}

function Open({ onLeave, onDone }: { onLeave: () => void; onDone: (position: string | null) => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState({ number: '', at: '', reference: '' })
  const [source, setSource] = useState<Complaint['source']>('own')
  const [suppress, setSuppress] = useState(false)
  const send = async (what: string, key: string) => {
    const { number, at, reference } = typed
    const when = instantFrom(at, ZONE)
    const more = { ...(when === undefined ? {} : { at: when }), ...(reference.trim() === '' ? {} : { reference: reference.trim() }), ...(suppress ? { suppress } : {}) }
    onDone((await post('/api/v1/complaints', [], { number: number.trim(), source, what, ...more }, key)).position)
  }
  return (
    <Ask title={t('compliance.open')} ok={t('compliance.open')} reason={t('compliance.whatOf')} reasonBytesMax={512} isReady={typed.number.trim() !== ''} send={send} onLeave={onLeave}>
      <Input autoComplete="off" aria-label={t('compliance.number')} placeholder={t('compliance.number')} maxLength={64} value={typed.number} onChange={(event) => setTyped({ ...typed, number: event.target.value })} />
      <Moment aria-label={t('compliance.when')} placeholder={t('compliance.when')} value={typed.at} onChange={(at) => setTyped({ ...typed, at })} />
      <Select<Complaint['source']> aria-label={t('compliance.source')} value={source} onChange={setSource} options={SOURCES.map((one) => ({ value: one, label: t(`compliance.sourceOf.${one}`) }))} />
      <Input aria-label={t('compliance.reference')} placeholder={t('compliance.reference')} maxLength={64} value={typed.reference} onChange={(event) => setTyped({ ...typed, reference: event.target.value })} />
      <Checkbox checked={suppress} onChange={(event) => setSuppress(event.target.checked)}>{t('compliance.suppress')}</Checkbox>
    </Ask>
  )
}

/** All details of a complaint: the text, the call, the deadline with its rule, and the result. */
function Details({ one }: { one: Complaint }) {
  const { t, i18n } = useTranslation()
  const pairs: [string, string | null | undefined][] = [
    [t('compliance.what'), one.what],
    [t('compliance.reference'), one.reference],
    [t('compliance.received'), instantIn(one.received_at, ZONE)],
    [t('compliance.due'), `${instantIn(one.deadline.due_at, ZONE)} · ${one.deadline.source}`],
    [t('compliance.outcome'), one.resolved === null ? null : `${i18n.language === 'en' ? t(`compliance.outcomeOf.${one.resolved.outcome}`) : one.resolved.outcome_zh} · ${instantIn(one.resolved.at, ZONE)}`],
    [t('compliance.note'), one.resolved?.note],
  ]
  return (
    <dl className="pairs">
      {pairs.filter(([, value]) => value != null && value !== '').map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} said`}>{value}</dd>])}
      {one.call != null && [<dt key="call">{t('compliance.call')}</dt>, <dd key="call it is"><Link className="data" to="/calls/$id" params={{ id: one.call }}>{one.call}</Link></dd>]}
      {one.campaign != null && [<dt key="campaign">{t('compliance.campaign')}</dt>, <dd className="data" key="campaign it is">{one.campaign}</dd>]}
      {one.customer != null && [<dt key="customer">{t('compliance.customer')}</dt>, <dd key="customer it is"><Link className="data" to="/customers/$id" params={{ id: one.customer }}>{one.customer}</Link></dd>]}
    </dl>
  )
}
