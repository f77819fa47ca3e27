// The step for the targets, with suggestions by scenario, and for the go-live stages.
import { InputNumber, Radio } from 'antd'
import { useTranslation } from 'react-i18next'
import { Field, type StepProps } from './parts'

export function TargetsStep({ filled, set }: StepProps) {
  const { t } = useTranslation()
  const percent = (name: 'answerPercent' | 'conversionPercent') => (
    <Field name={t(`wizard.member.${name}`)}>
      <InputNumber min={0} max={100} step={0.1} precision={1} value={filled[name]} aria-label={t(`wizard.member.${name}`)} onChange={(value) => set({ [name]: value ?? 0 })} />
    </Field>
  )
  return (
    <div className="list">
      <p>{t('wizard.targetsOf', { scenario: t(`wizard.scenario.${filled.scenario}`) })}</p>
      <div className="fields">
        {percent('answerPercent')}
        {percent('conversionPercent')}
      </div>
      <div className="field">
        <span>{t('wizard.member.stages')}</span>
        <Radio.Group
          value={filled.stages}
          options={(['test', 'pilot', 'full'] as const).map((one) => ({ value: one, label: t(`wizard.stage.${one}`) }))}
          onChange={(event) => set({ stages: event.target.value as typeof filled.stages })}
        />
      </div>
    </div>
  )
}
