// Exports as files made by the server: which rows, columns and format. The received bytes are shown during the
// download. Each export is logged before its first byte, and an interrupted one yields no file.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, DatePicker, Input, Select } from 'antd'
import 'dayjs/locale/zh-cn'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf, get, Problem, send } from '../../api/client'
import { count, instantFrom } from '../../app/format'
import { useMay, useMe } from '../../app/session'
import { takeBlob } from '../../app/takeAway'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'

type Standing = { as: 'nothing' } | { as: 'coming'; bytes: number } | { as: 'done'; bytes: number; name: string } | { as: 'left' } | { as: 'refused'; why: unknown }

/** Interval between updates of the received bytes, in milliseconds. */
const TELL_MS = 200

/** Reads a whole response and reports the number of bytes received so far. */
async function read(reply: Response, tell: (bytes: number) => void): Promise<Blob> {
  const reader = reply.body?.getReader()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let [bytes, reportedAt] = [0, 0]
  for (;;) {
    const piece = await reader?.read()
    if (piece === undefined || piece.done) break
    parts.push(piece.value)
    bytes += piece.value.length
    if (Date.now() - reportedAt < TELL_MS) continue
    reportedAt = Date.now()
    tell(bytes)
  }
  return new Blob(parts, { type: reply.headers.get('Content-Type') ?? 'application/octet-stream' })
}

export function Exports() {
  const { t } = useTranslation()
  const may = useMay()
  const held = useMe()?.campaigns ?? null
  const known = useQuery({ queryKey: ['exports'], queryFn: () => get('/api/v1/exports'), staleTime: Infinity })
  const [what, setWhat] = useState('calls')
  const [format, setFormat] = useState('csv')
  const [columns, setColumns] = useState<string[]>([])
  const [campaign, setCampaign] = useState(held?.[0] ?? '')
  const [span, setSpan] = useState<{ from?: string | undefined; to?: string | undefined }>({})
  const [standing, setStanding] = useState<Standing>({ as: 'nothing' })
  const leaving = useRef<AbortController | null>(null)
  if (known.error) return <Refused why={known.error} again={() => void known.refetch()} />
  if (known.data === undefined) return <Waiting />
  const { exports, formats } = known.data
  const take = async () => {
    const abort = new AbortController()
    leaving.current = abort
    setStanding({ as: 'coming', bytes: 0 })
    try {
      const address = addressOf('/api/v1/exports/{what}', [what], { format, columns: columns.join(','), campaign: campaign.trim(), ...span })
      const reply = await send(address, { signal: abort.signal })
      const file = await read(reply, (bytes) => setStanding({ as: 'coming', bytes }))
      const name = `${what}.${format}`
      takeBlob(name, file)
      setStanding({ as: 'done', bytes: file.size, name })
    } catch (why) {
      // A response that is cut off is not complete, so no file is made of it.
      setStanding(abort.signal.aborted ? { as: 'left' } : { as: 'refused', why: why instanceof Problem ? why : new Problem(0, 'export-cut-off', '') })
    }
  }
  const isComing = standing.as === 'coming'
  return (
    <div className="list">
      <p className="muted">{t('exports.what')}</p>
      <div className="fields">
        <label className="field">
          <span>{t('exports.rows')}</span>
          <Select
            aria-label={t('exports.rows')}
            value={what}
            options={exports.map((one) => ({ value: one.name, label: t(`exports.of.${one.name}`, { defaultValue: one.name }) }))}
            onChange={(one) => {
              setWhat(one)
              setColumns([])
            }}
          />
        </label>
        <label className="field">
          <span>{t('exports.format')}</span>
          <Select aria-label={t('exports.format')} value={format} options={formats.map((one) => ({ value: one, label: one.toUpperCase() }))} onChange={setFormat} />
        </label>
        <label className="field">
          <span>{t('reports.campaign')}</span>
          <Input aria-label={t('reports.campaign')} placeholder={t('reports.all')} value={campaign} onChange={(event) => setCampaign(event.target.value)} />
        </label>
        <label className="field">
          <span>{t('exports.span')}</span>
          <DatePicker.RangePicker
            aria-label={t('exports.span')}
            placeholder={[t('costs.from'), t('costs.to')]}
            onChange={(chosen) => setSpan(chosen?.[0] && chosen[1] ? { from: instantFrom(chosen[0].format('YYYY-MM-DDT00:00:00'), ZONE), to: instantFrom(chosen[1].add(1, 'day').format('YYYY-MM-DDT00:00:00'), ZONE) } : {})}
          />
        </label>
      </div>
      <label className="field" style={{ maxWidth: '100%' }}>
        <span>{t('exports.columns')}</span>
        <Select
          mode="multiple"
          allowClear
          aria-label={t('exports.columns')}
          placeholder={t('exports.allColumns')}
          value={columns}
          options={(exports.find((one) => one.name === what)?.columns ?? []).map((one) => ({ value: one, label: one }))}
          onChange={setColumns}
        />
      </label>
      <div className="head">
        <Button type="primary" loading={isComing} onClick={() => void take()}>{t('exports.take')}</Button>
        {isComing && <Button onClick={() => leaving.current?.abort()}>{t('exports.leave')}</Button>}
        <span role="status">
          {standing.as === 'coming' && t('exports.coming', { bytes: count(standing.bytes) })}
          {standing.as === 'done' && <Tag tone="line">{t('exports.done', { name: standing.name, bytes: count(standing.bytes) })}</Tag>}
          {standing.as === 'left' && <Tag tone="amber">{t('exports.left')}</Tag>}
        </span>
        {may('events:read') && <Link to="/events" search={{ kind: 'inquiry.' }}>{t('exports.record')}</Link>}
      </div>
      {standing.as === 'refused' && <Refused why={standing.why} again={() => void take()} />}
    </div>
  )
}
