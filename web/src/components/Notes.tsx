// The chart notes of a metric, of all campaigns or of one: time, author and text, with a form for a new note at now or
// a given time.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../api/client'
import { instantFrom, instantIn } from '../app/format'
import { useMay } from '../app/session'
import { Refused } from './States'
import { Moment } from './TimeFields'
import { useOnce } from './useOnce'

interface Props {
  /** The metric of the chart. */
  chart: string
  campaign?: string | null | undefined
  zone: string
}

export function Notes({ chart, campaign, zone }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const once = useOnce()
  const [text, setText] = useState('')
  const [at, setAt] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const queryKey = ['chart-notes', chart, campaign ?? '']
  const notes = useQuery({ queryKey, queryFn: () => get('/api/v1/chart-notes', [], { chart, campaign }), enabled: may('figures:read') })
  const add = async (event: FormEvent) => {
    event.preventDefault()
    setAsking(true)
    try {
      const about_at = instantFrom(at, zone) ?? null
      await once(`${text} ${at}`, (key) => post('/api/v1/chart-notes', [], { chart, campaign: campaign ?? null, about_at, text }, key))
      setText('')
      setAt('')
      setRefused(null)
      await queries.invalidateQueries({ queryKey })
    } catch (why) {
      setRefused(why)
    } finally {
      setAsking(false)
    }
  }
  if (!may('figures:read')) return null
  return (
    <details className="body" open={(notes.data?.items.length ?? 0) > 0}>
      <summary>{t('reports.notesOf', { count: notes.data?.items.length ?? 0 })}</summary>
      {notes.error && <Refused why={notes.error} again={() => void notes.refetch()} />}
      {(notes.data?.items ?? []).map((one) => (
        <p key={`${one.about_at} ${one.by} ${one.text}`}>
          <span className="muted">{instantIn(one.about_at, zone)} · <span className="data">{one.by}</span></span> <span className="data">{one.text}</span>
        </p>
      ))}
      <form className="head" onSubmit={(event) => void add(event)}>
        <Input style={{ flex: '1 1 220px' }} aria-label={t('reports.note')} placeholder={t('reports.note')} maxLength={170} value={text} onChange={(event) => setText(event.target.value)} />
        <Moment style={{ width: 190 }} aria-label={t('reports.noteAt', { zone })} placeholder={t('reports.noteAt', { zone })} value={at} onChange={setAt} />
        <Button htmlType="submit" loading={isAsking} disabled={text.trim() === ''}>{t('reports.addNote')}</Button>
      </form>
      {refused !== null && <Refused why={refused} />}
    </details>
  )
}
