// One saved report with its figures, now or as they were known then: each with its version, a link to the events behind
// it, and what people noted on its chart.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, DatePicker, Input, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf, get, post, type Told } from '../api/client'
import { instantFrom, instantIn } from '../app/format'
import { report } from '../app/router'
import { Age } from '../components/Figure'
import { Tag } from '../components/Marks'
import { Empty, Refused, Waiting } from '../components/States'
import { useOnce } from '../components/useOnce'

type Made = Told<'/api/v1/saved-reports/{name}'>
type Row = Made['figures'][number]

export function ReportPage() {
  const { t, i18n } = useTranslation()
  const { name } = report.useParams()
  const { as_of } = report.useSearch()
  const navigate = report.useNavigate()
  const made = useQuery({
    queryKey: ['saved-report', name, as_of ?? 'now'],
    queryFn: () => get('/api/v1/saved-reports/{name}', [name], { as_of }),
    placeholderData: keepPreviousData,
  })
  const once = useOnce()
  const [sent, setSent] = useState<string | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const send = async () => {
    try {
      const { position } = await once(name, (key) => post('/api/v1/saved-reports/{name}/send', [name], undefined, key))
      setSent(position)
      setRefused(null)
    } catch (why) {
      setRefused(why)
    }
  }
  if (made.isPending || (as_of !== undefined && made.isPlaceholderData)) return <Waiting />
  if (made.data === undefined) return <Refused why={made.error} again={() => void made.refetch()} />
  const shown = made.data
  const metric = shown.figures[0]?.metric
  return (
    <>
      <div className="head">
        <h1>{shown.title}</h1>
        {as_of !== undefined && <Tag tone="amber">{t('reports.then', { at: instantIn(as_of, shown.zone) })}</Tag>}
        <span className="spread" />
        <Age at={made.dataUpdatedAt} position={shown.complete_up_to} />
        <DatePicker
          showTime
          aria-label={t('reports.asOf')}
          placeholder={`${t('reports.asOf')} (${shown.zone})`}
          onChange={(at) => void navigate({ search: { as_of: instantFrom(at?.format('YYYY-MM-DDTHH:mm:ss') ?? '', shown.zone) } })}
        />
        {as_of !== undefined && <Button onClick={() => void navigate({ search: {} })}>{t('reports.now')}</Button>}
        {shown.is_own && (shown.channels ?? []).length > 0 && <Button onClick={() => void send()}>{t('reports.send')}</Button>}
      </div>
      {made.error && <Refused why={made.error} again={() => void made.refetch()} />}
      {sent !== null && <Tag tone="line">{t('reports.sent', { position: sent })}</Tag>}
      {refused !== null && <Refused why={refused} />}
      <p className="muted">{t('reports.over', { from: instantIn(shown.from, shown.zone), to: instantIn(shown.to, shown.zone), zone: shown.zone })}</p>
      <div className="card">
        <Table<Row>
          rowKey={(one) => `${one.metric} ${one.campaign ?? ''}`}
          dataSource={shown.figures}
          pagination={false}
          locale={{ emptyText: <Empty what={t('reports.noFigure')} /> }}
          columns={[
            { title: t('reports.metric'), key: 'metric', render: (_, one) => (i18n.language === 'en' ? one.label_en : one.label_zh) },
            { title: t('reports.version'), key: 'version', render: (_, one) => `v${one.version.toString()}` },
            { title: t('reports.campaign'), key: 'campaign', render: (_, one) => one.campaign ?? t('reports.all') },
            { title: t('reports.value'), key: 'value', render: (_, one) => <b>{one.value ?? '–'}</b> },
            { title: t('reports.counts'), key: 'counts', render: (_, one) => `${one.numerator_count.toString()} / ${(one.denominator_count ?? '–').toString()}` },
            { title: t('reports.behind'), key: 'events', render: (_, one) => <a href={eventsOf(one, shown, as_of)}>{t('reports.events')}</a> },
          ]}
        />
      </div>
      {metric !== undefined && <Notes chart={metric} zone={shown.zone} />}
    </>
  )
}

function eventsOf(one: Row, shown: Made, as_of: string | undefined): string {
  return addressOf('/api/v1/metrics/{name}/events', [one.metric], {
    version: one.version, which: 'numerator', campaign: one.campaign, from: shown.from, to: shown.to, as_of,
  })
}

function Notes({ chart, zone }: { chart: string; zone: string }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const once = useOnce()
  const [text, setText] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const notes = useQuery({ queryKey: ['chart-notes', chart], queryFn: () => get('/api/v1/chart-notes', [], { chart }) })
  const add = async () => {
    try {
      await once(text, (key) => post('/api/v1/chart-notes', [], { chart, text }, key))
      setText('')
      setRefused(null)
      await queries.invalidateQueries({ queryKey: ['chart-notes', chart] })
    } catch (why) {
      setRefused(why)
    }
  }
  return (
    <div className="card">
      <h2>{t('reports.notes')}</h2>
      {(notes.data?.items ?? []).map((one) => (
        <p key={`${one.about_at} ${one.by} ${one.text}`}>
          <span className="muted">{`${instantIn(one.about_at, zone)} · ${one.by}`}</span> <span className="data">{one.text}</span>
        </p>
      ))}
      <Input.Search aria-label={t('reports.note')} placeholder={t('reports.note')} enterButton={t('reports.addNote')} maxLength={170} value={text} onChange={(event) => setText(event.target.value)} onSearch={() => void add()} />
      {refused !== null && <Refused why={refused} />}
    </div>
  )
}
