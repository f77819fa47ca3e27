// The emergency stop of all calls or of one preset, for users with the permission. It takes effect at once, needs a
// reason, and lasts until it is lifted.
import { Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay, useSeesAll } from '../../app/session'
import { StopIt } from '../../components/Stops'
import { PRESETS } from '../wizard/filled'

export function StopAll() {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const [preset, setPreset] = useState<string | null>(null)
  if (!may('stop:engage') || !seesAll) return null
  return (
    <section className="head" aria-label={t('stops.title')}>
      <StopIt scope="all" id={null} />
      <Select<string | null> allowClear style={{ width: 180 }} aria-label={t('stops.preset')} placeholder={t('stops.preset')} value={preset} onChange={(chosen) => setPreset(chosen ?? null)} options={PRESETS.map((one) => ({ value: one, label: one }))} />
      {preset !== null && <StopIt key={preset} scope="preset" id={preset} />}
    </section>
  )
}
