// The states of a page: loading, empty, and refused, with the reason, its code and what to do.
import { useQuery } from '@tanstack/react-query'
import { Alert, Button, Spin } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { get, Problem, saidIn, whyIn } from '../api/client'
import { Approval } from './Approval'

export function Waiting() {
  const { t } = useTranslation()
  return (
    <div className="empty" role="status">
      <Spin /> {t('state.waiting')}
    </div>
  )
}

export function Missing() {
  const { t } = useTranslation()
  return <Empty what={t('state.missing')} next={t('state.missingNext')} />
}

export function Empty({ what, next }: { what: string; next?: ReactNode }) {
  return (
    <div className="empty">
      <p>{what}</p>
      {next}
    </div>
  )
}

/**
 * An act that needs another person's approval, which is no failure: its state, and a button to complete it once it is
 * approved.
 */
function NeedsApproval({ id, approved }: { id: string; approved: ((approval: string) => void) | undefined }) {
  const { t } = useTranslation()
  return <Alert type="info" showIcon title={t('approvals.needed')} description={<Approval id={id} again={approved} />} />
}

/**
 * Shows why a request failed: our text for the problem code, and the server's detail. `approved` completes the act with
 * another person's approval.
 */
export function Refused({ why, again, approved }: { why: unknown; again?: () => void; approved?: (approval: string) => void }) {
  const { t, i18n } = useTranslation()
  const code = why instanceof Problem ? why.code : 'fault'
  const isOurs = i18n.exists(`problem.${code}`)
  // The server's problem list has the meaning of each code in both languages; without a response a general text is
  // shown.
  const meaning = useQuery({
    queryKey: ['problem', code],
    queryFn: () => get('/api/v1/problems/{code}', [code]),
    enabled: !isOurs && why instanceof Problem && why.status !== 0 && why.approval === null,
    staleTime: Infinity,
    retry: false,
  })
  if (why instanceof Problem && why.approval !== null) return <NeedsApproval id={why.approval} approved={approved} />
  // The server's text refers to its member `detail`; on this page the detail is shown below.
  const meant = i18n.language === 'en' ? meaning.data?.en : meaning.data?.zh.replaceAll(/ ?detail ?/g, t('problem.below'))
  const words = isOurs ? t(`problem.${code}`) : (meant ?? t('problem.other'))
  const said = why instanceof Problem ? whyIn(i18n.language, why) : ''
  const members = why instanceof Problem ? why.errors.map((one) => `${one.pointer} ${saidIn(i18n.language, one)}`) : []
  // If the detail only repeats the errors of the members, it is shown once.
  const isMembers = members.length > 0 && members.every((one) => said.includes(one))
  return (
    <Alert
      type="error"
      showIcon
      title={words}
      description={
        <>
          {said !== words && !isMembers && <div>{said}</div>}
          {members.map((one) => <div key={one}>{one}</div>)}
          <a className="mono" href={`/api/v1/problems/${code}`} target="_blank" rel="noreferrer">{code}</a>
        </>
      }
      action={again && <Button size="small" onClick={again}>{t('state.again')}</Button>}
    />
  )
}
