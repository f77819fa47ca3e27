// The page of customers: a search by the institution's id, our id or a number; and the customers assigned to the user
// or to anyone, masked. The search input is not in the URL, and each read is logged.
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Button, Input } from 'antd'
import { useCallback, useMemo, useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { ask, get, post, Problem, type ResponseOf } from '../api/client'
import { useLong } from '../api/long'
import { useMay } from '../app/session'
import { Age } from '../components/Figure'
import { LongTable, type LongColumn } from '../components/LongTable'
import { Tag } from '../components/Marks'
import { RowLink } from '../components/RowLink'
import { Empty, Refused } from '../components/States'

const here = getRouteApi('/customers')

type Row = ResponseOf<'/api/v1/customers'>['items'][number]

/** Rows per page; each is a customer who is looked up and logged. */
const PAGE = 50
/** Fewest digits of a number, as the server reads them. */
const DIGITS_MIN = 7
/** Most digits of a number (E.164). */
const DIGITS_MAX = 15

export function Customers() {
  const { t } = useTranslation()
  const may = useMay()
  const navigate = useNavigate()
  const { campaign, team } = here.useSearch()
  const read = useCallback(
    async (cursor: string | undefined) => {
      const page = await get('/api/v1/customers', [], { campaign, team, cursor, limit: PAGE })
      return { items: page.items, next: page.next_cursor }
    },
    [campaign, team],
  )
  const listed = useLong<Row>({ key: ['customers', campaign ?? '', team ?? ''], ask: read, everyMs: false, enabled: may('customers:read') })
  const columns = useMemo<LongColumn<Row>[]>(
    () => [
      {
        key: 'name',
        title: t('customers.name'),
        width: 22,
        render: (one) => <RowLink isValue path={`/customers/${one.id}`} search={{ campaign: campaign ?? one.campaigns[0] }}>{one.name ?? one.customer_id ?? t('calls.unknownCallee')}</RowLink>,
      },
      { key: 'number', title: t('customers.number'), width: 22, isValue: true, render: (one) => one.numbers.map((number) => number.phone ?? '–').join(', ') },
      { key: 'campaigns', title: t('customers.campaigns'), width: 26, isValue: true, render: (one) => one.campaigns.join(', ') },
      { key: 'assignee', title: t('customers.assignee'), width: 18, isValue: true, render: (one) => (one.assignee == null ? '–' : Object.values(one.assignee).join(' ')) },
      { key: 'standing', title: t('customers.standing'), width: 12, render: (one) => (one.standing.held == null ? '' : <Tag tone="red">{t('customer.held')}</Tag>) },
    ],
    [campaign, t],
  )
  const narrowed = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const said = new FormData(event.currentTarget)
    const of = (name: string) => (String(said.get(name) ?? '').trim() === '' ? undefined : String(said.get(name)).trim())
    void navigate({ to: '/customers', search: { campaign: of('campaign'), team: of('team') }, replace: true })
  }
  return (
    <div className="list">
      <div className="head">
        <h1>{t('menu.customers')}</h1>
        <span className="spread" />
        <Age at={listed.readAt} />
      </div>
      <Find />
      <section className="card">
        <header>
          <h2>{t('customers.given')}</h2>
          <form className="head" onSubmit={narrowed} key={`${campaign ?? ''} ${team ?? ''}`}>
            <Input name="campaign" defaultValue={campaign ?? ''} aria-label={t('campaigns.name')} placeholder={t('campaigns.name')} style={{ width: 180 }} />
            <Input name="team" defaultValue={team ?? ''} aria-label={t('customers.team')} placeholder={t('customers.team')} style={{ width: 140 }} />
            <Button htmlType="submit">{t('customers.narrow')}</Button>
          </form>
        </header>
        <div className="body">
          <LongTable label={t('customers.given')} columns={columns} list={listed} idOf={(one) => one.id} empty={<Empty what={t('customers.none')} next={t('customers.noneNext')} />} />
        </div>
        <footer className="head">
          <span>{t('customers.onRecord')}</span>
        </footer>
      </section>
    </div>
  )
}

/** The search for one customer by id or number; the URL of the page that opens contains only our internal id. */
function Find() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const [why, setWhy] = useState<unknown>(null)
  const [found, setFound] = useState<string[] | null>(null)
  const [isAsking, setAsking] = useState(false)
  const open = (id: string) => void navigate({ to: '/customers/$id', params: { id } })
  const find = async (event: FormEvent) => {
    event.preventDefault()
    const said = typed.normalize('NFKC').trim()
    if (said === '') return
    setAsking(true)
    setWhy(null)
    setFound(null)
    try {
      const ids = await looked(said)
      if (ids.length === 1 && ids[0] !== undefined) open(ids[0])
      else setFound(ids)
    } catch (refused) {
      if (refused instanceof Problem && refused.status === 404) setFound([])
      else setWhy(refused)
    } finally {
      setAsking(false)
    }
  }
  return (
    <section className="card">
      <form className="body head" onSubmit={(event) => void find(event)}>
        <Input style={{ width: 320 }} aria-label={t('customers.find')} placeholder={t('customers.find')} value={typed} maxLength={128} onChange={(event) => setTyped(event.target.value)} />
        <Button type="primary" htmlType="submit" loading={isAsking}>{t('customers.search')}</Button>
        <span className="muted">{t('customers.findHint')}</span>
      </form>
      {why !== null && <Refused why={why} />}
      {found?.length === 0 && <Empty what={t('customers.notFound')} next={t('customers.notFoundNext')} />}
      {found !== null && found.length > 1 && (
        <ul className="list body">
          {found.map((id) => (
            <li key={id}><Link to="/customers/$id" params={{ id }} className="mono">{id}</Link></li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** Whether the input consists of characters of phone numbers, with a valid count of digits. */
function mayBeNumber(said: string): boolean {
  const digits = said.replace(/\D/g, '').length
  return /^[\d\s+()-]+$/.test(said) && digits >= DIGITS_MIN && digits <= DIGITS_MAX
}

/** Whether the input cannot be an id: it has signs of phone numbers, a leading zero, or the form of a mobile number. */
function isNumber(said: string): boolean {
  return /[\s+()-]/.test(said) || said.startsWith('0') || /^1[3-9]\d{9}$/.test(said)
}

/**
 * Returns the internal ids of the customers found. Input that may be a number is first sent in a request body, and used
 * in a URL only if it cannot be a number; an institution's own id is sent in a body too and never in a URL.
 */
export async function looked(said: string): Promise<string[]> {
  if (!mayBeNumber(said)) return byId(said)
  try {
    const { reply } = await post('/api/v1/consents/show', [], { number: said.replace(/[\s()-]/g, '') })
    if (reply.customers.length > 0 || isNumber(said)) return reply.customers.map((one) => one.id)
  } catch (why) {
    // A refusal because this is not a number is an answer too.
    const isNone = why instanceof Problem && (why.status === 400 || why.status === 422)
    const isForbidden = why instanceof Problem && why.status === 403
    if (!isNone && !(isForbidden && !isNumber(said))) throw why
  }
  return byId(said)
}

async function byId(said: string): Promise<string[]> {
  return [(await ask('/api/v1/customers/find', [], { customer: said })).id]
}
