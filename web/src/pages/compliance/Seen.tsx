// The breach worksheet: customers with data that a user saw in a period, for notification after a breach. Values in
// clear, and the ways to reach each person, need a reason and another person's approval.
import { Link } from '@tanstack/react-router'
import { Button, Checkbox, Input, Table } from 'antd'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { instantFrom, instantIn } from '../../app/format'
import { takeAway } from '../../app/takeAway'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { Moment } from '../../components/TimeFields'

interface Typed {
  user: string
  key: string
  from: string
  to: string
  reason: string
  notice: boolean
  clear: boolean
}

async function ask({ user, key, from, to, reason, notice, clear }: Typed, approval: string | null) {
  const said = { user: user.trim() || null, key: key.trim() || null, from: instantFrom(from, ZONE) ?? null, to: instantFrom(to, ZONE) ?? null, reason: reason.trim() || null }
  return (await post('/api/v1/inspections/seen', [], { ...said, ...(notice ? { notice } : {}), ...(clear ? { clear } : {}), ...(approval === null ? {} : { approval }) })).reply
}
type Found = Awaited<ReturnType<typeof ask>>
type Person = Found['persons'][number]

export function Seen() {
  const { t } = useTranslation()
  const [typed, setTyped] = useState<Typed>({ user: '', key: '', from: '', to: '', reason: '', notice: false, clear: false })
  const [found, setFound] = useState<Found | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const look = async (approval: string | null = null) => {
    setAsking(true)
    setRefused(null)
    try {
      setFound(await ask(typed, approval))
    } catch (why) {
      setFound(null)
      setRefused(why)
    } finally {
      setAsking(false)
    }
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void look()
  }
  const field = (name: 'user' | 'key' | 'reason', width: number) => (
    <Input style={{ width }} maxLength={256} autoComplete="off" aria-label={t(`seen.${name}`)} placeholder={t(`seen.${name}`)} value={typed[name]} onChange={(event) => setTyped({ ...typed, [name]: event.target.value })} />
  )
  const time = (name: 'from' | 'to') => <Moment style={{ width: 210 }} aria-label={t(`seen.${name}`)} placeholder={t(`seen.${name}`)} value={typed[name]} onChange={(value) => setTyped({ ...typed, [name]: value })} />
  const check = (name: 'notice' | 'clear') => <Checkbox checked={typed[name]} onChange={(event) => setTyped({ ...typed, [name]: event.target.checked })}>{t(`seen.${name}`)}</Checkbox>
  const isReady = (typed.user.trim() !== '' || typed.key.trim() !== '') && (!typed.notice || typed.reason.trim() !== '')
  return (
    <div className="list" style={{ padding: '8px 0' }}>
      <form className="head" role="search" aria-label={t('seen.look')} onSubmit={submit}>
        {field('user', 160)} {field('key', 260)} {time('from')} {time('to')} {field('reason', 260)} {check('notice')} {check('clear')}
        <Button type="primary" htmlType="submit" loading={isAsking} disabled={!isReady}>{t('seen.look')}</Button>
      </form>
      {refused !== null && <Refused why={refused} approved={(approval) => void look(approval)} />}
      {found === null ? refused === null && <Empty what={t('seen.what')} /> : <Worksheet found={found} />}
    </div>
  )
}

function Worksheet({ found }: { found: Found }) {
  const { t } = useTranslation()
  const contact = (one: Person) => (one.contact == null ? '' : Object.values(one.contact).flat().filter((value) => typeof value === 'string').join(' · '))
  const rows = found.persons.map((one) => [one.customer, contact(one), one.fields.join(', '), one.first_at, one.last_at, one.reads.toString(), t(one.clear ? 'seen.inClear' : 'seen.masked')])
  const titles = ['person', 'contact', 'fields', 'first', 'last', 'reads', 'form'].map((one) => t(`seen.${one}`))
  return (
    <div className="list">
      <div className="head">
        <span className="muted">{t('seen.counts', { by: found.by, persons: found.persons.length, reads: found.reads, queries: found.queries, exports: found.exports.length, position: found.position })}</span>
        <Button size="small" disabled={rows.length === 0} onClick={() => takeAway('seen.csv', [titles, ...rows])}>{t('reports.takeAway')}</Button>
      </div>
      <Table<Person>
        rowKey="customer"
        size="small"
        dataSource={found.persons}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('seen.noViews')} /> }}
        columns={[
          { title: titles[0], key: 'person', render: (_, one) => <Link to="/customers/$id" params={{ id: one.customer }} className="mono">{one.customer.slice(0, 12)}</Link> },
          { title: titles[1], key: 'contact', className: 'data', render: (_, one) => contact(one) },
          { title: titles[2], key: 'fields', render: (_, one) => <span className="mono">{one.fields.join(', ')}</span> },
          { title: titles[3], key: 'first', render: (_, one) => instantIn(one.first_at, ZONE) },
          { title: titles[4], key: 'last', render: (_, one) => instantIn(one.last_at, ZONE) },
          { title: titles[5], dataIndex: 'reads', align: 'right' },
          { title: titles[6], key: 'form', render: (_, one) => t(one.clear ? 'seen.inClear' : 'seen.masked') },
        ]}
      />
      {found.exports.length > 0 && (
        <ul className="list" aria-label={t('seen.exports')}>
          {found.exports.map((one) => <li key={one.position}>{instantIn(one.at, ZONE)} · <span className="mono">{[one.what, one.format, one.campaign, one.customer, one.call].filter(Boolean).join(' ')}</span></li>)}
        </ul>
      )}
    </div>
  )
}
