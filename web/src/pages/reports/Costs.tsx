// The line cost of calls over some days, by campaign, at a tariff entered here; and beside it the cost of agents for
// the same effective calls, from a baseline entered here. Neither is measured.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Checkbox, DatePicker, InputNumber, Segmented, Table } from 'antd'
import 'dayjs/locale/zh-cn'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { clockOf, count, instantFrom, instantIn } from '../../app/format'
import { takeAway } from '../../app/takeAway'
import { Age } from '../../components/Figure'
import { Tag } from '../../components/Marks'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import type { TabProps } from './tabs'

type CostTable = ResponseOf<'/api/v1/reports/costs'>
type Row = CostTable['campaigns'][number]

/** The baseline from the requirement: ¥80,000 per agent and year, 150 to 200 effective calls per agent and day. */
const USUAL = { yuan: 80_000, days: 250, fewest: 150, most: 200 }

function yuan(fen: number | null | undefined): string {
  return fen == null ? '–' : (fen / 100).toFixed(2)
}

export function Costs({ look, looked }: TabProps) {
  const { t, i18n } = useTranslation()
  const [step, setStep] = useState('60')
  const [fen, setFen] = useState<number | null>(15)
  const [days, setDays] = useState<{ from?: string; to?: string }>({})
  const [isBeside, setBeside] = useState(false)
  const [people, setPeople] = useState(USUAL)
  const { as_of } = looked
  const baseline = isBeside ? { agent_year_fen: people.yuan * 100, work_days_per_year: people.days, calls_per_agent_day_min: people.fewest, calls_per_agent_day_max: people.most } : {}
  const read = useQuery({
    queryKey: ['costs-all', step, fen, days, baseline, as_of ?? 'now'],
    queryFn: () => get('/api/v1/reports/costs', [], { step, per_minute_fen: fen, ...days, ...baseline, as_of }),
    placeholderData: keepPreviousData,
  })
  // Figures of another tariff or baseline are not shown until they are loaded.
  const reply = read.isPlaceholderData ? undefined : read.data
  const rows: Row[] = reply === undefined ? [] : [...reply.campaigns, { ...reply.total, campaign: t('daily.total') }]
  const between = (low: number | null | undefined, high: number | null | undefined) => (low == null || high == null ? '–' : `${yuan(low)} – ${yuan(high)}`)
  const cells = (one: Row) => [
    one.campaign,
    count(one.calls),
    count(one.billed_calls),
    clockOf(one.billed_seconds * 1000),
    yuan(one.cost_fen),
    count(one.conversions),
    yuan(one.cost_per_conversion_fen),
    ...(isBeside ? [between(one.baseline?.people_cost_fen_min, one.baseline?.people_cost_fen_max), between(one.baseline?.people_per_conversion_fen_min, one.baseline?.people_per_conversion_fen_max), one.baseline?.line_cost_per_mille == null ? '–' : `${(one.baseline.line_cost_per_mille / 10).toFixed(1)} %`] : []),
  ]
  const titles = [t('reports.campaign'), t('cost.calls'), t('costs.billedCalls'), t('cost.billed'), t('cost.yuan'), t('costs.conversions'), t('costs.perConversion'), ...(isBeside ? [t('costs.people'), t('costs.peoplePerConversion'), t('costs.share')] : [])]
  const member = (name: keyof typeof USUAL, label: string, max: number) => (
    <label className="field" key={name}>
      <span>{label}</span>
      <InputNumber min={1} max={max} precision={0} value={people[name]} aria-label={label} onChange={(value) => value !== null && setPeople({ ...people, [name]: value })} />
    </label>
  )
  return (
    <div className="list">
      <div className="head">
        <DatePicker.RangePicker
          aria-label={t('costs.days')}
          placeholder={[t('costs.from'), t('costs.to')]}
          onChange={(chosen) => setDays(chosen?.[0] && chosen[1] ? { from: chosen[0].format('YYYY-MM-DD'), to: chosen[1].add(1, 'day').format('YYYY-MM-DD') } : {})}
        />
        <Segmented value={step} options={['60', '6', '1'].map((one) => ({ value: one, label: t('cost.step', { seconds: one }) }))} onChange={setStep} aria-label={t('cost.stepName')} />
        <label className="head">
          {t('cost.tariff')} <InputNumber min={0} max={10_000} precision={0} value={fen} aria-label={t('cost.tariff')} onChange={setFen} />
        </label>
        <Checkbox checked={isBeside} onChange={(event) => setBeside(event.target.checked)}>{t('costs.beside')}</Checkbox>
        <DatePicker showTime aria-label={t('reports.asOf')} placeholder={t('reports.asOf')} onChange={(then) => look({ as_of: instantFrom(then?.format('YYYY-MM-DDTHH:mm:ss') ?? '', ZONE) })} />
        {as_of !== undefined && <Tag tone="amber">{t('reports.then', { at: instantIn(as_of, ZONE) })}</Tag>}
        {as_of !== undefined && <Button onClick={() => look({ as_of: undefined })}>{t('reports.now')}</Button>}
        <span className="spread" />
        <Age at={read.dataUpdatedAt} position={reply?.position} />
        <Button disabled={reply === undefined} onClick={() => takeAway('costs.csv', [titles, ...rows.map(cells)])}>{t('reports.takeAway')}</Button>
      </div>
      {isBeside && (
        <div className="fields">
          {member('yuan', t('costs.agentYear'), 10_000_000)}
          {member('days', t('costs.workDays'), 366)}
          {member('fewest', t('costs.fewest'), 2_880)}
          {member('most', t('costs.most'), 2_880)}
        </div>
      )}
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <Table<Row>
        rowKey="campaign"
        size="small"
        loading={read.isPending || read.isPlaceholderData}
        dataSource={rows.length > 1 ? rows : []}
        pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('calls.none')} /> }}
        columns={titles.map((title, at) => ({
          title,
          key: title,
          align: at === 0 ? ('left' as const) : ('right' as const),
          render: (_: unknown, one: Row) => {
            if (at !== 0) return cells(one)[at]
            return reply?.campaigns.includes(one) === true ? <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }} search={{ tab: 'cost' }}>{one.campaign}</Link> : <b>{one.campaign}</b>
          },
        }))}
      />
      {reply?.complete === false && <p className="c-amber">{t('regions.notAll')}</p>}
      <p className="muted">{`${i18n.language === 'en' ? (reply?.label_en ?? '') : (reply?.label_zh ?? '')}${isBeside ? ` ${t('costs.said')}` : ''}`}</p>
    </div>
  )
}
