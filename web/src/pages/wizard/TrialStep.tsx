// The step that shows which rows are good and which are bad, with reasons, before any customer is enrolled. The bad
// rows can be downloaded, corrected and sent again.
import { Button, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { takeAway } from '../../app/takeAway'
import { Figure } from '../../components/Figure'
import { Empty, Refused, Waiting } from '../../components/States'
import type { Looked } from './useList'

/** Returns the part of a bilingual reason, English before a slash, that is in the user's language. */
function read(reason: string, isEnglish: boolean): string {
  const at = reason.lastIndexOf(' / ')
  if (at < 0 || !/[\u4e00-\u9fff]/.test(reason.slice(at))) return reason
  return isEnglish ? reason.slice(0, at) : reason.slice(at + 3)
}

export function TrialStep({ list }: { list: Looked }) {
  const { t, i18n } = useTranslation()
  if (list.isLooking) return <Waiting />
  if (list.why !== null) return <Refused why={list.why} />
  if (!list.hasFile) return <Empty what={t('wizard.noFile')} next={t('wizard.noFileNext')} />
  const reply = list.reply
  if (reply === null || reply.rows == null) return <Empty what={t('wizard.notMapped')} next={t('wizard.notMappedNext')} />
  const bad = (reply.bad ?? []).map((one) => ({ ...one, reason: read(one.reason, i18n.language === 'en') }))
  const takeBad = () => takeAway('bad-rows.csv', [[t('wizard.row'), t('wizard.column'), t('wizard.reason')], ...bad.map((one) => [String(one.row), one.column, one.reason])])
  return (
    <div className="list">
      <div className="row">
        <Figure name={t('wizard.rows')} value={String(reply.rows)} below={reply.format} />
        <Figure name={t('wizard.good')} value={String(reply.good ?? 0)} />
        <Figure name={t('wizard.duplicates')} value={String(reply.duplicates ?? 0)} />
        <Figure name={t('wizard.bad')} value={String(reply.bad_count ?? 0)} />
      </div>
      {reply.missing_variables.length > 0 && <p className="c-amber">{t('wizard.missingVariables', { names: reply.missing_variables.join(', ') })}</p>}
      {bad.length > 0 && (
        <>
          <div className="head">
            <Button onClick={takeBad}>{t('wizard.takeAway')}</Button>
            <span className="muted">{t('wizard.badNext', { shown: bad.length, all: reply.bad_count ?? 0 })}</span>
          </div>
          <Table
            rowKey={(one) => `${one.row} ${one.column}`}
            size="small"
            pagination={bad.length > 20 ? { pageSize: 20 } : false}
            dataSource={bad}
            columns={[
              { title: t('wizard.row'), dataIndex: 'row', width: 90 },
              { title: t('wizard.column'), dataIndex: 'column', width: 180 },
              { title: t('wizard.reason'), dataIndex: 'reason' },
            ]}
          />
        </>
      )}
    </div>
  )
}
