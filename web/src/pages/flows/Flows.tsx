// The page of flows: published flows with their versions, shipped flows as templates, and the upload of a file.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Button, Table } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { clockNow } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { EventsLine } from '../../components/EventsLine'
import { Age } from '../../components/Figure'
import { Empty, Refused } from '../../components/States'
import { readFlow } from './graph/read'
import { keepOpened } from './opened'

const here = getRouteApi('/flows')
const KINDS = ['flow.'] as const
type Listed = ResponseOf<'/api/v1/flows'>['items'][number]

export function Flows() {
  const { t } = useTranslation()
  const may = useMay()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const flows = useQuery({
    queryKey: ['flows'],
    queryFn: () => get('/api/v1/flows', [], { limit: 500 }),
    refetchInterval: SLOW_MS,
    enabled: may('campaigns:read'),
  })
  const shipped = useQuery({ queryKey: ['flow-files'], queryFn: () => get('/api/v1/flow-files'), staleTime: Infinity })
  return (
    <>
      <div className="head">
        <h1>{t('menu.flows')}</h1>
        <span className="spread" />
        <OpenFile />
        <Age at={flows.dataUpdatedAt} />
      </div>
      <EventsLine kinds={KINDS} cursor={position ?? null} onMove={(to) => void navigate({ to: '/flows', search: { position: to ?? undefined }, replace: true })} isOfNow />
      {flows.error && <Refused why={flows.error} again={() => void flows.refetch()} />}
      {may('campaigns:write') && <Drafts />}
      <div className="card">
        <header><h2>{t('flows.published')}</h2></header>
        <Table<Listed>
          rowKey="flow"
          size="small"
          dataSource={flows.data?.items ?? []}
          loading={flows.isLoading}
          pagination={(flows.data?.items.length ?? 0) > 50 ? { pageSize: 50 } : false}
          locale={{ emptyText: <Empty what={t('flows.none')} next={t('flows.noneNext')} /> }}
          columns={[
            { title: t('flows.name'), dataIndex: 'flow', render: (id: string) => <Link className="data" to="/flows/$id" params={{ id }}>{id}</Link> },
            { title: t('flows.current'), dataIndex: 'current_version', render: (one: number) => `@${one}` },
            { title: t('flows.versions'), dataIndex: 'versions' },
            { title: t('flows.hash'), dataIndex: 'content_hash', render: (hash: string) => <span className="mono">{hash.slice(0, 12)}</span> },
          ]}
        />
      </div>
      <div className="card">
        <header><h2>{t('flows.shipped')}</h2></header>
        <div className="body flow-shipped">
          {(shipped.data?.items ?? []).map((one) => (
            <Link key={one.name} className="mono" to="/flows/$id" params={{ id: one.name }} search={{ from: 'shipped' }}>{one.name}</Link>
          ))}
          {shipped.error && <Refused why={shipped.error} />}
        </div>
      </div>
    </>
  )
}

/** The user's unfinished flows, each to continue or to delete. */
function Drafts() {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [gone, setGone] = useState<string | null>(null)
  const drafts = useQuery({ queryKey: ['drafts'], queryFn: () => get('/api/v1/drafts') })
  const items = (drafts.data?.items ?? []).filter((one) => one.kind === 'flow')
  if (drafts.error) return <Refused why={drafts.error} again={() => void drafts.refetch()} />
  if (items.length === 0) return null
  return (
    <section className="card" aria-label={t('flows.drafts')}>
      <header><h2>{t('flows.drafts')}</h2></header>
      <ul className="list body">
        {items.map((one) => (
          <li key={one.id} className="head">
            <Link to="/flows/$id" params={{ id: (one.title ?? one.id).split('@')[0] ?? one.id }} search={{ draft: one.id }}>{one.title ?? one.id}</Link>
            <span className="muted">{clockNow(Date.parse(one.saved_at))}</span>
            <Button size="small" data-value={one.id} aria-label={`${t('flows.discard')} ${one.id}`} onClick={() => setGone(one.id)}>{t('flows.discard')}</Button>
          </li>
        ))}
      </ul>
      {gone !== null && (
        <Ask
          title={t('flows.discard')}
          ok={t('flows.discard')}
          what={t('flows.discardWhat')}
          isDanger
          onLeave={() => setGone(null)}
          send={async (_, key) => {
            await post('/api/v1/drafts/{id}/remove', [gone], undefined, key)
            await queries.invalidateQueries({ queryKey: ['drafts'] })
          }}
        />
      )}
    </section>
  )
}

function OpenFile() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  const open = async (file: File | undefined) => {
    if (file === undefined) return
    const text = await file.text()
    const id = readFlow(text).id || file.name.replace(/\.[^.]*$/, '')
    keepOpened(id, text)
    await navigate({ to: '/flows/$id', params: { id }, search: { from: 'file' } })
  }
  return (
    <>
      <input
        ref={input}
        hidden
        type="file"
        accept=".yaml,.yml,.json"
        aria-label={t('flows.file')}
        onChange={(event) => void open(event.target.files?.[0])}
      />
      <Button onClick={() => input.current?.click()}>{t('flows.open')}</Button>
    </>
  )
}
