// The dialog that changes a setting, based on the version that was read. If it was changed elsewhere meanwhile, both
// values are shown and the user chooses again.
import { InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../../api/client'
import { getVersioned, put } from '../../api/versions'
import { Ask } from '../../components/Ask'
import { BothVersions } from '../../components/BothVersions'
import type { SettingShown } from './Page'

interface Props {
  setting: SettingShown
  onLeave: () => void
  onDone: (position: string | null) => void
}

export function Change({ setting, onLeave, onDone }: Props) {
  const { t, i18n } = useTranslation()
  const [over, setOver] = useState(setting)
  const [value, setValue] = useState<number | null>(setting.value)
  const [theirs, setTheirs] = useState<SettingShown | null>(null)
  const send = async (reason: string, key: string) => {
    try {
      onDone((await put('/api/v1/settings/{name}', [setting.name], over.etag, { value: value ?? setting.value, reason }, key)).position)
    } catch (why) {
      if (why instanceof Problem && why.status === 412) {
        const { reply } = await getVersioned('/api/v1/settings/{name}', [setting.name])
        setTheirs(reply)
        setOver(reply)
      }
      throw why
    }
  }
  const name = i18n.language === 'en' ? setting.en : setting.zh
  return (
    <Ask title={t('settings.changeOf', { name })} ok={t('settings.change')} reason={t('act.reason')} reasonBytesMax={512} isReady={value !== null} send={send} onLeave={onLeave}>
      {theirs !== null && <BothVersions mine={String(value ?? '')} theirs={`${theirs.value} (${theirs.etag.replace(/"/g, '')})`} />}
      <label>
        {t('settings.value')}{' '}
        <InputNumber min={setting.least} max={setting.most} precision={0} value={value} onChange={setValue} aria-label={t('settings.value')} />
      </label>
      <span className="muted">{t('settings.boundsOf', { least: setting.least, most: setting.most, default: setting.default })}</span>
    </Ask>
  )
}
