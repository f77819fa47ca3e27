// An act that waits for another person's approval: its state, a link to the approval, and a button that completes the
// act once it is approved. The link opens a new tab, so that the typed input stays.
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../api/client'
import { SLOW_MS } from '../api/queries'
import { instantIn } from '../app/format'
import type { Tone } from './lineMarks'
import { Tag } from './Marks'
import { ZONE } from './PageHead'

export const APPROVAL_TONES = { waiting: 'amber', approved: 'line', rejected: 'red', used: 'slate', expired: 'slate' } as const satisfies Record<string, Tone>

interface Props {
  id: string
  /** Completes the act with this approval; absent if the page cannot. */
  again?: ((approval: string) => void) | undefined
}

export function Approval({ id, again }: Props) {
  const { t } = useTranslation()
  const read = useQuery({
    queryKey: ['approval', id],
    queryFn: () => get('/api/v1/approvals/{id}', [id]),
    refetchInterval: (query) => (query.state.data === undefined || query.state.data.standing === 'waiting' ? SLOW_MS / 4 : false),
    retry: false,
  })
  const approval = read.data
  return (
    <div className="list" role="status">
      <div>
        {approval !== undefined && <Tag tone={APPROVAL_TONES[approval.standing]}>{t(`approvals.is.${approval.standing}`)}</Tag>} <span className="data">{approval?.decision?.by}</span>{' '}
        <a href="/approvals" target="_blank" rel="noreferrer">{t('approvals.open')}</a> <span className="mono muted">{id}</span>
      </div>
      {approval?.standing === 'waiting' && <div>{t('approvals.waitHere', { until: instantIn(approval.expires_at, ZONE) })}</div>}
      {(approval?.standing === 'rejected' || approval?.standing === 'expired') && <div>{t(`approvals.over.${approval.standing}`)}</div>}
      {approval?.standing === 'approved' && again !== undefined && <div><Button size="small" type="primary" onClick={() => again(id)}>{t('approvals.again')}</Button></div>}
    </div>
  )
}
