// The page of what the robot may answer: knowledge bases with their approved answers, their versions, and drafts by a
// model. No call uses a draft before a user has adopted it (another than its requester, if there is one) and a version
// with it is published.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { Select, Tabs } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { paged } from '../../api/paged'
import { EventsLine } from '../../components/EventsLine'
import { PageHead } from '../../components/PageHead'
import { Empty, Refused, Waiting } from '../../components/States'
import { Answers } from './Answers'
import { Drafts } from './Drafts'
import { Versions } from './Versions'

const here = getRouteApi('/knowledge')

export function KnowledgePage() {
  const { t } = useTranslation()
  const { position, tab = 'answers', name } = here.useSearch()
  const navigate = useNavigate()
  const go = (to: { position?: number | undefined; tab?: string | undefined; name?: string | undefined }) =>
    void navigate({ to: '/knowledge', search: { position, tab, name, ...to }, replace: true })
  // Opens the tab with the result of an action, unless the user has changed the tab before the response came.
  const open = useRef(tab)
  useEffect(() => {
    open.current = tab
  }, [tab])
  const lead = (from: string, to: string) => {
    if (open.current === from) go({ tab: to })
  }
  const bases = useQuery({
    queryKey: ['knowledge'],
    queryFn: () => paged((cursor) => get('/api/v1/knowledge', [], { limit: 200, cursor })),
  })
  const chosen = name ?? bases.data?.items[0]?.knowledge
  const names = [...new Set([...(bases.data?.items ?? []).map((one) => one.knowledge), ...(name === undefined ? [] : [name])])]
  return (
    <>
      <PageHead title={t('desk.knowledge')} about={t('knowledge.about')} at={bases.dataUpdatedAt}>
        {names.length > 0 && (
          <Select
            aria-label={t('knowledge.base')}
            style={{ minWidth: 200 }}
            value={chosen ?? null}
            onChange={(chosenName: string) => go({ name: chosenName })}
            options={names.map((value) => ({ value, label: value }))}
          />
        )}
      </PageHead>
      <EventsLine kinds={['knowledge.', 'wording_draft.']} cursor={position ?? null} onMove={(to) => go({ position: to ?? undefined })} isOfNow />
      {bases.error && <Refused why={bases.error} again={() => void bases.refetch()} />}
      {bases.isPending && <Waiting />}
      {bases.data && chosen === undefined && <Empty what={t('knowledge.none')} next={t('knowledge.noneNext')} />}
      {chosen !== undefined && (
        <div className="card">
          <Tabs
            style={{ padding: '0 14px' }}
            activeKey={tab}
            onChange={(to) => go({ tab: to })}
            destroyOnHidden
            items={[
              { key: 'answers', label: t('knowledge.answers'), children: <Answers base={chosen} onAsked={() => lead('answers', 'drafts')} /> },
              { key: 'drafts', label: t('knowledge.drafts'), children: <Drafts base={chosen} onAdopted={() => lead('drafts', 'versions')} /> },
              { key: 'versions', label: t('knowledge.versions'), children: <Versions base={chosen} /> },
            ]}
          />
        </div>
      )}
    </>
  )
}
