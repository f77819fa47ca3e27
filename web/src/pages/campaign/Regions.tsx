// Calls by region of the callee, as far as the rules of the permit saw one; now, or as known at a position.
import { useQuery } from '@tanstack/react-query'
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { get, type Told } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { percent } from '../../app/format'
import { Age } from '../../components/Figure'
import { Empty, Refused } from '../../components/States'

type Region = Told<'/api/v1/campaigns/{id}/regions'>['items'][number]

export function Regions({ id, position }: { id: string; position: number | undefined }) {
  const { t, i18n } = useTranslation()
  const read = useQuery({
    queryKey: ['regions', id, position ?? 'now'],
    queryFn: () => get('/api/v1/campaigns/{id}/regions', [id], { as_of: position }),
    refetchInterval: position === undefined ? SLOW_MS : false,
  })
  if (read.error) return <Refused why={read.error} again={() => void read.refetch()} />
  const told = read.data
  const named = (member: 'answer_ratio_per_call' | 'answer_ratio_per_call_people' | 'conversion_ratio' | 'conversion_ratio_people') => {
    const version = told?.versions[member]
    return version == null ? t('campaigns.figure') : `${i18n.language === 'en' ? version.label.en : version.label.zh} v${version.version ?? ''}`
  }
  return (
    <div className="list">
      <Table<Region>
        rowKey={(one) => `${one.region} ${one.home_location ?? ''}`}
        size="small"
        loading={read.isPending}
        dataSource={told?.items ?? []}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('regions.none')} /> }}
        columns={[
          { title: t('regions.region'), key: 'region', render: (_, one) => <span className="mono">{[one.home_location, one.region].filter(Boolean).join(' · ')}</span> },
          { title: t('regions.dialed'), dataIndex: 'dialed', align: 'right' },
          { title: t('regions.answered'), dataIndex: 'answered', align: 'right' },
          { title: named('answer_ratio_per_call'), dataIndex: 'answer_ratio_per_call', align: 'right', render: percent },
          { title: named('answer_ratio_per_call_people'), dataIndex: 'answer_ratio_per_call_people', align: 'right', render: percent },
          { title: named('conversion_ratio'), dataIndex: 'conversion_ratio', align: 'right', render: percent },
          { title: named('conversion_ratio_people'), dataIndex: 'conversion_ratio_people', align: 'right', render: percent },
        ]}
      />
      {told?.complete === false && <p className="c-amber">{t('regions.notAll')}</p>}
      <Age at={read.dataUpdatedAt} position={told?.position} />
    </div>
  )
}
