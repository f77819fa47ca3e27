// Notifies the signed-in user, on any page, when one of their approval requests was decided.
import { useQuery } from '@tanstack/react-query'
import { App } from 'antd'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../api/client'
import { paged } from '../api/paged'
import { SLOW_MS } from '../api/queries'
import { closedSince, type Known, knownOf, newsOf, placeOf } from './approvalNews'

/** Requests per page. Only open requests are listed, because the list of all only grows, oldest first. */
const PAGE = 200

/** How long a notification is shown, in seconds. It can be read on the approvals page afterwards. */
const SHOWN_S = 20

export function ApprovalNews({ user }: { user: string }) {
  const { t, i18n } = useTranslation()
  const { notification } = App.useApp()
  const known = useRef<Known>(null)
  const asked = useQuery({
    queryKey: ['approval-news', user],
    queryFn: async () => {
      const { items } = await paged((cursor) => get('/api/v1/approvals', [], { open: 'true', limit: PAGE, cursor }))
      const closed = await Promise.all(closedSince(known.current, items).map((id) => get('/api/v1/approvals/{id}', [id])))
      return [...items, ...closed]
    },
    refetchInterval: SLOW_MS,
    retry: false,
  })
  const rows = asked.data
  useEffect(() => {
    if (rows === undefined) return
    for (const one of newsOf(known.current, rows, user)) {
      const act = i18n.language === 'en' ? one.act.replace(/_/g, ' ') : one.act_zh
      const isYes = one.standing === 'approved'
      notification[isYes ? 'success' : 'warning']({
        key: one.id,
        duration: SHOWN_S,
        placement: 'bottomRight',
        title: t(`approvals.news.${one.standing}`, { act, by: one.decision?.by ?? '–' }),
        description: <a href={isYes ? placeOf(one) : '/approvals'}>{t(isYes ? 'approvals.finishThere' : 'approvals.look')}</a>,
      })
    }
    known.current = knownOf(rows, user)
  }, [rows, user, notification, t, i18n])
  return null
}
