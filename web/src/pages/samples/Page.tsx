// The page of random samples of calls: each call is checked by the checklist, and the sample is signed off once all are
// checked.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { Button, Input, InputNumber, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { SLOW_MS } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead, ZONE } from '../../components/PageHead'
import { Empty, Refused } from '../../components/States'
import { usePending } from '../../components/usePending'
import { One } from './One'

const here = getRouteApi('/samples')
type Row = ResponseOf<'/api/v1/samples'>['items'][number]
const SIZE = 20

export function SamplesPage() {
  const { t } = useTranslation()
  const { position, sample } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const [isAsked, setAsked] = useState(false)
  const [typed, setTyped] = useState({ seed: '', campaign: '' })
  const [size, setSize] = useState<number | null>(SIZE)
  const samples = useQuery({ queryKey: ['samples'], queryFn: () => get('/api/v1/samples', [], { limit: 200 }), refetchInterval: SLOW_MS })
  const [pending, settle] = usePending((at) => get('/api/v1/samples', [], { after_position: at, limit: 1 }))
  const go = (to: { position?: number | undefined; sample?: string | undefined }) => void navigate({ to: '/samples', search: { position, sample, ...to }, replace: true })
  const draw = async (_: string, key: string) => {
    const { reply, position: at } = await post('/api/v1/samples', [], { seed: typed.seed.trim(), size: size ?? SIZE, ...(typed.campaign.trim() === '' ? {} : { campaign: typed.campaign.trim() }) }, key)
    go({ sample: reply.sample })
    void settle(at, t('samples.drawn'))
  }
  return (
    <>
      <PageHead title={t('desk.samples')} about={t('samples.about')} at={samples.dataUpdatedAt}>
        {pending}
        {may('samples:write') && <Button type="primary" onClick={() => setAsked(true)}>{t('samples.draw')}</Button>}
      </PageHead>
      <EventsLine kinds={['sample.']} cursor={position ?? null} onMove={(to) => go({ position: to ?? undefined })} isOfNow />
      {samples.error && <Refused why={samples.error} again={() => void samples.refetch()} />}
      <div className="card">
        <Table<Row>
          rowKey="sample"
          size="small"
          loading={samples.isPending}
          dataSource={samples.data?.items ?? []}
          pagination={{ pageSize: 10, hideOnSinglePage: true }}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('samples.none')} next={t('samples.noneNext')} /> }}
          columns={[
            { title: t('samples.sample'), key: 'sample', render: (_, one) => <Link to="/samples" search={{ sample: one.sample }} className="mono">{one.sample.slice(0, 8)}</Link> },
            { title: t('samples.drawnAt'), key: 'drawn', render: (_, one) => instantIn(one.drawn_at, ZONE) },
            { title: t('samples.seed'), key: 'seed', render: (_, one) => <span className="mono">{one.facts.seed}</span> },
            { title: t('campaigns.name'), key: 'campaign', render: (_, one) => one.facts.campaign ?? t('calls.ofAll') },
            { title: t('samples.calls'), key: 'calls', align: 'right', render: (_, one) => t('samples.of', { calls: one.calls, population: one.population }) },
            { title: t('samples.standing'), key: 'standing', render: (_, one) => (one.signed_off === null ? <Tag tone="amber">{t('samples.open')}</Tag> : <Tag tone="line">{t('samples.signedOff', { by: one.signed_off.by })}</Tag>) },
          ]}
        />
      </div>
      {sample !== undefined && <One id={sample} onDone={(at) => void settle(at, t('samples.saved'))} />}
      {isAsked && (
        <Ask title={t('samples.draw')} ok={t('samples.draw')} what={t('samples.drawWhat')} isReady={typed.seed.trim() !== ''} send={draw} onLeave={() => setAsked(false)}>
          <Input aria-label={t('samples.seed')} placeholder={t('samples.seed')} maxLength={128} value={typed.seed} onChange={(event) => setTyped({ ...typed, seed: event.target.value })} />
          <label>{t('samples.size')} <InputNumber aria-label={t('samples.size')} min={1} max={1000} precision={0} value={size} onChange={setSize} /></label>
          <Input aria-label={t('campaigns.name')} placeholder={t('campaigns.name')} maxLength={64} value={typed.campaign} onChange={(event) => setTyped({ ...typed, campaign: event.target.value })} />
        </Ask>
      )}
    </>
  )
}
