// Plan: campaigns that dialed or were created in the period, with their targets and results.
import { Link } from '@tanstack/react-router'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { count, percent } from '../../app/format'
import { Status } from '../../components/Marks'
import { Empty } from '../../components/States'
import type { Review } from './Page'

type Campaign = Review['plan']['campaigns'][number]
type Target = Review['plan']['targets'][number]

export function Plan({ plan }: Pick<Review, 'plan'>) {
  const { t, i18n } = useTranslation()
  // Causes contain both languages, separated by a slash.
  const caused = (cause: string) => cause.split(' / ')[i18n.language === 'en' ? 1 : 0] ?? cause
  return (
    <section className="card" aria-label={t('pdca.plan')}>
      <header>
        <h2>{t('pdca.plan')}</h2>
      </header>
      <Table<Campaign>
        rowKey="campaign"
        size="small"
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        dataSource={plan.campaigns}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('pdca.noCampaign')} next={t('pdca.noCampaignNext')} /> }}
        columns={[
          { title: t('reports.campaign'), key: 'campaign', render: (_, one) => <Link className="data" to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link> },
          { title: t('pdca.purpose'), key: 'purpose', render: (_, one) => <span className="data">{one.purpose}</span> },
          { title: t('campaigns.status'), key: 'status', render: (_, one) => <Status status={one.status} /> },
          { title: t('pdca.flow'), key: 'flow', render: (_, one) => <span className="mono">{`${one.flow}@${one.flow_version.toString()}`}</span> },
          { title: t('pdca.listed'), dataIndex: 'listed', align: 'right', render: count },
          { title: t('pdca.settled'), dataIndex: 'settled', align: 'right', render: count },
        ]}
      />
      {plan.targets.length > 0 && (
        <Table<Target>
          rowKey={(one) => `${one.campaign} ${one.metric}`}
          size="small"
          pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
          dataSource={plan.targets}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: t('reports.campaign'), dataIndex: 'campaign', className: 'data' },
            { title: t('reports.metric'), key: 'metric', render: (_, one) => <span className="mono">{one.metric}</span> },
            { title: t('pdca.target'), dataIndex: 'target_ratio', align: 'right', render: percent },
            { title: t('pdca.inPeriod'), dataIndex: 'period_ratio', align: 'right', render: percent },
            { title: t('pdca.soFar'), dataIndex: 'so_far_ratio', align: 'right', render: percent },
            { title: t('pdca.causes'), key: 'causes', render: (_, one) => one.causes.map((cause) => `${caused(cause.cause)} ${(100 * cause.part_ratio).toFixed(1)} pp`).join(t('pdca.between')) },
          ]}
        />
      )}
    </section>
  )
}
