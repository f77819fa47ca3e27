// The first step: name and scenario of the campaign, and the file of people with the meaning of its columns. The file
// stays in this page: it is sent for a check, and imported only at the end.
import { Button, Input, Radio, Select, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { Refused, Waiting } from '../../components/States'
import { OF_SCENARIO, SCENARIOS, type Scenario } from './filled'
import { Field, type StepProps } from './parts'
import type { Looked } from './useList'

const ENCODINGS = ['auto', 'utf-8', 'gbk', 'gb18030']
const SECONDARY = '#variable'

export function FileStep({ filled, set, list, onFile }: StepProps & { list: Looked; onFile: (file: File | null) => void }) {
  const { t } = useTranslation()
  return (
    <div className="list">
      <div className="fields">
        <Field name={t('wizard.member.taskId')} hint={t('wizard.taskIdHint')}>
          <Input value={filled.taskId} maxLength={64} aria-label={t('wizard.member.taskId')} onChange={(event) => set({ taskId: event.target.value })} />
        </Field>
        <Field name={t('wizard.member.purpose')}>
          <Input value={filled.purpose} maxLength={40} aria-label={t('wizard.member.purpose')} onChange={(event) => set({ purpose: event.target.value })} />
        </Field>
        <div className="field">
          <span>{t('wizard.member.scenario')}</span>
          <Radio.Group
            value={filled.scenario}
            options={SCENARIOS.map((one) => ({ value: one, label: t(`wizard.scenario.${one}`) }))}
            onChange={(event) => set({ scenario: event.target.value as Scenario, ...OF_SCENARIO[event.target.value as Scenario] })}
          />
        </div>
      </div>
      <div className="fields">
        <Field name={t('wizard.file')} hint={t('wizard.fileHint')}>
          <input type="file" accept=".csv,.txt,.xlsx" aria-label={t('wizard.file')} onChange={(event) => onFile(event.target.files?.[0] ?? null)} />
        </Field>
        <Field name={t('wizard.member.encoding')}>
          <Select
            value={filled.encoding}
            aria-label={t('wizard.member.encoding')}
            options={ENCODINGS.map((one) => ({ value: one, label: one === 'auto' ? t('wizard.encodingAuto') : one }))}
            onChange={(encoding) => set({ encoding })}
          />
        </Field>
      </div>
      {!list.hasFile && filled.fileName !== '' && (
        <p className="c-amber">
          {t('wizard.fileAgain', { file: filled.fileName })} <Button size="small" onClick={() => onFile(null)}>{t('wizard.withoutFile')}</Button>
        </p>
      )}
      {list.isLooking && <Waiting />}
      {list.why !== null && <Refused why={list.why} />}
      {list.reply && <Columns filled={filled} set={set} reply={list.reply} />}
    </div>
  )
}

/**
 * The columns of the file, each with its meaning: a known member, a variable of the flow, or a variable by the column's
 * own title.
 */
function Columns({ filled, set, reply }: StepProps & { reply: NonNullable<Looked['reply']> }) {
  const { t, i18n } = useTranslation()
  const word = (member: string) => (i18n.exists(`listMember.${member}`) ? t(`listMember.${member}`) : member)
  const choices = [...reply.members.map((one) => ({ value: one, label: word(one) })), { value: SECONDARY, label: t('wizard.variable') }]
  return (
    <>
      <p>
        {t('wizard.readAs', { format: reply.format })}{' '}
        {reply.missing.length > 0 && <span className="c-red">{t('wizard.missing', { members: reply.missing.map(word).join(', ') })}</span>}
      </p>
      <Table
        rowKey="title"
        size="small"
        pagination={false}
        dataSource={reply.columns}
        columns={[
          { title: t('wizard.column'), dataIndex: 'title' },
          {
            title: t('wizard.takenFor'),
            key: 'member',
            render: (_, one) => (
              <Select
                value={one.member ?? SECONDARY}
                aria-label={t('wizard.takenForOf', { column: one.title })}
                style={{ minWidth: 200 }}
                virtual={false}
                options={choices}
                onChange={(member) => set({ map: { ...filled.map, [one.title]: member === SECONDARY ? one.title : member } })}
              />
            ),
          },
          { title: t('wizard.variableName'), key: 'variable', render: (_, one) => (one.member == null ? (one.variable ?? t('plan.none')) : '') },
        ]}
      />
    </>
  )
}
