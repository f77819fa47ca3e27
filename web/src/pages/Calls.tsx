// The list of calls of one campaign, or of all that the user may see, filtered by day, result, line, customer and talk
// time.
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { Button, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, Problem } from '../api/client'
import { useCampaigns } from '../api/queries'
import { useMay, useSeesAll } from '../app/session'
import { EventsLine } from '../components/EventsLine'
import { Refused } from '../components/States'
import { Day } from '../components/TimeFields'
import type { CallSearch } from './callFilters'
import { CallsOf } from './campaign/CallsOf'
import { looked } from './Customers'

const here = getRouteApi('/calls')
/** The event kinds on the timeline: each call once, at its end. */
const KINDS = ['call.ended', 'call.corrected'] as const
/** The values of the filters, in the order of the menus. */
const DISPOSITIONS = [
  'answered', 'answered_short', 'machine', 'no_answer', 'busy', 'rejected', 'unreachable', 'invalid_number', 'blocked', 'screened', 'abandoned', 'interrupted',
  'congestion', 'trunk_auth', 'trunk_denied', 'trunk_timeout', 'trunk_unreachable', 'unreachable_route', 'media_incompatible', 'loop', 'redirect_refused', 'not_permitted', 'withdrawn',
] as const
const OUTCOMES = ['success', 'callback', 'transferred', 'declined', 'opted_out', 'wrong_party', 'hung_up', 'no_response', 'failed'] as const
/** Longest talk time that the server accepts, in seconds. */
const TALK_S_MAX = 86_400

export function Calls() {
  const { t } = useTranslation()
  const { position, ...search } = here.useSearch()
  const navigate = useNavigate()
  const campaigns = useCampaigns()
  const [may, seesAll] = [useMay(), useSeesAll()]
  const trunks = useQuery({ queryKey: ['trunks'], queryFn: () => get('/api/v1/trunks'), enabled: may('figures:read') && seesAll })
  const set = (some: CallSearch) => void navigate({ to: '/calls', search: { ...search, position, ...some }, replace: true })
  const choose = (name: 'disposition' | 'outcome' | 'trunk' | 'campaign', all: readonly string[], label: string, word: (one: string) => string) => (
    <Select
      aria-label={label}
      allowClear
      showSearch
      optionFilterProp="label"
      style={{ minWidth: name === 'campaign' ? 220 : 140 }}
      placeholder={name === 'campaign' ? t('calls.ofAll') : label}
      value={search[name] ?? null}
      options={all.map((one) => ({ value: one, label: word(one) }))}
      onChange={(chosen: string | null | undefined) => set({ [name]: chosen ?? undefined })}
    />
  )
  const talk = (name: 'talkMin' | 'talkMax') => (
    <InputNumber min={0} max={TALK_S_MAX} precision={0} style={{ width: 130 }} aria-label={t(`calls.${name}`)} placeholder={t(`calls.${name}`)} value={search[name] ?? null} onChange={(value) => set({ [name]: value ?? undefined })} />
  )
  return (
    <div className={position === undefined ? 'list' : 'past-page list'}>
      <div className="head">
        <h1>{t('menu.calls')}</h1>
        {choose('campaign', (campaigns.data?.items ?? []).map((one) => one.id), t('campaigns.name'), (one) => one)}
      </div>
      <div className="head" role="search" aria-label={t('calls.filters')}>
        <Day style={{ width: 150 }} aria-label={t('calls.from')} placeholder={t('calls.from')} value={search.from ?? ''} onChange={(from) => set({ from: from === '' ? undefined : from })} />
        <Day style={{ width: 150 }} aria-label={t('calls.to')} placeholder={t('calls.to')} value={search.to ?? ''} onChange={(to) => set({ to: to === '' ? undefined : to })} />
        {choose('disposition', DISPOSITIONS, t('calls.disposition'), (one) => t(`disposition.${one}`))}
        {choose('outcome', OUTCOMES, t('calls.outcome'), (one) => t(`outcome.${one}`))}
        {(trunks.data?.items.length ?? 0) > 0 && choose('trunk', (trunks.data?.items ?? []).map((one) => one.trunk), t('calls.trunk'), (one) => one)}
        {talk('talkMin')}
        {talk('talkMax')}
        {may('customers:read') && <Person customer={search.customer} onFound={(customer) => set({ customer })} />}
        <Select
          aria-label={t('calls.order')}
          style={{ minWidth: 120 }}
          value={search.order ?? 'newest'}
          options={(['newest', 'oldest'] as const).map((one) => ({ value: one, label: t(`calls.orderOf.${one}`) }))}
          onChange={(order) => set({ order: order === 'oldest' ? order : undefined })}
        />
        <Button type="text" onClick={() => void navigate({ to: '/calls', search: { position } })}>{t('calls.clear')}</Button>
      </div>
      <EventsLine kinds={KINDS} campaign={search.campaign} cursor={position ?? null} onMove={(to) => void navigate({ to: '/calls', search: { ...search, position: to ?? undefined }, replace: true })} />
      <div className="card">
        <div className="body">
          <CallsOf id={search.campaign} zone="Asia/Shanghai" position={position} filters={search} />
        </div>
      </div>
    </div>
  )
}

/**
 * The filter for one customer, by the institution's id or a number. The URL contains only our internal id, and the
 * look-up is logged.
 */
function Person({ customer, onFound }: { customer: string | undefined; onFound: (customer: string | undefined) => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const find = async (said: string) => {
    setWhy(null)
    if (said === '') return onFound(undefined)
    setAsking(true)
    try {
      const [first, ...more] = await looked(said)
      if (first !== undefined && more.length === 0) onFound(first)
      else setWhy(new Problem(404, 'not-found', t(more.length > 0 ? 'calls.several' : 'customers.notFound')))
    } catch (refused) {
      setWhy(refused)
    } finally {
      setAsking(false)
    }
  }
  return (
    <>
      <Input.Search
        style={{ width: 230 }}
        allowClear
        loading={isAsking}
        maxLength={128}
        aria-label={t('customers.find')}
        placeholder={customer ?? t('customers.find')}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onSearch={(said) => void find(said.normalize('NFKC').trim())}
      />
      {why !== null && <Refused why={why} />}
    </>
  )
}
