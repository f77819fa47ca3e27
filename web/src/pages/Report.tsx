// The page of one saved report with its figures, now or as known at a moment: each with its version, a link to the
// events behind it, and the notes on its chart.
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Button, DatePicker, Table } from 'antd'
import 'dayjs/locale/zh-cn'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../api/client'
import { instantFrom, instantIn } from '../app/format'
import { report } from '../app/router'
import { takeAway } from '../app/takeAway'
import { Ask } from '../components/Ask'
import { Age } from '../components/Figure'
import { Tag } from '../components/Marks'
import { Empty, Refused, Waiting } from '../components/States'
import { Behind } from './reports/Behind'
import { Compare } from './reports/Compare'
import { Drawn } from './reports/Drawn'
import { SaveDialog } from './reports/SaveDialog'

type Made = ResponseOf<'/api/v1/saved-reports/{name}'>
type Row = Made['figures'][number]

/** The result of sending the report: the log position, or the reason why nothing was sent. */
interface Sent {
  position: string | null
  fault: string | null
}

/** Most charts drawn at once; the table has every figure. */
const DRAWN_MAX = 12

export function ReportPage() {
  const { t, i18n } = useTranslation()
  const { name } = report.useParams()
  const { as_of } = report.useSearch()
  const navigate = report.useNavigate()
  const leave = useNavigate()
  const queries = useQueryClient()
  const made = useQuery({
    queryKey: ['saved-report', name, as_of ?? 'now'],
    queryFn: () => get('/api/v1/saved-reports/{name}', [name], { as_of }),
    placeholderData: keepPreviousData,
  })
  const [asked, setAsked] = useState<'send' | 'change' | 'takeOver' | 'remove' | null>(null)
  const [sent, setSent] = useState<Sent | null>(null)
  const [behind, setBehind] = useState<Row | null>(null)
  const sendNow = async (_: string, key: string) => {
    setSent(null)
    const { reply, position } = await post('/api/v1/saved-reports/{name}/send', [name], undefined, key)
    setSent({ position, fault: reply.fault ?? null })
    await queries.invalidateQueries({ queryKey: ['saved-report', name] })
  }
  if (made.isPending || (as_of !== undefined && made.isPlaceholderData)) return <Waiting />
  if (made.data === undefined) return <Refused why={made.error} again={() => void made.refetch()} />
  const shown = made.data
  const { from, to, zone } = shown
  const span = { from, to, zone, asOf: as_of }
  const label = (one: Row) => (i18n.language === 'en' ? one.label_en : one.label_zh)
  const cells = (one: Row) => [label(one), `v${one.version.toString()}`, one.campaign ?? t('reports.all'), one.value ?? '–', `${one.numerator_count.toString()} / ${(one.denominator_count ?? '–').toString()}`]
  const titles = ['metric', 'version', 'campaign', 'value', 'counts'].map((one) => t(`reports.${one}`))
  return (
    <>
      <div className="head">
        <h1 className="data">{shown.title}</h1>
        {as_of !== undefined && <Tag tone="amber">{t('reports.then', { at: instantIn(as_of, zone) })}</Tag>}
        <span className="spread" />
        <Age at={made.dataUpdatedAt} position={shown.complete_up_to} />
        <DatePicker
          showTime
          aria-label={t('reports.asOf')}
          placeholder={`${t('reports.asOf')} (${shown.zone})`}
          onChange={(at) => void navigate({ search: { as_of: instantFrom(at?.format('YYYY-MM-DDTHH:mm:ss') ?? '', shown.zone) } })}
        />
        {as_of !== undefined && <Button onClick={() => void navigate({ search: {} })}>{t('reports.now')}</Button>}
        <Button onClick={() => takeAway(`${name}.csv`, [[...titles, t('reports.from'), t('reports.to')], ...shown.figures.map((one) => [...cells(one), from, to])])}>{t('reports.takeAway')}</Button>
        {shown.is_own && (shown.channels ?? []).length > 0 && <Button onClick={() => setAsked('send')}>{t('reports.send')}</Button>}
        {shown.is_own && <Button onClick={() => setAsked('change')}>{t('reports.change')}</Button>}
        {!shown.is_own && shown.is_owner_lost && <Button onClick={() => setAsked('takeOver')}>{t('reports.takeOver')}</Button>}
        {shown.is_own && <Button danger onClick={() => setAsked('remove')}>{t('reports.remove')}</Button>}
      </div>
      {made.error && <Refused why={made.error} again={() => void made.refetch()} />}
      {sent !== null && <div role="status"><Tag tone={sent.fault === null ? 'line' : 'red'}>{sent.fault === null ? t('reports.sent', { position: sent.position ?? '–' }) : t(`reports.fault.${sent.fault}`)}</Tag></div>}
      <p className="muted">{t('reports.over', { from: instantIn(from, zone), to: instantIn(to, zone), zone })}</p>
      <div className="card">
        <Table<Row>
          rowKey={(one) => `${one.metric} ${one.campaign ?? ''}`}
          dataSource={shown.figures}
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('reports.noFigure')} /> }}
          columns={[
            ...titles.map((title, at) => ({ title, key: title, render: (_: unknown, one: Row) => (at === 3 ? <b>{cells(one)[at]}</b> : cells(one)[at]) })),
            { title: t('reports.behind'), key: 'events', render: (_, one) => <Button size="small" data-value={one.metric} aria-label={`${t('reports.events')} ${one.metric}`} onClick={() => setBehind(one)}>{t('reports.events')}</Button> },
          ]}
        />
      </div>
      {shown.figures.length > 0 && <Compare figures={shown.figures} {...span} />}
      <div className="row wide">
        {shown.figures.slice(0, DRAWN_MAX).map((one) => <Drawn key={`${one.metric} ${one.campaign ?? ''}`} figure={one} {...span} />)}
      </div>
      {behind !== null && <Behind figure={behind} {...span} onClose={() => setBehind(null)} />}
      {asked === 'change' && <SaveDialog report={shown} onClose={() => setAsked(null)} />}
      {asked === 'send' && (
        <Ask title={t('reports.send')} ok={t('reports.send')} what={t('reports.sendWhat', { count: (shown.channels ?? []).length })} onLeave={() => setAsked(null)} send={sendNow} />
      )}
      {asked === 'takeOver' && (
        <Ask
          title={t('reports.takeOverOf', { title: shown.title })}
          ok={t('reports.takeOver')}
          what={t('reports.takeOverWhat')}
          reason={t('act.reason')}
          onLeave={() => setAsked(null)}
          send={async (reason, key) => {
            await post('/api/v1/saved-reports/{name}/take-over', [name], { reason }, key)
            await queries.invalidateQueries({ queryKey: ['saved-report', name] })
          }}
        />
      )}
      {asked === 'remove' && (
        <Ask
          title={t('reports.removeOf', { title: shown.title })}
          ok={t('reports.remove')}
          what={t('reports.removeWhat')}
          isDanger
          onLeave={() => setAsked(null)}
          send={async (_, key) => {
            await post('/api/v1/saved-reports/{name}/remove', [name], undefined, key)
            await queries.invalidateQueries({ queryKey: ['saved-reports'] })
            await leave({ to: '/reports' })
          }}
        />
      )}
    </>
  )
}
