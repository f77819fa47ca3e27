// One sample: its calls in the order of drawing, the checklist findings of each, and how to repeat the draw.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Segmented, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { useMay, useMe } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Tag } from '../../components/Marks'
import { Refused, Waiting } from '../../components/States'

type Sample = ResponseOf<'/api/v1/samples/{id}'>
type Drawn = Sample['calls'][number]
type Answer = NonNullable<Drawn['finding']>['finding']['answers'][string]
/** Longest remark in bytes, as the server counts. */
const REMARK_BYTES_MAX = 1_024
const ANSWERS: readonly Answer[] = ['yes', 'no', 'not_applicable']

export function One({ id, onDone }: { id: string; onDone: (position: string | null) => void }) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const me = useMe()
  const [asked, setAsked] = useState<Drawn | 'sign' | null>(null)
  const [answers, setAnswers] = useState<Record<string, Answer>>({})
  const read = useQuery({ queryKey: ['sample', id], queryFn: () => get('/api/v1/samples/{id}', [id]) })
  if (read.error && read.data === undefined) return <Refused why={read.error} again={() => void read.refetch()} />
  if (read.data === undefined) return <Waiting />
  const sample = read.data
  const english = i18n.language === 'en'
  const mayWrite = may('samples:write') && sample.signed_off === null
  const by = me?.user ?? ''
  const found = async (remark: string, key: string) => {
    if (asked === null || asked === 'sign') return
    const body = { by, call: asked.call, answers, ...(remark === '' ? {} : { remark }) }
    onDone((await post('/api/v1/samples/{id}/findings', [id], body, key)).position)
  }
  const sign = async (remark: string, key: string) => onDone((await post('/api/v1/samples/{id}/sign-off', [id], { by, ...(remark === '' ? {} : { remark }) }, key)).position)
  return (
    <section className="card" aria-label={t('samples.sample')}>
      <header>
        <h2>{t('samples.sample')} <span className="mono">{id.slice(0, 8)}</span></h2>
        <span>
          {t('samples.lacking', { count: sample.lacking })}{' '}
          {mayWrite && <Button size="small" type="primary" disabled={sample.lacking > 0} onClick={() => setAsked('sign')}>{t('samples.signOff')}</Button>}
        </span>
      </header>
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <Table<Drawn>
        rowKey="call"
        size="small"
        dataSource={sample.calls}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('menu.calls'), key: 'call', render: (_, one) => <Link to="/calls/$id" params={{ id: one.call }} className="mono">{one.call.slice(0, 8)}</Link> },
          { title: t('samples.rank'), key: 'rank', render: (_, one) => <span className="mono muted">{one.rank.slice(0, 12)}…</span> },
          ...sample.checklist.map((item) => ({
            title: english ? item.en : item.zh,
            key: item.code,
            render: (_: unknown, one: Drawn) => {
              const answer = one.finding?.finding.answers[item.code]
              return answer === undefined ? '–' : <Tag tone={answer === 'yes' ? 'line' : answer === 'no' ? 'red' : 'slate'}>{t(`samples.answer.${answer}`)}</Tag>
            },
          })),
          { title: t('samples.by'), key: 'by', render: (_, one) => one.finding?.finding.by ?? '' },
          ...(mayWrite
            ? [{
                title: t('desk.acts'),
                key: 'acts',
                render: (_: unknown, one: Drawn) => (
                  <Button
                    size="small"
                    onClick={() => {
                      setAnswers({ ...(one.finding?.finding.answers ?? {}) })
                      setAsked(one)
                    }}
                  >
                    {t('samples.find')}
                  </Button>
                ),
              }]
            : []),
        ]}
      />
      <footer>{english ? sample.how.en : sample.how.zh}</footer>
      {asked === 'sign' && <Ask title={t('samples.signOff')} ok={t('samples.signOff')} what={t('samples.signWhat')} reason={t('samples.remark')} reasonBytesMax={REMARK_BYTES_MAX} mayBeEmpty send={sign} onLeave={() => setAsked(null)} />}
      {asked !== null && asked !== 'sign' && (
        <Ask
          title={t('samples.findOf', { call: asked.call.slice(0, 8) })}
          ok={t('samples.find')}
          reason={t('samples.remark')}
          reasonBytesMax={REMARK_BYTES_MAX}
          mayBeEmpty
          isReady={sample.checklist.every((item) => answers[item.code] !== undefined)}
          send={found}
          onLeave={() => setAsked(null)}
        >
          {sample.checklist.map((item) => (
            <div key={item.code} role="group" aria-label={english ? item.en : item.zh}>
              {english ? item.en : item.zh}{' '}
              <Segmented<string>
                size="small"
                name={item.code}
                value={answers[item.code] ?? ''}
                onChange={(chosen) => setAnswers({ ...answers, [item.code]: chosen as Answer })}
                options={ANSWERS.map((one) => ({ value: one, label: t(`samples.answer.${one}`) }))}
              />
            </div>
          ))}
        </Ask>
      )}
    </section>
  )
}
