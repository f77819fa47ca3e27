// The save state of the draft: whether the input is saved, since when it is not, and the choice if the draft was
// changed elsewhere.
import { useQuery } from '@tanstack/react-query'
import { Button, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { clockNow } from '../../app/format'
import { BothTable } from '../../components/BothVersions'
import { Word } from '../../components/Marks'
import { Refused } from '../../components/States'
import type { Filled } from './filled'
import type { Kept, Theirs } from './useDraft'

export function KeptLine({ kept, isKept }: { kept: Kept; isKept: boolean }) {
  const { t } = useTranslation()
  if (kept.as === 'nothing') return <span className="muted">{t('wizard.notKept')}</span>
  if (kept.as === 'saving') return <span className="muted" role="status">{t('wizard.saving')}</span>
  if (kept.as === 'kept' && !isKept) return <span role="status"><Word tone="amber">{t('wizard.typedSince', { time: clockNow(kept.at) })}</Word></span>
  if (kept.as === 'kept') return <span role="status"><Word tone="line">{t('wizard.kept', { time: clockNow(kept.at) })}</Word></span>
  if (kept.as === 'refused') return <Refused why={kept.why} />
  return <span role="status"><Word tone="amber">{t('wizard.away', { time: clockNow(kept.since) })}</Word></span>
}

/** Both versions of the draft, side by side, with the differing members. */
export function BothDrafts({ ours, theirs, onOurs, onTheirs }: { ours: Filled; theirs: Theirs | null; onOurs: () => void; onTheirs: () => void }) {
  const { t } = useTranslation()
  if (theirs === null) return null
  const said = (one: Filled, name: keyof Filled) => (typeof one[name] === 'object' ? JSON.stringify(one[name]) : String(one[name]))
  const names = (Object.keys(ours) as (keyof Filled)[]).filter((name) => said(ours, name) !== said(theirs.filled, name))
  return (
    <Modal
      open
      closable={false}
      title={t('wizard.bothTitle')}
      footer={
        <>
          <Button onClick={onTheirs}>{t('wizard.takeTheirs')}</Button>
          <Button type="primary" onClick={onOurs}>{t('wizard.keepOurs')}</Button>
        </>
      }
    >
      <BothTable
        mine={t('wizard.ours')}
        theirs={t('wizard.theirs', { time: clockNow(Date.parse(theirs.savedAt)) })}
        rows={names.map((name) => ({ name: t(`wizard.member.${name}`), mine: said(ours, name), theirs: said(theirs.filled, name) }))}
      />
    </Modal>
  )
}

/** The user's drafts, each to be continued. */
export function Drafts({ onOpen }: { onOpen: (id: string) => void }) {
  const { t } = useTranslation()
  const drafts = useQuery({ queryKey: ['drafts'], queryFn: () => get('/api/v1/drafts') })
  const items = (drafts.data?.items ?? []).filter((one) => one.kind === 'campaign')
  if (drafts.error) return <Refused why={drafts.error} again={() => void drafts.refetch()} />
  if (items.length === 0) return null
  return (
    <section className="card">
      <header><h2>{t('wizard.drafts')}</h2></header>
      <ul className="list body">
        {items.map((one) => (
          <li key={one.id}>
            <Button type="link" onClick={() => onOpen(one.id)}>{t('wizard.goOn', { title: one.title ?? one.id })}</Button>
            <span className="muted">{clockNow(Date.parse(one.saved_at))}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
