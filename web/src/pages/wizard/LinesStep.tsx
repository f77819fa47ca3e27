// When the campaign calls, how many at once, how long it rings and whether it tries again, and when it begins and ends.
import { Input, InputNumber, Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { Field, type StepProps } from './parts'

const PRESETS = ['cn-service', 'cn-marketing', 'cn-collection', 'cn-cloud-trunk', 'us-tsr', 'us-regf', 'eu-gdpr']

export function LinesStep({ filled, set }: StepProps) {
  const { t } = useTranslation()
  const timed = (name: 'from' | 'to' | 'restFrom' | 'restTo' | 'startAt' | 'stopAt', type: 'time' | 'datetime-local') => (
    <Field name={t(`wizard.member.${name}`)}>
      <Input type={type} value={filled[name]} aria-label={t(`wizard.member.${name}`)} onChange={(event) => set({ [name]: event.target.value })} />
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
        {timed('from', 'time')}
        {timed('to', 'time')}
        {timed('restFrom', 'time')}
        {timed('restTo', 'time')}
        {numbered('concurrent', 1, 1_000)}
        {numbered('ringSeconds', 3, 120)}
        {timed('startAt', 'datetime-local')}
        {timed('stopAt', 'datetime-local')}
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
      <p className="muted">{t('wizard.mode')} {t(filled.preset.startsWith('cn-') ? 'wizard.zoneBeijing' : 'wizard.zoneHere')}</p>
    </div>
  )
}
