// The audit page: who did and who saw what, searched by actor, time, kind, campaign, number and words. The search
// itself is logged, and its input is not in the URL.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Input, Table } from 'antd'
import { useMemo, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { headersOf, post, send } from '../../api/client'
import { instantFrom, instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { takeAway } from '../../app/takeAway'
import { toneOfKind, useKindWord } from '../../components/EventsLine'
import { LineOfTime } from '../../components/LineOfTime'
import { Moment } from '../../components/TimeFields'
import type { Mark } from '../../components/lineMarks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { Take } from '../../components/Take'

const here = getRouteApi('/audit')
const LIMIT = 200
const FIELDS = ['by', 'user', 'kind', 'campaign', 'customer', 'call', 'number', 'words'] as const
type Field = (typeof FIELDS)[number]
type Order = Partial<Record<Field | 'from' | 'to' | 'cursor', string>>
type Found = Awaited<ReturnType<typeof ask>>['items'][number]
/** Prefixes of event kinds that are searched most. */
const PRESETS = ['inquiry.personal_data_read', 'inquiry.', 'access.', 'user.', 'approval.', 'setting.'] as const

async function ask(order: Order) {
  return (await post('/api/v1/audit/search', [], { ...order, limit: LIMIT })).reply
}

/**
 * Requests a file with a proof of everything that the search finds, from its first page on; the server logs the export.
 */
function proofOf(order: Order): Promise<Response> {
  const whole = Object.fromEntries(Object.entries(order).filter(([name]) => name !== 'cursor'))
  return send('/api/v1/audit/export', { method: 'POST', headers: headersOf(), body: JSON.stringify(whole) })
}

/** Returns the found events as CSV rows, with the columns of the list. The content of events is not included. */
function rowsOf(items: readonly Found[], titles: readonly string[]): string[][] {
  return [[...titles], ...items.map((one) => [one.at, one.by_whom ?? '', one.kind, [one.campaign, one.stream].filter(Boolean).join(' '), one.position])]
}

export function AuditPage() {
  const { t } = useTranslation()
  const word = useKindWord()
  const may = useMay()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const [typed, setTyped] = useState<Record<Field | 'from' | 'to', string>>({ by: '', user: '', kind: '', campaign: '', customer: '', call: '', number: '', words: '', from: '', to: '' })
  const [order, setOrder] = useState<Order>({ kind: 'inquiry.' })
  const found = useQuery({ queryKey: ['audit', order], queryFn: () => ask(order), staleTime: Infinity, refetchOnWindowFocus: false })
  const items = useMemo(() => found.data?.items ?? [], [found.data])
  const marks = useMemo<Mark[]>(
    () => items.map((one) => ({ position: Number(one.position), at: Date.parse(one.at), kind: one.kind, label: word(one.kind), tone: toneOfKind(one.kind) })),
    [items, word],
  )
  const search = (to: Record<string, string>) => {
    const { from = '', to: until = '', ...rest } = to
    const kept = Object.fromEntries(Object.entries({ ...rest, from: instantFrom(from, ZONE), to: instantFrom(until, ZONE) }).filter(([, value]) => value !== undefined && value !== ''))
    setOrder(kept)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    search(typed)
  }
  const moveTo = (to: number | null) => void navigate({ to: '/audit', search: { position: to ?? undefined }, replace: true })
  return (
    <>
      <PageHead title={t('desk.audit')} about={t('audit.about')} at={found.dataUpdatedAt} position={found.data?.position} />
      {marks.length > 0 && <LineOfTime marks={marks} cursor={position ?? null} onMove={moveTo} zone={ZONE} />}
      <form className="card head" style={{ padding: 12 }} role="search" aria-label={t('audit.search')} onSubmit={submit}>
        {FIELDS.map((field) => (
          <Input
            key={field}
            style={{ width: 170 }}
            maxLength={128}
            autoComplete="off"
            aria-label={t(`audit.field.${field}`)}
            placeholder={t(`audit.field.${field}`)}
            value={typed[field]}
            onChange={(event) => setTyped({ ...typed, [field]: event.target.value })}
          />
        ))}
        <Moment style={{ width: 200 }} aria-label={t('audit.from')} placeholder={t('audit.from')} value={typed.from} onChange={(from) => setTyped({ ...typed, from })} />
        <Moment style={{ width: 200 }} aria-label={t('audit.to')} placeholder={t('audit.to')} value={typed.to} onChange={(to) => setTyped({ ...typed, to })} />
        <Button type="primary" htmlType="submit" loading={found.isFetching}>{t('audit.search')}</Button>
        {PRESETS.map((kind) => (
          <Button
            key={kind}
            size="small"
            onClick={() => {
              setTyped({ ...typed, kind })
              search({ ...typed, kind })
            }}
          >
            {t(`audit.preset.${kind.replace(/\W/g, '')}`)}
          </Button>
        ))}
      </form>
      {found.error && <Refused why={found.error} again={() => void found.refetch()} />}
      <section className="card" aria-label={t('audit.found', { count: found.data?.total ?? 0 })}>
        <header>
          <Button size="small" disabled={items.length === 0} onClick={() => takeAway('audit.csv', rowsOf(items, [t('events.at'), t('audit.who'), t('audit.what'), t('audit.of'), t('line.position')]))}>{t('audit.export')}</Button>
          <Take isSmall name="audit.proof" isReady={items.length > 0} ask={() => proofOf(order)}>{t('audit.take')}</Take>
          <h2>{t('audit.found', { count: found.data?.total ?? 0 })}</h2>
          <span className="muted">{t('audit.filtered', { order: Object.keys(order).map((name) => (name in typed ? t(`audit.field.${name}`, { defaultValue: t(`audit.${name}`, { defaultValue: name }) }) : name)).join(', ') || t('audit.nothing') })}</span>
        </header>
        <Table<Found>
          rowKey="id"
          size="small"
          loading={found.isPending}
          dataSource={position === undefined ? items : items.filter((one) => Number(one.position) <= position)}
          pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('audit.none')} next={t('audit.noneNext')} /> }}
          expandable={{ expandedRowRender: (one) => <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>{JSON.stringify(one.data, null, 1)}</pre> }}
          columns={[
            { title: t('events.at'), key: 'at', render: (_, one) => instantIn(one.at, ZONE) },
            { title: t('audit.who'), key: 'by', className: 'data', render: (_, one) => one.by_whom ?? '–' },
            { title: t('audit.what'), key: 'kind', render: (_, one) => <>{word(one.kind)} <span className="mono muted">{one.kind}</span></> },
            { title: t('audit.of'), key: 'of', render: (_, one) => <span className="mono">{[one.campaign, one.customer?.slice(0, 8)].filter(Boolean).join(' · ') || one.stream}</span> },
            { title: t('line.position'), key: 'position', align: 'right', render: (_, one) => (may('events:read') ? <a href={`/events?position=${one.position}`}>{one.position}</a> : one.position) },
          ]}
        />
        {found.data?.next_cursor != null && (
          <footer>
            <Button size="small" onClick={() => setOrder({ ...order, cursor: found.data?.next_cursor ?? '' })}>{t('audit.more')}</Button>
          </footer>
        )}
      </section>
    </>
  )
}
