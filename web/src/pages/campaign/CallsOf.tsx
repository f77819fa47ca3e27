// The latest calls of a campaign, and all of them on demand. The list shows masked customers, and each read is logged;
// therefore it is refreshed less often than figures, and not at all once further pages are loaded.
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type Query, type ResponseOf } from '../../api/client'
import { useLong } from '../../api/long'
import { SLOW_MS } from '../../api/queries'
import { clockOf, instantIn, timeIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Age } from '../../components/Figure'
import { LongTable, type LongColumn } from '../../components/LongTable'
import { toneOfCall, Word } from '../../components/Marks'
import { RowLink } from '../../components/RowLink'
import { Empty } from '../../components/States'
import { callQueryOf, type CallSearch } from '../callFilters'

type Row = ResponseOf<'/api/v1/calls'>['items'][number]

/** Rows per page: the most customers in one logged read, so that a glance does not list all of them. */
const PAGE = 100

interface Props {
  id: string | undefined
  zone: string
  /** The log position up to which data is shown; undefined means now. */
  position?: number | undefined
  /** Filters of the list; the rows then show the date. */
  filters?: CallSearch | undefined
}

export function CallsOf({ id, zone, position, filters }: Props) {
  const { t } = useTranslation()
  const asked = JSON.stringify(callQueryOf({ ...filters, campaign: id }))
  const mayOpen = useMay()('customers:read')
  const read = useCallback(
    async (cursor: string | undefined) => {
      const page = await get('/api/v1/calls', [], { ...(JSON.parse(asked) as Query), limit: PAGE, as_of: position, cursor })
      return { items: page.items, next: page.next_cursor }
    },
    [asked, position],
  )
  const calls = useLong<Row>({ key: ['calls', asked, position ?? 'now'], ask: read, everyMs: position === undefined ? SLOW_MS : false })
  const columns = useMemo<LongColumn<Row>[]>(
    () => [
      {
        key: 'time',
        title: t('calls.time'),
        width: 16,
        render: (one) => <RowLink path={`/calls/${one.id}`}>{one.dialing_at == null ? t('calls.notDialed') : filters === undefined ? timeIn(one.dialing_at, zone) : instantIn(one.dialing_at, zone).slice(0, 19)}</RowLink>,
      },
      { key: 'callee', title: t('calls.callee'), width: 20, render: (one) => mayOpen ? <RowLink isValue path={`/customers/${one.customer}`} search={{ campaign: one.campaign }}>{one.callee ?? t('calls.unknownCallee')}</RowLink> : <span className="data">{one.callee ?? t('calls.unknownCallee')}</span> },
      ...(id === undefined ? [{ key: 'campaign', title: t('campaigns.name'), width: 18, isValue: true, render: (one: Row) => one.campaign }] : []),
      {
        key: 'disposition',
        title: t('calls.disposition'),
        width: 16,
        render: (one) => (
          <Word tone={toneOfCall(one.disposition, one.answered_at != null)}>
            {one.disposition == null ? t(one.answered_at == null ? 'calls.underway' : 'calls.talking') : t(`disposition.${one.disposition}`)}
          </Word>
        ),
      },
      { key: 'outcome', title: t('calls.outcome'), width: 14, render: (one) => (one.outcome == null ? '' : t(`outcome.${one.outcome}`)) },
      { key: 'talk', title: t('calls.talk'), width: 8, align: 'right', render: (one) => clockOf(one.talk_ms) },
      { key: 'attempt', title: t('calls.attempt'), width: 8, align: 'right', render: (one) => one.attempt },
    ],
    [id, filters, mayOpen, t, zone],
  )
  return (
    <>
      {position !== undefined && <p className="c-amber">{t('calls.then')}</p>}
      <LongTable label={t('menu.calls')} columns={columns} list={calls} idOf={(one) => one.id} empty={<Empty what={t('calls.none')} next={t('calls.noneNext')} />} />
      <Age at={calls.readAt} />
    </>
  )
}
