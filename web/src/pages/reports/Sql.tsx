// SQL queries over the documented, masked views: read-only, limited, and logged before they are answered. An error
// gives its line and column, and the cursor moves there.
import { useQuery } from '@tanstack/react-query'
import { Button, Input, Table, type InputRef } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, Problem } from '../../api/client'
import { takeAway } from '../../app/takeAway'
import { Refused } from '../../components/States'

type Answer = Awaited<ReturnType<typeof ask>>
const EXAMPLE = 'select campaign, count(*) as calls\nfrom calls\ngroup by campaign\norder by calls desc'
const LIMIT = 1_000

async function ask(sql: string) {
  return (await post('/api/v1/query', [], { sql, limit: LIMIT })).reply
}

/**
 * Returns the position of an error in the text, from the end of its detail: "(line 2, column 7)"; null if there is
 * none.
 */
function placeOf(why: unknown, text: string): number | null {
  const found = why instanceof Problem ? /\(line (\d+), column (\d+)\)/.exec(why.message) : null
  if (found === null) return null
  const [line, column] = [Number(found[1]), Number(found[2])]
  const before = text.split('\n').slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0)
  return before + column - 1
}

function said(value: unknown): string {
  return value === null || value === undefined ? '' : String(value as string | number | boolean)
}

export function Sql() {
  const { t, i18n } = useTranslation()
  const field = useRef<InputRef & { resizableTextArea?: { textArea: HTMLTextAreaElement } }>(null)
  const [sql, setSql] = useState(EXAMPLE)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const [isAsking, setAsking] = useState(false)
  const views = useQuery({ queryKey: ['sql-views'], queryFn: () => get('/api/v1/query/views'), staleTime: Infinity })
  const run = async () => {
    setAsking(true)
    setWhy(null)
    try {
      setAnswer(await ask(sql))
    } catch (refused) {
      setWhy(refused)
      const place = placeOf(refused, sql)
      const area = field.current?.resizableTextArea?.textArea
      if (place !== null && area !== undefined) {
        area.focus()
        area.setSelectionRange(place, place + 1)
      }
    } finally {
      setAsking(false)
    }
  }
  const rows = (answer?.rows ?? []).map((cells, at) => ({ at, cells: cells.map(said) }))
  return (
    <div className="list">
      <p className="muted">{t('reports.sqlWhat')}</p>
      <Input.TextArea ref={field} className="mono" rows={8} maxLength={20_000} aria-label={t('reports.sql')} value={sql} onChange={(event) => setSql(event.target.value)} />
      <div className="head">
        <Button type="primary" loading={isAsking} disabled={sql.trim() === ''} onClick={() => void run()}>{t('reports.run')}</Button>
        {answer !== null && (
          <>
            <Button onClick={() => takeAway('query.csv', [answer.columns, ...rows.map((one) => one.cells)])}>{t('reports.takeAway')}</Button>
            <span className="muted" role="status">{t('reports.answered', { rows: rows.length, ms: answer.elapsed_ms, position: answer.as_of_position ?? '–' })}</span>
            {answer.truncated != null && <span className="c-amber">{t('reports.truncated', { why: answer.truncated })}</span>}
          </>
        )}
      </div>
      {why !== null && <Refused why={why} />}
      {answer !== null && (
        <Table
          rowKey="at"
          size="small"
          dataSource={rows}
          scroll={{ x: 'max-content' }}
          pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
          columns={answer.columns.map((title, at) => ({ title, key: `${at.toString()} ${title}`, render: (_: unknown, one: { cells: string[] }) => <span className="mono">{one.cells[at]}</span> }))}
        />
      )}
      <details>
        <summary>{t('reports.views')}</summary>
        {(views.data?.views ?? []).map((view) => (
          <section key={view.name}>
            <h2 className="mono">{view.name}</h2>
            <p className="muted">{i18n.language === 'en' ? view.en : view.zh}</p>
            <dl className="pairs">
              {view.columns.map((column) => [
                <dt key={column.name} className="mono">{column.name}</dt>,
                <dd key={`${column.name} what`}>{`${i18n.language === 'en' ? column.en : column.zh} (${column.unit})`}</dd>,
              ])}
            </dl>
          </section>
        ))}
      </details>
    </div>
  )
}
