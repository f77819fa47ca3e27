// The customer's numbers, masked, with opt-out and suppression. To change one, the user types the number, which is sent
// in a request body and not in a URL; number lists are selected by name.
import { useQuery } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Word } from '../../components/Marks'
import { Refused } from '../../components/States'

type Person = ResponseOf<'/api/v1/customers/{id}'>
type Owned = NonNullable<Person['numbers']>[number]
type Act = 'optOut' | 'suppress' | 'listOn' | 'listOff'

const RIGHTS = { optOut: 'numbers:opt-out', suppress: 'numbers:suppress', listOn: 'numbers:suppress', listOff: 'numbers:suppress' } as const

interface Props {
  person: Person
  onDone: (position: string | null, said: string) => void
}

export function Numbers({ person, onDone }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const [act, setAct] = useState<Act | null>(null)
  const acts = (Object.keys(RIGHTS) as Act[]).filter((one) => may(RIGHTS[one]))
  return (
    <>
      {(person.numbers ?? []).map((one) => <Standing key={one.id} one={one} />)}
      {acts.length > 0 && (
        <div className="head">
          {acts.map((one) => <Button key={one} size="small" onClick={() => setAct(one)}>{t(`manage.${one}`)}</Button>)}
        </div>
      )}
      {act !== null && <Say key={act} act={act} onLeave={() => setAct(null)} onDone={onDone} />}
    </>
  )
}

// Without the reveal permission, the id of a number is keyed with this customer, so a number cannot be looked up by it.
function Standing({ one }: { one: Owned }) {
  const { t } = useTranslation()
  const may = useMay()
  const read = useQuery({ queryKey: ['number', one.id], queryFn: () => get('/api/v1/numbers/{number}', [one.id]), enabled: may('numbers:read') && may('customers:reveal'), retry: false })
  return (
    <div className="head">
      <span className="data">{one.phone ?? t('calls.unknownCallee')}</span>
      {one.invalid && <Word tone="amber">{t('manage.invalid')}</Word>}
      {read.data?.opted_out === true && <Word tone="red">{t('manage.optedOut')}</Word>}
      {read.data?.suppressed === true && <Word tone="red">{t('manage.suppressed')}</Word>}
      {read.error && <Refused why={read.error} />}
    </div>
  )
}

// Returns the log position, which the server gives only to users who may look up numbers; null means that the pages are
// read again as they are.
async function order(act: Act, number: string, list: string, reason: string, key: string): Promise<string | null> {
  if (act === 'optOut') return (await post('/api/v1/numbers/opt-out', [], { number, reason }, key)).position ?? null
  if (act === 'suppress') return (await post('/api/v1/numbers/suppress', [], { number, reason }, key)).position ?? null
  return (await post(act === 'listOn' ? '/api/v1/numbers/list-on' : '/api/v1/numbers/list-off', [], { list, number, reason }, key)).position ?? null
}

interface SayProps {
  act: Act
  onLeave: () => void
  onDone: Props['onDone']
}

function Say({ act, onLeave, onDone }: SayProps) {
  const { t } = useTranslation()
  const [number, setNumber] = useState('')
  const [list, setList] = useState('')
  const isOfList = act === 'listOn' || act === 'listOff'
  return (
    <Ask
      title={t(`manage.${act}`)}
      ok={t(`manage.${act}`)}
      what={t(`manage.what.${act}`)}
      isDanger={!isOfList}
      reason={t('act.reason')}
      isReady={number.trim() !== '' && (!isOfList || list.trim() !== '')}
      send={async (reason, key) => onDone(await order(act, number.trim(), list.trim(), reason, key), t('manage.done'))}
      onLeave={onLeave}
    >
      <Input autoComplete="off" maxLength={64} aria-label={t('compliance.number')} placeholder={t('compliance.number')} value={number} onChange={(event) => setNumber(event.target.value)} />
      {isOfList && <Input maxLength={64} aria-label={t('manage.list')} placeholder={t('manage.list')} value={list} onChange={(event) => setList(event.target.value)} />}
    </Ask>
  )
}
