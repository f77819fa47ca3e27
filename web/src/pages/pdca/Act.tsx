// Act: what to do, by which rule and cause; refusals by rule, and alerts; and what a report of this length should
// contain but does not yet.
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { count } from '../../app/format'
import { Tag, Word } from '../../components/Marks'
import type { Review } from './Page'

type Suggestion = Review['act']['suggestions'][number]

export function Act({ act, lacks }: Pick<Review, 'act' | 'lacks'>) {
  const { t, i18n } = useTranslation()
  const worded = (one: { zh: string; en: string }) => (i18n.language === 'en' ? one.en : one.zh)
  const ruleWord = (rule: string) => (i18n.exists(`pdca.rule.${rule}`) ? t(`pdca.rule.${rule}`) : rule)
  const counts = (all: Record<string, number>) => Object.entries(all).sort((one, other) => other[1] - one[1])
  const refusedWord = (named: string) => {
    const [rule = '', version = ''] = named.split(' ')
    return i18n.exists(`rule.${rule}`) ? `${t(`rule.${rule}`)} ${version}` : named
  }
  return (
    <div className="split">
      <section className="card" aria-label={t('pdca.act')}>
        <header>
          <h2>{t('pdca.act')}</h2>
          <span className="muted">{t('pdca.actWhat')}</span>
        </header>
        <Table<Suggestion>
          rowKey={(one) => `${one.rule} ${one.cause}`}
          size="small"
          pagination={false}
          dataSource={act.suggestions}
          locale={{ emptyText: <Word tone="line">{t('pdca.nothing')}</Word> }}
          columns={[
            { title: t('pdca.suggestion'), key: 'what', render: (_, one) => <b>{worded(one)}</b> },
            { title: t('pdca.byRule'), key: 'rule', render: (_, one) => ruleWord(one.rule) },
            { title: t('pdca.cause'), key: 'cause', render: (_, one) => <span className="mono">{one.cause}</span> },
          ]}
        />
      </section>
      <section className="card" aria-label={t('pdca.watched')}>
        <header>
          <h2>{t('pdca.watched')}</h2>
        </header>
        <dl className="pairs body">
          <dt>{t('pdca.refusals')}</dt>
          <dd>{counts(act.refusals).map(([rule, many]) => <div key={rule}>{`${refusedWord(rule)} · ${count(many)}`}</div>)}{counts(act.refusals).length === 0 && '0'}</dd>
          <dt>{t('pdca.alerts')}</dt>
          <dd>{counts(act.alerts).map(([rule, many]) => <div key={rule}>{`${t(`pdca.alert.${rule}`, { defaultValue: rule })} · ${count(many)}`}</div>)}{counts(act.alerts).length === 0 && '0'}</dd>
          <dt>{t('pdca.optOuts')}</dt>
          <dd>{count(act.opt_outs)}</dd>
          <dt>{t('pdca.corrections')}</dt>
          <dd>{count(act.corrections)}</dd>
        </dl>
        {lacks.length > 0 && (
          <div className="body" role="note">
            <Tag tone="amber">{t('pdca.lacks')}</Tag>
            <ul style={{ margin: '6px 0 0', paddingLeft: 18 }}>
              {lacks.map((one) => <li key={one.code}>{worded(one)}</li>)}
            </ul>
          </div>
        )}
      </section>
    </div>
  )
}
