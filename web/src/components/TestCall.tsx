// A test call: one of our own phones rings with a campaign's flow, line and voice, and each step of hearing, deciding
// and speaking is shown. It is not a call to a customer and counts in no figure.
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../api/client'
import { useCampaigns } from '../api/queries'
import { timeIn } from '../app/format'
import { useMay } from '../app/session'
import { useKindWord } from './EventsLine'
import { Word } from './Marks'
import { ZONE } from './PageHead'
import { Refused, Waiting } from './States'
import { useOnce } from './useOnce'

/** How long one poll waits for the end, in seconds; each poll is logged. */
const LOOK_SECONDS = 5

/** Reads lines of the form `name=value` into an object. */
function variablesOf(text: string): Record<string, string> {
  const pairs = text.split('\n').map((line) => /^\s*([^=\s]+)\s*=(.*)$/.exec(line))
  return Object.fromEntries(pairs.flatMap((found) => (found?.[1] === undefined ? [] : [[found[1], (found[2] ?? '').trim()]])))
}

/** The button for a test call of a campaign; without `campaign` the dialog lets the user choose one. */
export function TestCall({ campaign }: { campaign?: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [isAsked, setAsked] = useState(false)
  if (!may('campaigns:write') || !may('calls:read')) return null
  return (
    <>
      <Button onClick={() => setAsked(true)}>{t('testCall.do')}</Button>
      {isAsked && <Dialog campaign={campaign} onLeave={() => setAsked(false)} />}
    </>
  )
}

function Dialog({ campaign, onLeave }: { campaign: string | undefined; onLeave: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const once = useOnce()
  const campaigns = useCampaigns()
  const [of, setOf] = useState<string | null>(campaign ?? null)
  const [phone, setPhone] = useState('')
  const [variables, setVariables] = useState('')
  const [asked, setCall] = useState<{ campaign: string; call: string } | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const phones = useQuery({ queryKey: ['test-phones'], queryFn: () => get('/api/v1/test-phones'), enabled: may('installation:read') })
  const go = async (id: string) => {
    setAsking(true)
    setRefused(null)
    try {
      const order = { phone: phone.trim() === '' ? null : phone.trim(), variables: variablesOf(variables) }
      const { reply } = await once(JSON.stringify([id, order]), (key) => post('/api/v1/campaigns/{id}/test-calls', [id], order, key))
      setCall({ campaign: id, call: reply.call })
    } catch (why) {
      setRefused(why)
    } finally {
      setAsking(false)
    }
  }
  const listed = phones.data?.items ?? []
  return (
    <Modal open title={t('testCall.title')} okText={t('testCall.do')} cancelText={t('testCall.leave')} okButtonProps={{ loading: isAsking, disabled: of === null }} onOk={() => of !== null && void go(of)} onCancel={onLeave}>
      <div className="list">
        <p>{t('testCall.what')}</p>
        {campaign === undefined && (
          <Select
            aria-label={t('campaigns.name')}
            placeholder={t('campaigns.name')}
            style={{ width: '100%' }}
            value={of}
            options={(campaigns.data?.items ?? []).map((one) => ({ value: one.id, label: one.id }))}
            onChange={setOf}
          />
        )}
        <Input aria-label={t('testCall.phone')} placeholder={t('testCall.phone')} maxLength={32} value={phone} onChange={(event) => setPhone(event.target.value)} />
        {phones.isSuccess && (
          <div className="muted">
            {t('testCall.phones', { count: listed.length })} {listed.map((one) => <span key={one.number} className="data">{`${one.phone ?? '–'} ${one.label} `}</span>)}
          </div>
        )}
        <Input.TextArea rows={2} aria-label={t('testCall.variables')} placeholder={t('testCall.variables')} value={variables} onChange={(event) => setVariables(event.target.value)} />
        {refused !== null && <Refused why={refused} />}
        {asked !== null && <Course key={asked.call} {...asked} />}
      </div>
    </Modal>
  )
}

/** The course of a test call so far; polled until it is over. */
function Course({ campaign, call }: { campaign: string; call: string }) {
  const { t } = useTranslation()
  const word = useKindWord()
  const read = useQuery({
    queryKey: ['test-call', call],
    queryFn: () => get('/api/v1/campaigns/{id}/test-calls/{call}', [campaign, call], { within_seconds: LOOK_SECONDS }),
    refetchInterval: (query) => (query.state.data?.call.ended == null ? 500 : false),
  })
  if (read.error && read.data === undefined) return <Refused why={read.error} again={() => void read.refetch()} />
  const reply = read.data
  if (reply === undefined) return <Waiting />
  const end = reply.call.ended
  return (
    <section aria-label={t('testCall.course')}>
      <Word tone={end == null ? 'amber' : 'line'}>{end == null ? t('testCall.underway') : t('testCall.over', { how: t(`disposition.${end.disposition}`) })}</Word>
      <ol className="list scroll short" tabIndex={0} aria-label={t('testCall.steps')}>
        {reply.steps.map((one, index) => (
          <li key={index}>
            <span className="muted">{timeIn(one.at, ZONE)}</span> {word(one.step)} <span className="data">{[one.node, one.text].filter((part) => part != null).join(' · ')}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
