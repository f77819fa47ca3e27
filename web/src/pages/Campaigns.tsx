// The list of campaigns: status, reason for not dialing, progress and figures.
import { Link, getRouteApi, useNavigate } from '@tanstack/react-router'
import { Segmented, Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { useCampaigns, useReady, type CampaignListed } from '../api/queries'
import { percent, seconds } from '../app/format'
import { useMay } from '../app/session'
import { whyNotNow } from '../app/whyNot'
import { CampaignsLine } from '../components/CampaignsLine'
import { Age } from '../components/Figure'
import { OF_CAMPAIGNS } from '../components/lineKinds'
import { Status, Word } from '../components/Marks'
import { Empty, Refused } from '../components/States'

const here = getRouteApi('/campaigns')
const STATUSES = ['running', 'paused', 'ready', 'completed', 'stopped'] as const

export function Campaigns() {
  const { t, i18n } = useTranslation()
  const { status, position } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const isPast = position !== undefined
  const campaigns = useCampaigns(position)
  const ready = useReady()
  const isChinese = i18n.language !== 'en'
  const items = (campaigns.data?.items ?? []).filter((one) => status === undefined || one.status === status)
  const label = (one: 'answer_ratio' | 'conversion_ratio_people' | 'talk_ms_mean') => {
    const version = campaigns.data?.versions?.[one]
    return version ? `${isChinese ? version.label.zh : version.label.en} v${version.version}` : t('campaigns.figure')
  }
  return (
    <div className={isPast ? 'past-page list' : 'list'}>
      <div className="head">
        <h1>{t('menu.campaigns')}</h1>
        <Segmented
          value={status ?? 'all'}
          options={[{ value: 'all', label: t('campaigns.all') }, ...STATUSES.map((one) => ({ value: one, label: t(`status.${one}`) }))]}
          onChange={(chosen) => void navigate({ to: '/campaigns', search: { position, status: chosen === 'all' ? undefined : chosen } })}
        />
        <span className="spread" />
        {may('campaigns:write') && <Link to="/campaigns/new">{t('wizard.title')}</Link>}
        <Age at={campaigns.dataUpdatedAt} position={isPast ? null : ready.data?.position} />
      </div>
      <CampaignsLine kinds={OF_CAMPAIGNS} cursor={position ?? null} onMove={(to) => void navigate({ to: '/campaigns', search: { status, position: to ?? undefined }, replace: true })} />
      {campaigns.error && <Refused why={campaigns.error} again={() => void campaigns.refetch()} />}
      <div className="card">
        <Table<CampaignListed>
          rowKey="id"
          dataSource={items}
          loading={campaigns.isPending || campaigns.isPlaceholderData}
          pagination={items.length > 50 ? { pageSize: 50 } : false}
          scroll={{ x: 940 }}
          locale={{ emptyText: <Empty what={t('campaigns.none')} next={<code className="mono">{t('campaigns.noneNext')}</code>} /> }}
          columns={[
            { title: t('campaigns.name'), dataIndex: 'id', render: (id: string) => <Link className="data" to="/campaigns/$id" params={{ id }} search={{ position }}>{id}</Link> },
            { title: t('campaigns.status'), dataIndex: 'status', render: (one: string) => <Status status={one} /> },
            {
              title: t('campaigns.why'),
              key: 'why',
              render: (_, one) => {
                // The reason for not dialing is known for now only.
                if (isPast) return '–'
                const why = whyNotNow(one, ready.isError ? undefined : ready.data, isChinese)
                return why === null ? <Word tone="line">{t('why.dialing')}</Word> : <Word tone={why.tone}>{t(why.key, why.values)}</Word>
              },
            },
            {
              title: t('campaigns.progress'),
              key: 'progress',
              width: 170,
              render: (_, one) => (
                <>
                  <div className="bar">
                    <i style={{ width: `${one.enrolled === 0 ? 0 : (100 * one.settled) / one.enrolled}%` }} />
                  </div>
                  <span className="muted">{t('campaigns.settledOf', { settled: one.settled, enrolled: one.enrolled })}</span>
                </>
              ),
            },
            { title: t('campaigns.waiting'), dataIndex: 'waiting', align: 'right' },
            { title: t('campaigns.open'), dataIndex: 'open', align: 'right' },
            { title: label('answer_ratio'), dataIndex: 'answer_ratio', align: 'right', render: percent },
            { title: label('conversion_ratio_people'), dataIndex: 'conversion_ratio_people', align: 'right', render: percent },
            { title: label('talk_ms_mean'), dataIndex: 'talk_ms_mean', align: 'right', render: seconds },
          ]}
        />
      </div>
    </div>
  )
}
