// The step for call hours, concurrency, ringing time and retries, and for begin and end of the campaign.
import { useQuery } from '@tanstack/react-query'
import { InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { useMay, useSeesAll } from '../../app/session'
import { Moment, TimeOfDay } from '../../components/TimeFields'
import { PRESETS } from './filled'
import { Field, type StepProps } from './parts'

export function LinesStep({ filled, set }: StepProps) {
  const { t } = useTranslation()
  const timed = (name: 'from' | 'to' | 'restFrom' | 'restTo' | 'startAt' | 'stopAt', Kind: typeof Moment) => (
    <Field name={t(`wizard.member.${name}`)}>
      <Kind value={filled[name]} aria-label={t(`wizard.member.${name}`)} onChange={(value) => set({ [name]: value })} />
    </Field>
  )
  const numbered = (name: 'concurrent' | 'ringSeconds', least: number, most: number) => (
    <Field name={t(`wizard.member.${name}`)}>
      <InputNumber min={least} max={most} precision={0} value={filled[name]} aria-label={t(`wizard.member.${name}`)} onChange={(value) => set({ [name]: value ?? least })} />
    </Field>
  )
  return (
    <div className="list">
      <div className="fields">
        {timed('from', TimeOfDay)}
        {timed('to', TimeOfDay)}
        {timed('restFrom', TimeOfDay)}
        {timed('restTo', TimeOfDay)}
        {numbered('concurrent', 1, 1_000)}
        {numbered('ringSeconds', 3, 120)}
        {timed('startAt', Moment)}
        {timed('stopAt', Moment)}
        <Field name={t('wizard.member.retries')}>
          <Select
            value={filled.retries}
            aria-label={t('wizard.member.retries')}
            options={(['standard', 'none'] as const).map((one) => ({ value: one, label: t(`wizard.retry.${one}`) }))}
            onChange={(retries) => set({ retries })}
          />
        </Field>
        <Field name={t('wizard.member.preset')} hint={t('wizard.presetHint')}>
          <Select value={filled.preset} aria-label={t('wizard.member.preset')} options={PRESETS.map((one) => ({ value: one, label: one }))} onChange={(preset) => set({ preset })} />
        </Field>
        <Field name={t('wizard.member.basis')}>
          <Select
            value={filled.basis}
            aria-label={t('wizard.member.basis')}
            options={['contract', 'consent'].map((one) => ({ value: one, label: t(`wizard.basisOf.${one}`) }))}
            onChange={(basis) => set({ basis })}
          />
        </Field>
      </div>
      <Numbers />
      <p className="muted">{t('wizard.mode')} {t(filled.preset.startsWith('cn-') ? 'wizard.zoneBeijing' : 'wizard.zoneHere')}</p>
    </div>
  )
}

/** The lines and the caller numbers that callees will see; the line chooses the number of each call. */
function Numbers() {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const trunks = useQuery({ queryKey: ['trunks'], queryFn: () => get('/api/v1/trunks'), enabled: may('figures:read') && seesAll })
  const items = trunks.data?.items ?? []
  if (items.length === 0) return null
  return (
    <section className="card">
      <header><h2>{t('wizard.numbers')}</h2></header>
      <dl className="pairs body" style={{ margin: 0, padding: '8px 14px' }}>
        {items.map((one) => [
          <dt key={one.trunk}>{one.trunk}</dt>,
          <dd key={`${one.trunk} numbers`} className="mono">{one.caller_numbers.join(', ') || t('wizard.ownNumber')}</dd>,
        ])}
      </dl>
    </section>
  )
}
