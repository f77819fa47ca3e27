// The dialog that saves a new report or changes the user's own: metrics, campaigns, days, schedule, recipients, and
// whether others may read it. Refusals are shown beside the input, and no input is lost. If the report was changed
// elsewhere meanwhile, both versions are shown.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Checkbox, Form, Input, InputNumber, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { commandKey, get, post, Problem, type ResponseOf } from '../../api/client'
import { useCampaigns } from '../../api/queries'
import { getVersioned, put } from '../../api/versions'
import { useMay, useSeesAll } from '../../app/session'
import { BothVersions } from '../../components/BothVersions'
import { Refused } from '../../components/States'
import { TimeOfDay } from '../../components/TimeFields'
import { useMetrics } from './Metrics'
import { worded } from './figures'

type Report = ResponseOf<'/api/v1/saved-reports/{name}'>
type Every = 'none' | 'day' | 'week' | 'month'

interface Typed {
  name?: string
  title: string
  metrics: string[]
  campaigns?: string[]
  days: number
  zone: string
  every: Every
  day?: number
  time?: string
  channels?: string[]
  is_shared?: boolean
}

/** Returns the form's input for a stored report, or for a new one. */
function typedOf(report: Report | undefined): Partial<Typed> {
  if (report === undefined) return { days: 7, zone: 'Asia/Shanghai', every: 'none', time: '09:00' }
  const { name, title, metrics, campaigns = [], days, zone, schedule, channels = [], is_shared = false } = report
  const minute = schedule?.minute ?? 540
  const time = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  return { name, title, metrics, campaigns, days, zone, every: schedule?.every ?? 'none', time, channels, is_shared, ...(schedule?.day == null ? {} : { day: schedule.day }) }
}

function orderOf({ title, metrics, campaigns = [], days, zone, every, day, time = '09:00', channels = [], is_shared = false }: Typed) {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const schedule = every === 'none' ? {} : { schedule: { every, minute: 60 * hours + minutes, ...(every === 'day' ? {} : { day: day ?? 1 }) } }
  return { title, metrics, days, zone, is_shared, ...schedule, ...(campaigns.length === 0 ? {} : { campaigns }), ...(channels.length === 0 ? {} : { channels }) }
}

/** Returns the channels of alerts and webhooks that the user may see. */
function useChannels() {
  const may = useMay()
  const seesAll = useSeesAll()
  const alerts = useQuery({ queryKey: ['channels'], queryFn: () => get('/api/v1/alerts/channels', [], { limit: 200 }), enabled: may('alerts:read') && seesAll })
  const webhooks = useQuery({ queryKey: ['webhooks', 'channels'], queryFn: () => get('/api/v1/webhooks', [], { limit: 200 }), enabled: may('webhooks:read') && seesAll })
  return [...(alerts.data?.items ?? []), ...(webhooks.data?.items ?? [])].map((one) => ({ value: one.id, label: `${one.format} ${one.target}` }))
}

export function SaveDialog({ report, onClose }: { report?: Report; onClose: () => void }) {
  const { t, i18n } = useTranslation()
  const [form] = Form.useForm<Typed>()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const metrics = useMetrics()
  const campaigns = useCampaigns()
  const channels = useChannels()
  const [key, setKey] = useState(commandKey)
  const [over, setOver] = useState({ etag: report?.etag ?? '', theirs: null as Report | null })
  const [refused, setRefused] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const every = Form.useWatch('every', form) ?? typedOf(report).every
  // A report shows each metric in its headline version, otherwise in its latest.
  const all = metrics.data?.items ?? []
  const known = new Map([...all].sort((one, other) => Number(one.headline === true) - Number(other.headline === true)).map((one) => [one.name, worded(one.label, i18n.language)]))
  const words = (one: { title: string; metrics: readonly string[]; days: number }) => `${one.title} · ${one.metrics.map((name) => known.get(name) ?? name).join(', ')} · ${t('reports.lastDays', { days: one.days })}`
  const save = async (typed: Typed) => {
    setAsking(true)
    try {
      const name = report?.name ?? typed.name ?? ''
      if (report === undefined) await post('/api/v1/saved-reports', [], { name, ...orderOf(typed) }, key)
      else await put('/api/v1/saved-reports/{name}', [name], over.etag, orderOf(typed))
      await queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => first === 'saved-reports' || first === 'saved-report' })
      onClose()
      await navigate({ to: '/reports/$name', params: { name } })
    } catch (why) {
      setRefused(why)
      setAsking(false)
      if (why instanceof Problem && why.status === 412 && report !== undefined) {
        const { reply, etag } = await getVersioned('/api/v1/saved-reports/{name}', [report.name])
        setOver({ etag, theirs: reply })
      }
      // After a response, sending again is a new command; without one it is the same command.
      if (why instanceof Problem && why.status !== 0) setKey(commandKey())
    }
  }
  const mine = form.getFieldsValue()
  return (
    <Modal open title={t(report === undefined ? 'reports.new' : 'reports.change')} okText={t('reports.save')} cancelText={t('act.leave')} okButtonProps={{ loading: isAsking }} onOk={() => form.submit()} onCancel={onClose}>
      {over.theirs !== null && <BothVersions mine={words({ title: mine.title, metrics: mine.metrics, days: mine.days })} theirs={words(over.theirs)} />}
      <Form<Typed> form={form} layout="vertical" initialValues={typedOf(report)} onFinish={(typed) => void save(typed)}>
        {report === undefined && (
          <Form.Item name="name" label={t('reports.address')} rules={[{ required: true, pattern: /^[a-z0-9_.-]{1,64}$/, message: t('reports.addressRule') }]}>
            <Input maxLength={64} />
          </Form.Item>
        )}
        <Form.Item name="title" label={t('reports.name')} rules={[{ required: true, message: t('reports.needed') }]}>
          <Input maxLength={40} />
        </Form.Item>
        <Form.Item name="metrics" label={t('reports.metrics')} rules={[{ required: true, message: t('reports.needed') }]}>
          <Select mode="multiple" maxCount={12} optionFilterProp="label" options={[...known].map(([value, text]) => ({ value, label: text }))} />
        </Form.Item>
        <Form.Item name="campaigns" label={t('reports.campaigns')}>
          <Select mode="multiple" maxCount={20} placeholder={t('reports.all')} options={(campaigns.data?.items ?? []).map((one) => ({ value: one.id, label: one.id }))} />
        </Form.Item>
        <div className="fields">
          <Form.Item name="days" label={t('reports.days')}>
            <InputNumber min={1} max={366} precision={0} />
          </Form.Item>
          <Form.Item name="zone" label={t('reports.zone')} rules={[{ required: true, message: t('reports.needed') }]}>
            <Input maxLength={64} />
          </Form.Item>
          <Form.Item name="every" label={t('reports.every')}>
            <Select<Every> options={(['none', 'day', 'week', 'month'] as const).map((value) => ({ value, label: t(`reports.everyOf.${value}`) }))} />
          </Form.Item>
          {(every === 'week' || every === 'month') && (
            <Form.Item name="day" label={t(`reports.dayOf.${every}`)} rules={[{ required: true, message: t('reports.needed') }]}>
              <InputNumber min={1} max={every === 'week' ? 7 : 28} precision={0} />
            </Form.Item>
          )}
          {every !== 'none' && (
            <Form.Item name="time" label={t('reports.time')} rules={[{ required: true, message: t('reports.needed') }]}>
              <TimeOfDay />
            </Form.Item>
          )}
        </div>
        <Form.Item name="channels" label={t('reports.channels')} extra={channels.length === 0 ? t('reports.noChannels') : undefined}>
          <Select mode="multiple" maxCount={8} disabled={channels.length === 0} options={channels} />
        </Form.Item>
        <Form.Item name="is_shared" valuePropName="checked">
          <Checkbox>{t('reports.share')}</Checkbox>
        </Form.Item>
      </Form>
      {refused !== null && <Refused why={refused} />}
    </Modal>
  )
}
