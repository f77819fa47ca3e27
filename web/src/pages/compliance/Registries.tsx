// The external do-not-call registries: the date of each list, and the import of a newer complete edition.
import { useQuery } from '@tanstack/react-query'
import { Button, Input, InputNumber, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Age } from '../../components/Figure'
import { Empty, Refused } from '../../components/States'
import { Day } from '../../components/TimeFields'
import { usePending } from '../../components/usePending'

type Row = ResponseOf<'/api/v1/registries'>['items'][number]

export function Registries() {
  const { t } = useTranslation()
  const may = useMay()
  const [isAsked, setAsked] = useState(false)
  const read = useQuery({ queryKey: ['registries'], queryFn: () => get('/api/v1/registries') })
  const [pending, settle] = usePending((at) => get('/api/v1/registries', [], { after_position: at }))
  return (
    <div className="list">
      <div className="head">
        {may('numbers:suppress') && <Button type="primary" onClick={() => setAsked(true)}>{t('registries.take')}</Button>}
        <span className="spread" />
        {pending}
        <Age at={read.dataUpdatedAt} />
      </div>
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      <Table<Row>
        rowKey="name"
        size="small"
        loading={read.isPending}
        dataSource={read.data?.items ?? []}
        pagination={false}
        scroll={{ x: 'max-content' }}
        expandable={{ rowExpandable: (one) => one.areas.length > 0, expandedRowRender: (one) => <p className="mono">{one.areas.map((area) => `${area.area}: ${area.as_of}`).join(' · ')}</p> }}
        locale={{ emptyText: <Empty what={t('registries.none')} next={<code className="mono">{t('registries.noneNext')}</code>} /> }}
        columns={[
          { title: t('registries.name'), key: 'name', render: (_, one) => <b className="mono">{one.name}</b> },
          { title: t('registries.day'), key: 'day', render: (_, one) => one.as_of ?? t('registries.byArea') },
          { title: t('registries.days'), key: 'days', align: 'right', render: (_, one) => one.days ?? '–' },
          { title: t('registries.numbers'), dataIndex: 'numbers', align: 'right' },
          { title: t('registries.bad'), dataIndex: 'bad', align: 'right' },
          { title: t('registries.form'), key: 'form', render: (_, one) => t(`registries.formOf.${one.form}`) },
        ]}
      />
      {isAsked && <TakenIn onLeave={() => setAsked(false)} onDone={(at) => void settle(at, t('registries.taken'))} />}
    </div>
  )
}

function TakenIn({ onLeave, onDone }: { onLeave: () => void; onDone: (position: string | null) => void }) {
  const { t } = useTranslation()
  const [registry, setRegistry] = useState('')
  const [day, setDay] = useState('')
  const [numbers, setNumbers] = useState(0)
  return (
    <Ask
      title={t('registries.take')}
      ok={t('registries.take')}
      what={t('registries.takeWhat')}
      reason={t('act.reason')}
      isReady={registry.trim() !== '' && day !== ''}
      send={async (reason, key) => onDone((await post('/api/v1/registries', [], { registry: registry.trim(), as_of: day, numbers, reason }, key)).position)}
      onLeave={onLeave}
    >
      <Input aria-label={t('registries.name')} placeholder={t('registries.name')} maxLength={64} value={registry} onChange={(event) => setRegistry(event.target.value)} />
      <Day aria-label={t('registries.day')} placeholder={t('registries.day')} value={day} onChange={setDay} />
      <InputNumber min={0} precision={0} aria-label={t('registries.numbers')} placeholder={t('registries.numbers')} value={numbers} onChange={(value) => setNumbers(value ?? 0)} />
    </Ask>
  )
}
