// The labeling page: turns of doubtful understanding are shown to the labeler one at a time, masked. Below it the
// waiting and settled turns are listed without their text.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Input, Table, Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { useOnce } from '../../components/useOnce'

const here = getRouteApi('/labels')
type Row = ResponseOf<'/api/v1/labels'>['items'][number]
type Meaning = NonNullable<Row['meaning']>

async function next() {
  return (await post('/api/v1/labels/next', [], {})).reply.turn
}
type Turn = NonNullable<Awaited<ReturnType<typeof next>>>

export function LabelsPage() {
  const { t } = useTranslation()
  const { position, tab = 'waiting' } = here.useSearch()
  const navigate = useNavigate()
  const labels = useQuery({
    queryKey: ['labels', tab],
    queryFn: () => get('/api/v1/labels', [], { state: tab, limit: 200 }),
    refetchInterval: SLOW_MS,
  })
  const go = (to: { position?: number | undefined; tab?: string }) => void navigate({ to: '/labels', search: { position, tab, ...to }, replace: true })
  return (
    <>
      <PageHead title={t('desk.labels')} about={t('labels.about')} at={labels.dataUpdatedAt} />
      <EventsLine kinds={['label.']} cursor={position ?? null} onMove={(to) => go({ position: to ?? undefined })} isOfNow />
      <Hand />
      {labels.error && <Refused why={labels.error} again={() => void labels.refetch()} />}
      <div className="card">
        <Tabs
          style={{ padding: '0 14px' }}
          activeKey={tab}
          onChange={(chosen) => go({ tab: chosen })}
          items={[{ key: 'waiting', label: t('labels.waiting') }, { key: 'settled', label: t('labels.settled') }]}
        />
        <Table<Row>
          rowKey="turn"
          size="small"
          loading={labels.isPending}
          dataSource={labels.data?.items ?? []}
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('labels.none')} next={t('labels.noneNext')} /> }}
          columns={[
            { title: t('labels.turn'), key: 'turn', render: (_, one) => <span className="mono">{one.turn.slice(0, 24)}…</span> },
            { title: t('campaigns.name'), dataIndex: 'campaign', className: 'data' },
            { title: t('labels.why'), key: 'why', render: (_, one) => t(`labels.whyOf.${one.why}`, { defaultValue: one.why }) },
            { title: t('labels.read'), key: 'intent', render: (_, one) => <span className="mono">{one.intent ?? '–'} {one.score_permille ?? ''}</span> },
            { title: t('labels.count'), key: 'labels', align: 'right', render: (_, one) => one.labels },
            { title: t('labels.openBy'), key: 'open', className: 'data', render: (_, one) => one.open_by ?? '–' },
            { title: t('labels.settledAs'), key: 'settled', render: (_, one) => (one.settled_at === null ? '' : <>{one.settled_intent ?? (one.meaning === null ? '' : t(`labels.meaning.${one.meaning}`))} <span className="muted">{instantIn(one.settled_at, ZONE)}</span></>) },
          ]}
        />
      </div>
    </>
  )
}

/** The turn to label: the question, the answer, how it was understood, and the labels to choose from. */
function Hand() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const once = useOnce()
  const [turn, setTurn] = useState<Turn | null | 'none'>(null)
  const [intent, setIntent] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const take = async () => {
    setTurn((await next()) ?? 'none')
    setIntent('')
  }
  const doing = async (what: () => Promise<void>) => {
    setAsking(true)
    setRefused(null)
    try {
      await what()
    } catch (why) {
      setRefused(why)
    } finally {
      setAsking(false)
    }
  }
  const say = (meaning: Meaning, named?: string) =>
    void doing(async () => {
      if (turn === null || turn === 'none') return
      const said = { turn: turn.turn, meaning, ...(named === undefined ? {} : { intent: named }) }
      await once(JSON.stringify(said), (key) => post('/api/v1/labels', [], said, key))
      await queries.invalidateQueries({ queryKey: ['labels'] })
      await take()
    })
  return (
    <section className="card" aria-label={t('labels.hand')}>
      <header>
        <h2>{t('labels.hand')}</h2>
        <Button type="primary" loading={isAsking} onClick={() => void doing(take)}>{t('labels.next')}</Button>
      </header>
      {refused !== null && <Refused why={refused} />}
      {turn === null && <Empty what={t('labels.handWhat')} />}
      {turn === 'none' && <Empty what={t('labels.nothing')} />}
      {turn !== null && turn !== 'none' && (
        <div className="list" style={{ padding: '10px 14px' }}>
          {turn.asked !== null && <div className="turn"><span className="muted">{t('call.robot')}</span><p>{turn.asked}</p></div>}
          <div className="turn theirs"><span className="muted">{t('call.callee')}</span><p>{turn.text}</p></div>
          <div className="muted">
            <Tag tone="amber">{t(`labels.whyOf.${turn.why}`, { defaultValue: turn.why })}</Tag> {turn.campaign} · <span className="data">{turn.node}</span> · {t('labels.until', { time: turn.open_until === null ? '–' : instantIn(turn.open_until, ZONE) })}
          </div>
          <div className="head" role="group" aria-label={t('labels.say')}>
            {turn.candidates.map((one) => (
              <Button key={one.intent} disabled={isAsking} onClick={() => say('intent', one.intent)}><span className="data">{one.intent}</span> {one.score_permille / 10} %</Button>
            ))}
            <Input style={{ width: 180 }} aria-label={t('labels.other')} placeholder={t('labels.other')} maxLength={64} value={intent} onChange={(event) => setIntent(event.target.value)} onPressEnter={() => intent.trim() !== '' && say('intent', intent.trim())} />
            <Button disabled={isAsking || intent.trim() === ''} onClick={() => say('intent', intent.trim())}>{t('labels.sayOther')}</Button>
            <Button disabled={isAsking} onClick={() => say('foreign')}>{t('labels.meaning.foreign')}</Button>
            <Button disabled={isAsking} onClick={() => say('misheard')}>{t('labels.meaning.misheard')}</Button>
          </div>
        </div>
      )}
    </section>
  )
}
