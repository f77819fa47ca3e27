// The signed reports: period, log position, Merkle root and signer.
import { useQuery } from '@tanstack/react-query'
import { Button, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Age } from '../../components/Figure'
import { ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

type Row = ResponseOf<'/api/v1/compliance-reports'>['items'][number]
const PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const
type Period = (typeof PERIODS)[number]

export function Reports() {
  const { t } = useTranslation()
  const may = useMay()
  const [isAsked, setAsked] = useState(false)
  const [period, setPeriod] = useState<Period>('day')
  const reports = useQuery({ queryKey: ['signed-reports'], queryFn: () => get('/api/v1/compliance-reports', [], { limit: 200 }) })
  const [pending, settle] = usePending((at) => get('/api/v1/compliance-reports', [], { after_position: at, limit: 1 }))
  return (
    <div className="list">
      <div className="head">
        {may('reports:sign') && <Button type="primary" onClick={() => setAsked(true)}>{t('compliance.sign')}</Button>}
        <span className="spread" />
        {pending}
        <Age at={reports.dataUpdatedAt} />
      </div>
      {reports.error && <Refused why={reports.error} again={() => void reports.refetch()} />}
      <Table<Row>
        rowKey="event_position"
        size="small"
        loading={reports.isPending}
        dataSource={reports.data?.items ?? []}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('compliance.noReports')} next={t('compliance.noReportsNext')} /> }}
        columns={[
          { title: t('compliance.period'), key: 'period', render: (_, one) => <b>{one.issue.period}</b> },
          { title: t('compliance.issued'), key: 'issued', render: (_, one) => instantIn(one.issued_at, ZONE) },
          { title: t('line.position'), key: 'position', align: 'right', render: (_, one) => one.issue.position },
          { title: t('compliance.root'), key: 'root', render: (_, one) => <span className="mono">{one.issue.log_root.slice(0, 16)}… ({one.issue.log_size})</span> },
          { title: t('compliance.hash'), key: 'hash', render: (_, one) => <span className="mono">{one.issue.sha256.slice(0, 16)}…</span> },
          { title: t('compliance.signer'), key: 'signer', render: (_, one) => <span className="mono">{one.issue.signer}</span> },
        ]}
      />
      {isAsked && (
        <Ask
          title={t('compliance.sign')}
          ok={t('compliance.sign')}
          what={t('compliance.signWhat')}
          send={async (_, key) => settle((await post('/api/v1/compliance-reports', [], { period }, key)).position, t('compliance.signed'))}
          onLeave={() => setAsked(false)}
        >
          <Select<Period> aria-label={t('compliance.period')} value={period} onChange={setPeriod} options={PERIODS.map((one) => ({ value: one, label: t(`compliance.periodOf.${one}`) }))} />
        </Ask>
      )}
    </div>
  )
}
