// Calls of a campaign by a group of its callees: counts per group, and ratios with their versions.
import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { percent } from '../../app/format'
import { Empty } from '../../components/States'

interface Counted {
  dialed: number
  answered: number
  answer_ratio_per_call?: number | null
  answer_ratio_per_call_people?: number | null
  conversion_ratio?: number | null
  conversion_ratio_people?: number | null
}

type Ratio = 'answer_ratio_per_call' | 'answer_ratio_per_call_people' | 'conversion_ratio' | 'conversion_ratio_people'

const RATIOS: Ratio[] = ['answer_ratio_per_call', 'answer_ratio_per_call_people', 'conversion_ratio', 'conversion_ratio_people']

interface Versions {
  [member: string]: { label: { zh: string; en: string }; version?: number | null } | null | undefined
}

export function ByGroup<Row extends Counted>({ title, name, rows, versions, isComplete, isPending }: { title: string; name: (row: Row) => string; rows: Row[] | undefined; versions: Versions | undefined; isComplete: boolean; isPending: boolean }) {
  const { t, i18n } = useTranslation()
  const headed = (member: Ratio) => {
    const version = versions?.[member]
    return version == null ? t('campaigns.figure') : `${i18n.language === 'en' ? version.label.en : version.label.zh} v${version.version ?? ''}`
  }
  return (
    <>
      <Table<Row>
        rowKey={name}
        size="small"
        loading={isPending}
        dataSource={rows ?? []}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty what={t('regions.none')} /> }}
        columns={[
          { title, key: 'group', render: (_, one) => <span className="mono">{name(one)}</span> },
          { title: t('regions.dialed'), dataIndex: 'dialed', align: 'right' },
          { title: t('regions.answered'), dataIndex: 'answered', align: 'right' },
          ...RATIOS.map((member) => ({ title: headed(member), key: member, align: 'right' as const, render: (_: unknown, one: Row) => percent(one[member]) })),
        ]}
      />
      {!isComplete && <p className="c-amber">{t('regions.notAll')}</p>}
    </>
  )
}
