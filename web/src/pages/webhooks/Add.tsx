// The dialog that adds a webhook: URL, event kinds and format. Its secret is shown once.
import { Checkbox, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { post } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import type { Webhook } from './Page'

const FORMATS: readonly Webhook['format'][] = ['standard', 'call_ended', 'crm', 'wecom', 'dingtalk', 'feishu']

export function Add({ onLeave, onMade }: { onLeave: () => void; onMade: (secret: string | null, position: string | null) => void }) {
  const { t } = useTranslation()
  const [url, setUrl] = useState('')
  const [kinds, setKinds] = useState<string[]>([])
  const [format, setFormat] = useState<Webhook['format']>('standard')
  const [isPrivate, setPrivate] = useState(false)
  const may = useMay()
  const send = async (_: string, key: string) => {
    const { reply, position } = await post('/api/v1/webhooks', [], { url: url.trim(), format, ...(kinds.length === 0 ? {} : { events: kinds }), ...(isPrivate ? { allow_private: true } : {}) }, key)
    onMade(reply.secret, position)
  }
  return (
    <Ask title={t('webhooks.add')} ok={t('webhooks.add')} what={t('webhooks.addWhat')} isReady={url.trim() !== ''} send={send} onLeave={onLeave}>
      <Input aria-label={t('webhooks.url')} placeholder="https://" maxLength={2048} value={url} onChange={(event) => setUrl(event.target.value)} />
      <Select<Webhook['format']> aria-label={t('webhooks.format')} value={format} onChange={setFormat} options={FORMATS.map((one) => ({ value: one, label: one }))} />
      <Select<string[]> mode="tags" aria-label={t('webhooks.kinds')} placeholder={t('webhooks.kinds')} value={kinds} onChange={setKinds} />
      {may('webhooks:private') && <Checkbox checked={isPrivate} onChange={(event) => setPrivate(event.target.checked)}>{t('webhooks.private')}</Checkbox>}
    </Ask>
  )
}
