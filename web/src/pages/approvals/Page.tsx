// The page of approvals: open requests, and decided ones with their results. Users cannot approve their own requests.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Table, Tabs } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { paged } from '../../api/paged'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { placeOf } from '../../app/approvalNews'
import { useMe } from '../../app/session'
import { APPROVAL_TONES } from '../../components/Approval'
import { Ask } from '../../components/Ask'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'

const here = getRouteApi('/approvals')
type Row = ResponseOf<'/api/v1/approvals'>['items'][number]

export function ApprovalsPage() {
  const { t, i18n } = useTranslation()
  const { position, tab = 'open' } = here.useSearch()
  const navigate = useNavigate()
  const me = useMe()
  const [asked, setAsked] = useState<{ one: Row; isYes: boolean } | null>(null)
  const approvals = useQuery({
    queryKey: ['approvals', tab],
    queryFn: () => paged((cursor) => get('/api/v1/approvals', [], { open: tab === 'open' ? 'true' : undefined, limit: 200, cursor })),
    refetchInterval: SLOW_MS,
  })
  const [pending, settle] = usePending((after) => get('/api/v1/approvals', [], { after_position: after }))
  const go = (to: { position?: number | undefined; tab?: string | undefined }) => void navigate({ to: '/approvals', search: { position, tab, ...to }, replace: true })
  const send = async (reason: string, key: string) => {
    if (asked === null) return
    const { one, isYes } = asked
    const done = isYes
      ? await post('/api/v1/approvals/{id}/approve', [one.id], reason === '' ? {} : { reason }, key)
      : await post('/api/v1/approvals/{id}/reject', [one.id], { reason }, key)
    void settle(done.position, t(isYes ? 'approvals.approved' : 'approvals.rejected'))
  }
  const nameOf = (one: Row) => (i18n.language === 'en' ? one.act.replace(/_/g, ' ') : one.act_zh)
  return (
    <>
      <PageHead title={t('desk.approvals')} about={t('approvals.about')} at={approvals.dataUpdatedAt}>{pending}</PageHead>
      <EventsLine kinds={['approval.']} cursor={position ?? null} onMove={(to) => go({ position: to ?? undefined })} isOfNow />
      {approvals.error && <Refused why={approvals.error} again={() => void approvals.refetch()} />}
      {approvals.data?.next_cursor != null && <p className="c-amber">{t('desk.notAll', { count: approvals.data.items.length })}</p>}
      <div className="card">
        <Tabs
          style={{ padding: '0 14px' }}
          activeKey={tab}
          onChange={(chosen) => go({ tab: chosen })}
          items={[{ key: 'open', label: t('approvals.open') }, { key: 'all', label: t('approvals.all') }]}
        />
        <Table<Row>
          rowKey="id"
          size="small"
          loading={approvals.isPending}
          dataSource={approvals.data?.items ?? []}
          pagination={{ pageSize: 20, hideOnSinglePage: true }}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('approvals.none')} next={t('approvals.noneNext')} /> }}
          columns={[
            { title: t('approvals.act'), key: 'act', render: (_, one) => <><span data-value={nameOf(one)}>{nameOf(one)}</span><div className="mono muted">{Object.entries(one.details).map(([name, value]) => `${name}=${value}`).join(' ')}</div></> },
            { title: t('approvals.for'), key: 'for', render: (_, one) => <span className="mono">{one.campaign ?? one.customer ?? '–'}</span> },
            { title: t('approvals.why'), dataIndex: 'reason', className: 'data' },
            { title: t('approvals.by'), key: 'by', render: (_, one) => <><span className="mono">{one.requested_by}</span> · {instantIn(one.requested_at, ZONE)}</> },
            { title: t('approvals.until'), key: 'until', render: (_, one) => instantIn(one.expires_at, ZONE) },
            { title: t('approvals.standing'), key: 'standing', render: (_, one) => <><Tag tone={APPROVAL_TONES[one.standing]}>{t(`approvals.is.${one.standing}`)}</Tag> {one.decision?.by}</> },
            {
              title: t('desk.acts'),
              key: 'acts',
              render: (_, one) =>
                one.standing === 'approved' && one.requested_by === me?.user ? (
                  <a href={placeOf(one)}>{t('approvals.finishThere')}</a>
                ) : one.standing !== 'waiting' ? null : one.requested_by === me?.user ? (
                  <span className="muted">{t('approvals.own')}</span>
                ) : (
                  <>
                    <Button size="small" type="primary" onClick={() => setAsked({ one, isYes: true })}>{t('approvals.approve')}</Button>{' '}
                    <Button size="small" danger onClick={() => setAsked({ one, isYes: false })}>{t('approvals.reject')}</Button>
                  </>
                ),
            },
          ]}
        />
      </div>
      {asked !== null && (
        <Ask
          title={`${t(asked.isYes ? 'approvals.approve' : 'approvals.reject')}: ${nameOf(asked.one)}`}
          ok={t(asked.isYes ? 'approvals.approve' : 'approvals.reject')}
          what={t('approvals.what', { by: asked.one.requested_by, reason: asked.one.reason })}
          isDanger={!asked.isYes}
          reason={t('act.reason')}
          reasonBytesMax={512}
          mayBeEmpty={asked.isYes}
          send={send}
          onLeave={() => setAsked(null)}
        />
      )}
    </>
  )
}
