// What users do for one customer besides calling: record a person request, assign the customer, agree or cancel a
// callback, record or withdraw a consent; and handle possible duplicates.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { instantFrom, instantIn } from '../../app/format'
import { useMay, useSeesAll } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Word } from '../../components/Marks'
import { Refused } from '../../components/States'
import { Moment } from '../../components/TimeFields'
import { usePending } from '../../components/usePending'
import { Numbers } from './Numbers'

type Person = ResponseOf<'/api/v1/customers/{id}'>
type Wish = ResponseOf<'/api/v1/requests'>['items'][number]['wish']
type Act = 'request' | 'assign' | 'callback' | 'unback' | 'consent' | 'unconsent'

const WISHES: readonly Wish[] = ['copy', 'correct', 'restrict', 'explain', 'delete']

interface Props {
  person: Person
  zone: string
}

/** The permission that each action needs. */
const RIGHTS = {
  request: 'cases:open', assign: 'customers:assign', callback: 'calls:write', unback: 'calls:write', consent: 'consents:write', unconsent: 'consents:withdraw',
} as const

export function Manage({ person, zone }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const [act, setAct] = useState<Act | null>(null)
  const [pending, settle] = usePending((position) => get('/api/v1/customers/{id}', [person.id], { after_position: position }))
  const isErased = person.standing?.erasure !== 'none'
  const hasCallback = (person.enrolments ?? []).some((one) => one.callback != null)
  const acts = (Object.keys(RIGHTS) as Act[]).filter((one) => may(RIGHTS[one]) && (one !== 'unback' || hasCallback) && (one !== 'callback' || (person.enrolments ?? []).length > 0))
  const done = (position: string | null, what: string) => void settle(position, what)
  return (
    <section className="card" aria-label={t('manage.title')}>
      <header>
        <h2>{t('manage.title')}</h2>
        {pending}
      </header>
      <div className="body list">
        {!isErased && (
          <div className="head">
            {acts.map((one) => <Button key={one} size="small" onClick={() => setAct(one)}>{t(`manage.${one}`)}</Button>)}
          </div>
        )}
        <Callbacks person={person} zone={zone} />
        <Numbers person={person} onDone={done} />
        {may('customers:read') && <Duplicates person={person} mayJoin={may('customers:assign') && !isErased} onDone={done} />}
      </div>
      {act !== null && <Do key={act} act={act} person={person} zone={zone} onLeave={() => setAct(null)} onDone={done} />}
    </section>
  )
}

function Callbacks({ person, zone }: Props) {
  const { t } = useTranslation()
  const named = (person.enrolments ?? []).filter((one) => one.callback != null)
  return named.map((one) => (
    <div key={one.campaign}>
      <Word tone="amber">{t('manage.backAt', { campaign: one.campaign, time: instantIn(one.callback?.at ?? '', zone) })}</Word> <span className="data">{one.callback?.agent}</span>
    </div>
  ))
}

interface DoProps extends Props {
  act: Act
  onLeave: () => void
  onDone: (position: string | null, said: string) => void
}

interface Typed {
  wish: Wish
  user: string
  team: string
  campaign: string
  at: string
  scope: string
  source: string
  evidence: string
}

/** Sends the action with its input. Returns the log position. */
async function order(act: Act, person: Person, zone: string, typed: Typed, reason: string, key: string): Promise<string | null> {
  const { id } = person
  if (act === 'request') return (await post('/api/v1/requests', [], { customer: id, wish: typed.wish, ...(reason === '' ? {} : { note: reason }) }, key)).position
  if (act === 'assign') return (await post('/api/v1/customers/{id}/assign', [id], { reason, user: typed.user.trim() || null, team: typed.team.trim() || null }, key)).position
  if (act === 'callback') return (await post('/api/v1/customers/{id}/callbacks', [id], { campaign: typed.campaign, at: instantFrom(typed.at, zone) ?? '', reason: reason || null }, key)).position
  if (act === 'unback') return (await post('/api/v1/customers/{id}/callbacks/cancel', [id], { campaign: typed.campaign, reason }, key)).position
  const said = { scope: typed.scope.trim(), source: typed.source.trim() }
  if (act === 'consent') return (await post('/api/v1/customers/{id}/consents', [id], { ...said, evidence: typed.evidence.trim() || null }, key)).position
  return (await post('/api/v1/customers/{id}/consents/withdraw', [id], said, key)).position
}

/** Whether all required input of an action is present. */
function isReadyFor(act: Act, typed: Typed): boolean {
  if (act === 'callback') return typed.campaign !== '' && typed.at !== ''
  if (act === 'unback') return typed.campaign !== ''
  if (act === 'consent' || act === 'unconsent') return typed.scope.trim() !== '' && typed.source.trim() !== ''
  return act !== 'assign' || typed.user.trim() === '' || typed.team.trim() === ''
}

function Do({ act, person, zone, onLeave, onDone }: DoProps) {
  const { t } = useTranslation()
  const enrolments = (person.enrolments ?? []).filter((one) => act !== 'unback' || one.callback != null)
  const [typed, setTyped] = useState<Typed>({ wish: 'copy', user: '', team: '', campaign: enrolments[0]?.campaign ?? '', at: '', scope: '', source: '', evidence: '' })
  const set = (some: Partial<Typed>) => setTyped((before) => ({ ...before, ...some }))
  const isConsent = act === 'consent' || act === 'unconsent'
  const field = (name: 'user' | 'team' | 'scope' | 'source' | 'evidence') => (
    <Input aria-label={t(`manage.field.${name}`)} placeholder={t(`manage.field.${name}`)} maxLength={256} value={typed[name]} onChange={(event) => set({ [name]: event.target.value })} />
  )
  return (
    <Ask
      title={t(`manage.${act}`)}
      ok={t(`manage.${act}`)}
      what={t(`manage.what.${act}`)}
      reason={isConsent ? undefined : t(act === 'request' ? 'manage.note' : 'act.reason')}
      mayBeEmpty={act === 'request' || act === 'callback'}
      isReady={isReadyFor(act, typed)}
      send={async (reason, key) => onDone(await order(act, person, zone, typed, reason, key), t('manage.done'))}
      onLeave={onLeave}
    >
      {act === 'request' && <Select<Wish> aria-label={t('compliance.wish')} value={typed.wish} onChange={(wish) => set({ wish })} options={WISHES.map((one) => ({ value: one, label: t(`compliance.wishOf.${one}`) }))} />}
      {act === 'assign' && <>{field('user')}{field('team')}</>}
      {(act === 'callback' || act === 'unback') && (
        <Select<string> aria-label={t('campaigns.name')} value={typed.campaign} onChange={(campaign) => set({ campaign })} options={enrolments.map((one) => ({ value: one.campaign, label: one.campaign }))} />
      )}
      {act === 'callback' && <Moment aria-label={t('manage.field.at', { zone })} placeholder={t('manage.field.at', { zone })} value={typed.at} onChange={(at) => set({ at })} />}
      {isConsent && <>{field('scope')}{field('source')}</>}
      {act === 'consent' && field('evidence')}
    </Ask>
  )
}

interface DuplicatesProps {
  person: Person
  mayJoin: boolean
  onDone: (position: string | null, said: string) => void
}

/** Other customer ids with the same number; merging them needs a reason. */
function Duplicates({ person, mayJoin, onDone }: DuplicatesProps) {
  const { t } = useTranslation()
  const [asked, setAsked] = useState<{ other: string; act: 'merge' | 'unmerge' } | null>(null)
  // The server compares numbers only for users with the reveal permission for all customers.
  const [may, seesAll] = [useMay(), useSeesAll()]
  const read = useQuery({ queryKey: ['duplicates', person.id], queryFn: () => get('/api/v1/customers/{id}/duplicates', [person.id]), enabled: may('customers:reveal') && seesAll, retry: false })
  const send = async (reason: string, key: string) => {
    if (asked === null) return
    const path = asked.act === 'merge' ? '/api/v1/customers/{id}/merge' : '/api/v1/customers/{id}/unmerge'
    onDone((await post(path, [person.id], { other: asked.other, reason }, key)).position, t(`manage.${asked.act}Done`))
  }
  const merged = person.merged ?? []
  const others = (read.data?.candidates ?? []).filter((one) => !merged.includes(one.customer))
  const link = (id: string) => <Link to="/customers/$id" params={{ id }} className="mono">{id.slice(0, 12)}</Link>
  return (
    <div className="list">
      {read.error && <Refused why={read.error} />}
      {person.merged_into != null && <div>{t('manage.mergedInto')} {link(person.merged_into)}</div>}
      {merged.map((id) => (
        <div key={id}>{t('manage.isMerged')} {link(id)} {mayJoin && <Button size="small" onClick={() => setAsked({ other: id, act: 'unmerge' })}>{t('manage.unmerge')}</Button>}</div>
      ))}
      {others.map((one) => (
        <div key={one.customer}>
          {t('manage.duplicate')} {link(one.customer)} <span className="data">{one.numbers.join(', ')}</span>{' '}
          {mayJoin && one.merged_into === null && <Button size="small" onClick={() => setAsked({ other: one.customer, act: 'merge' })}>{t('manage.merge')}</Button>}
        </div>
      ))}
      {read.data !== undefined && others.length + merged.length === 0 && person.merged_into == null && <div className="muted">{t('manage.noDuplicates')}</div>}
      {asked !== null && <Ask title={t(`manage.${asked.act}`)} ok={t(`manage.${asked.act}`)} what={t(`manage.what.${asked.act}`)} isDanger reason={t('act.reason')} send={send} onLeave={() => setAsked(null)} />}
    </div>
  )
}
