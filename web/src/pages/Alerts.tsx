// What stands: which figure is beyond its limit, since when, and who sees to it.
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Input, Modal, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { commandKey, post, Problem, type Told } from '../api/client'
import { useAlerts } from '../api/queries'
import { instantIn } from '../app/format'
import { useMay } from '../app/session'
import { Age } from '../components/Figure'
import { Word } from '../components/Marks'
import { Empty, Refused } from '../components/States'

type Row = Told<'/api/v1/alerts'>['items'][number]

export function Alerts() {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const queries = useQueryClient()
  const alerts = useAlerts()
  const [seenTo, setSeenTo] = useState<Row | null>(null)
  const [note, setNote] = useState('')
  const [refused, setRefused] = useState<unknown>(null)
  const [isSending, setSending] = useState(false)
  const [key, setKey] = useState('')
  // Each alert has a dialog, a note and a command of its own.
  const see = (one: Row | null) => {
    setSeenTo(one)
    setNote('')
    setRefused(null)
    setKey(commandKey())
  }
  const acknowledge = async () => {
    if (seenTo === null || isSending) return
    setSending(true)
    try {
      await post('/api/v1/alerts/{id}/acknowledge', [seenTo.alert], { note }, key)
      see(null)
      await queries.invalidateQueries({ queryKey: ['alerts'] })
    } catch (why) {
      setRefused(why)
      if (why instanceof Problem && why.status !== 0) setKey(commandKey())
    } finally {
      setSending(false)
    }
  }
  return (
    <>
      <div className="head">
        <h1>{t('menu.alerts')}</h1>
        <span className="spread" />
        <Age at={alerts.dataUpdatedAt} />
      </div>
      {alerts.error && <Refused why={alerts.error} again={() => void alerts.refetch()} />}
      <div className="card">
        <Table<Row>
          rowKey="alert"
          dataSource={alerts.data?.items ?? []}
          loading={alerts.isPending}
          pagination={false}
          scroll={{ x: 'max-content' }}
          locale={{ emptyText: <Empty what={t('alerts.none')} /> }}
          columns={[
            { title: t('alerts.what'), key: 'what', render: (_, one) => <Word tone={one.severity === 'critical' ? 'red' : 'amber'}>{i18n.language === 'en' ? one.label_en : one.label_zh}</Word> },
            { title: t('alerts.about'), key: 'about', render: (_, one) => (one.campaign == null ? one.subject : <Link to="/campaigns/$id" params={{ id: one.campaign }}>{one.campaign}</Link>) },
            { title: t('alerts.detail'), dataIndex: 'detail' },
            { title: t('alerts.since'), dataIndex: 'raised_at', render: (at: string) => instantIn(at, 'Asia/Shanghai') },
            {
              title: t('alerts.who'),
              key: 'who',
              render: (_, one) =>
                one.acknowledged_by != null
                  ? t('alerts.acknowledgedBy', { by: one.acknowledged_by })
                  : may('alerts:write') && <Button size="small" onClick={() => see(one)}>{t('alerts.acknowledge')}</Button>,
            },
          ]}
        />
      </div>
      <Modal
        open={seenTo !== null}
        title={t('alerts.acknowledge')}
        okText={t('alerts.acknowledge')}
        cancelText={t('act.leave')}
        okButtonProps={{ disabled: note.trim() === '', loading: isSending }}
        onOk={() => void acknowledge()}
        onCancel={() => see(null)}
      >
        <Input.TextArea aria-label={t('alerts.note')} placeholder={t('alerts.note')} maxLength={256} value={note} onChange={(event) => setNote(event.target.value)} />
        {refused !== null && <Refused why={refused} />}
      </Modal>
    </>
  )
}
