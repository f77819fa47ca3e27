// Saving a report: which metrics, over how many days, whether others may read it. What the server refuses stands beside
// what was typed, and nothing typed is lost.
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Checkbox, Form, Input, InputNumber, Modal, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { Refused } from '../../components/States'
import { useMetrics } from './Metrics'

interface Typed {
  name: string
  title: string
  metrics: string[]
  days: number
  is_shared?: boolean
}

export function SaveDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t, i18n } = useTranslation()
  const [form] = Form.useForm<Typed>()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const metrics = useMetrics()
  const [refused, setRefused] = useState<unknown>(null)
  const label = (one: { zh: string; en: string }) => (i18n.language === 'en' ? one.en : one.zh)
  const known = new Map((metrics.data?.items ?? []).map((one) => [one.name, label(one.label)]))
  const save = async (typed: Typed) => {
    try {
      const { name, title, days } = typed
      await post('/api/v1/saved-reports', [], { name, title, days, metrics: typed.metrics, is_shared: typed.is_shared ?? false })
      await queries.invalidateQueries({ queryKey: ['saved-reports'] })
      setRefused(null)
      onClose()
      await navigate({ to: '/reports/$name', params: { name } })
    } catch (why) {
      setRefused(why)
    }
  }
  return (
    <Modal open={open} title={t('reports.new')} okText={t('reports.save')} cancelText={t('act.leave')} onOk={() => form.submit()} onCancel={onClose}>
      <Form<Typed> form={form} layout="vertical" initialValues={{ days: 7 }} onFinish={(typed) => void save(typed)}>
        <Form.Item name="name" label={t('reports.address')} rules={[{ required: true, pattern: /^[a-z0-9_.-]{1,64}$/, message: t('reports.addressRule') }]}>
          <Input maxLength={64} />
        </Form.Item>
        <Form.Item name="title" label={t('reports.name')} rules={[{ required: true, message: t('reports.needed') }]}>
          <Input maxLength={40} />
        </Form.Item>
        <Form.Item name="metrics" label={t('reports.metrics')} rules={[{ required: true, message: t('reports.needed') }]}>
          <Select mode="multiple" maxCount={12} optionFilterProp="label" options={[...known].map(([value, text]) => ({ value, label: text }))} />
        </Form.Item>
        <Form.Item name="days" label={t('reports.days')}>
          <InputNumber min={1} max={366} />
        </Form.Item>
        <Form.Item name="is_shared" valuePropName="checked">
          <Checkbox>{t('reports.share')}</Checkbox>
        </Form.Item>
      </Form>
      {refused !== null && <Refused why={refused} />}
    </Modal>
  )
}
