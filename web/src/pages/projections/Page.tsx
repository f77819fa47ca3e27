// The page of projections: the age of each view, why it is parked, and its rebuild beside the live view, which is
// compared before the switch.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Button, Progress, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, type ResponseOf } from '../../api/client'
import { LIVE_MS } from '../../api/queries'
import { count, seconds } from '../../app/format'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { EventsLine } from '../../components/EventsLine'
import { Tag } from '../../components/Marks'
import { PageHead } from '../../components/PageHead'
import { Refused } from '../../components/States'

const here = getRouteApi('/projections')
type View = ResponseOf<'/api/v1/projections'>['views'][number]
type Act = 'rebuild' | 'switch' | 'cancel' | 'retry'

/** Returns the actions that a view allows in its current state. */
function actsOf(view: View): Act[] {
  const state = view.rebuild?.state
  const acts: Act[] = state === 'feeding' ? ['cancel'] : state === 'ready' ? ['switch', 'cancel'] : ['rebuild']
  return view.parked === null ? acts : [...acts, 'retry']
}

export function ProjectionsPage() {
  const { t, i18n } = useTranslation()
  const { position } = here.useSearch()
  const navigate = useNavigate()
  const may = useMay()
  const [asked, setAsked] = useState<{ view: string; act: Act; differs: boolean } | null>(null)
  const views = useQuery({ queryKey: ['projections'], queryFn: () => get('/api/v1/projections'), refetchInterval: LIVE_MS })
  const head = views.data?.views[0]?.head
  const send = async (reason: string, key: string) => {
    if (asked === null) return
    const { view, act, differs } = asked
    if (act === 'rebuild') await post('/api/v1/projections/{name}/rebuild', [view], {}, key)
    else if (act === 'switch') await post('/api/v1/projections/{name}/switch', [view], differs ? { accept_differences: reason } : {}, key)
    else await post(act === 'cancel' ? '/api/v1/projections/{name}/cancel' : '/api/v1/projections/{name}/retry', [view], undefined, key)
    await views.refetch()
  }
  return (
    <>
      <PageHead title={t('desk.projections')} about={t('projections.about')} at={views.dataUpdatedAt} position={head === undefined ? null : String(head)} />
      <EventsLine kinds={['view.']} cursor={position ?? null} onMove={(to) => void navigate({ to: '/projections', search: { position: to ?? undefined }, replace: true })} isOfNow />
      {views.error && <Refused why={views.error} again={() => void views.refetch()} />}
      <div className="card">
        <Table<View>
          rowKey="view"
          size="small"
          pagination={false}
          loading={views.isPending}
          dataSource={views.data?.views ?? []}
          scroll={{ x: 'max-content' }}
          columns={[
            { title: t('projections.view'), key: 'view', render: (_, one) => <><b className="mono">{one.view}</b> <span className="muted">{`v${one.version.toString()}`}</span></> },
            { title: t('projections.state'), key: 'state', render: (_, one) => <Tag tone={one.state === 'live' ? 'line' : one.state === 'catching_up' ? 'amber' : 'red'}>{i18n.language === 'en' ? one.label.en : one.label.zh}</Tag> },
            { title: t('projections.position'), key: 'position', align: 'right', render: (_, one) => `${one.position} / ${one.head}` },
            { title: t('projections.lag'), key: 'lag', align: 'right', render: (_, one) => t('projections.lagOf', { count: one.lag_events, seconds: seconds(one.lag_ms) }) },
            { title: t('projections.rebuild'), key: 'rebuild', render: (_, one) => <Rebuild view={one} /> },
            ...(may('projections:write')
              ? [{
                  title: t('desk.acts'),
                  key: 'acts',
                  render: (_: unknown, one: View) =>
                    actsOf(one).map((act) => (
                      <Button key={act} size="small" onClick={() => setAsked({ view: one.view, act, differs: one.rebuild?.agrees === false })}>{t(`projections.act.${act}`)}</Button>
                    )),
                }]
              : []),
          ]}
        />
      </div>
      {asked !== null && (
        <Ask
          title={t(`projections.title.${asked.act}`, { view: asked.view })}
          ok={t(`projections.act.${asked.act}`)}
          what={t(`projections.what.${asked.act}`)}
          reason={asked.act === 'switch' && asked.differs ? t('projections.accept') : undefined}
          reasonBytesMax={500}
          send={send}
          onLeave={() => setAsked(null)}
        />
      )}
    </>
  )
}

/** The rebuild of a view: progress, speed and the result of the comparison. */
function Rebuild({ view }: { view: View }) {
  const { t } = useTranslation()
  const { rebuild } = view
  if (view.parked !== null) return <span className="c-red">{t('projections.parked', { position: view.parked.position, why: view.parked.why })}</span>
  if (rebuild === null) return <span className="muted">{t('projections.never')}</span>
  const differences = (rebuild.comparison?.tables ?? []).reduce((sum, table) => sum + table.differences.length, 0)
  return (
    <div>
      {t(`projections.is.${rebuild.state}`)} · {t('projections.speed', { rate: count(rebuild.events_per_second), left: seconds(rebuild.remaining_ms) })}
      {rebuild.state === 'feeding' && <Progress size="small" aria-label={view.view} percent={Math.floor((100 * rebuild.position) / Math.max(view.head, 1))} />}
      {rebuild.comparison !== null && (
        <div className={rebuild.agrees === false ? 'c-amber' : 'muted'}>
          {t(rebuild.agrees === false ? 'projections.differs' : 'projections.agrees', { count: differences, tables: rebuild.comparison.tables.length, rows: rebuild.comparison.tables.reduce((sum, table) => sum + table.replay.rows, 0), position: rebuild.comparison.position })}
        </div>
      )}
      {rebuild.why !== null && <div className="c-red">{rebuild.why}</div>}
    </div>
  )
}
