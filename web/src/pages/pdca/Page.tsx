// The PDCA review of a day, week, month, quarter or year, for one campaign or all, now or as known at a moment. What to
// do comes first. What a report of this length does not contain yet is listed.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Button, DatePicker, Segmented, Select } from 'antd'
import dayjs from 'dayjs'
import 'dayjs/locale/zh-cn'
import { useTranslation } from 'react-i18next'
import { get, Problem, type ResponseOf } from '../../api/client'
import { useCampaigns } from '../../api/queries'
import { instantFrom, instantIn } from '../../app/format'
import { useMay, useMe } from '../../app/session'
import { Age } from '../../components/Figure'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'
import { Act } from './Act'
import { Check } from './Check'
import { Done } from './Done'
import { Plan } from './Plan'

export type Review = ResponseOf<'/api/v1/reports/pdca'>

const LENGTHS = ['day', 'week', 'month', 'quarter', 'year'] as const
export type Length = (typeof LENGTHS)[number]

const here = getRouteApi('/pdca')
const PICKERS = { day: 'date', week: 'week', month: 'month', quarter: 'quarter', year: 'year' } as const
/** How often, and after how many milliseconds, the request is repeated while another report is being computed. */
const TRIES_MAX = 10
const AGAIN_MS = 1_500

export function PdcaPage() {
  const { t } = useTranslation()
  const may = useMay()
  const me = useMe()
  const { period: length = 'day', at, campaign, as_of } = here.useSearch()
  const navigate = here.useNavigate()
  const campaigns = useCampaigns()
  const held = me?.campaigns ?? null
  // Users limited to some campaigns see the review of one of them.
  const chosen = campaign ?? held?.[0]
  const read = useQuery({
    queryKey: ['pdca', length, at ?? '', chosen ?? '', as_of ?? 'now'],
    queryFn: () => get('/api/v1/reports/pdca', [], { period: length, at, campaign: chosen, as_of }),
    placeholderData: keepPreviousData,
    retry: (count, why) => why instanceof Problem && why.code === 'log-being-read' && count < TRIES_MAX,
    retryDelay: AGAIN_MS,
    staleTime: 30_000,
    enabled: may('figures:read'),
  })
  const look = (more: Partial<{ period: Length; at: string; campaign: string; as_of: string }>) =>
    void navigate({ search: (before) => ({ ...before, ...more }), replace: true })
  const names = held ?? (campaigns.data?.items ?? []).map((one) => one.id)
  const review = read.isPlaceholderData ? undefined : read.data
  const rows = review?.known?.position ?? review?.complete_up_to?.position
  return (
    <div className={as_of === undefined ? 'list' : 'past-page list'}>
      <div className="head">
        <h1>{t('pdca.title')}</h1>
        {as_of !== undefined && <Tag tone="amber">{t('reports.then', { at: instantIn(as_of, ZONE) })}</Tag>}
        <span className="muted">{t('pdca.about')}</span>
        <span className="spread" />
        {review !== undefined && <Age at={read.dataUpdatedAt} position={rows ?? null} />}
        <Link to="/reports">{t('pdca.reports')}</Link>
      </div>
      <div className="head">
        <Segmented aria-label={t('pdca.length')} value={length} options={LENGTHS.map((one) => ({ value: one, label: t(`pdca.of.${one}`) }))} onChange={(one) => look({ period: one as Length })} />
        <DatePicker
          aria-label={t('pdca.at')}
          placeholder={t('pdca.at')}
          picker={PICKERS[length]}
          value={at === undefined ? null : dayjs(at)}
          onChange={(day) => void navigate({ search: (before) => ({ ...before, at: day?.format('YYYY-MM-DD') }), replace: true })}
        />
        <Select
          aria-label={t('reports.campaign')}
          style={{ minWidth: 180 }}
          showSearch
          allowClear={held === null}
          placeholder={t('reports.all')}
          value={chosen ?? null}
          options={names.map((one) => ({ value: one, label: one }))}
          onChange={(one: string | null | undefined) => void navigate({ search: (before) => ({ ...before, campaign: one ?? undefined }), replace: true })}
        />
        <DatePicker
          showTime
          aria-label={t('reports.asOf')}
          placeholder={t('reports.asOf')}
          onChange={(then) => void navigate({ search: (before) => ({ ...before, as_of: instantFrom(then?.format('YYYY-MM-DDTHH:mm:ss') ?? '', ZONE) }) })}
        />
        {as_of !== undefined && <Button onClick={() => void navigate({ search: (before) => ({ ...before, as_of: undefined }) })}>{t('reports.now')}</Button>}
      </div>
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      {review === undefined ? (
        read.error ? null : <Waiting />
      ) : (
        <>
          <p className="muted">
            {t('pdca.over', { period: review.period.label, from: instantIn(review.period.from, ZONE), to: instantIn(review.period.to, ZONE), before: review.before.label })}
          </p>
          <Act act={review.act} lacks={review.lacks} />
          <Plan plan={review.plan} />
          <Done done={review.done} period={review.period} campaign={review.campaign ?? null} asOf={as_of} />
          <Check check={review.check} length={length} />
        </>
      )}
    </div>
  )
}
