// The flow designer: graph and panel of one text, with the server's findings above.
import { getRouteApi, Link, useBlocker, useNavigate } from '@tanstack/react-router'
import { Alert, Button, Tabs } from 'antd'
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../app/session'
import { Tag } from '../../components/Marks'
import { Refused } from '../../components/States'
import { Canvas } from './Canvas'
import { useDraft, type Draft } from './draft'
import { useKept } from './kept'
import { KeptLine } from './KeptLine'
import { marksOf, type Coverage } from './marks'
import { CallPanel } from './panel/CallPanel'
import { Checks, Rhythm } from './panel/Checks'
import { CoveragePanel } from './panel/CoveragePanel'
import { Differences } from './panel/Differences'
import { NodePanel } from './panel/NodePanel'
import { Publish } from './panel/Publish'
import { Rehearse } from './panel/Rehearse'
import { Source } from './panel/Source'
import { Talk } from './panel/Talk'
import { VariantsPanel } from './panel/VariantsPanel'

const here = getRouteApi('/flows/$id')

interface Opened {
  version?: number
  from?: string
  draft?: string
}

interface Place {
  pathname: string
  search: object
}

interface Props {
  id: string
  text: string
  version: number | undefined
  hash: string | undefined
  /** The opened draft as stored on the server. */
  kept: { place: string; etag: string; at: number; text: string } | undefined
}

/** Whether a URL opens something else: another version, or the same flow from another source, is another draft. */
function isElsewhere(one: Place, other: Place): boolean {
  const [{ version, from, draft }, next] = [one.search as Opened, other.search as Opened]
  return one.pathname !== other.pathname || version !== next.version || from !== next.from || draft !== next.draft
}

export function Designer({ id, ...opened }: Props) {
  const { t } = useTranslation()
  // The opened source stays until the URL changes; a new version published meanwhile does not replace a draft.
  const [{ text, version, hash, kept: first }] = useState(opened)
  const [saved, setSaved] = useState<string | null>(null)
  const [begun, setBegun] = useState<string | null>(null)
  const navigate = useNavigate()
  const may = useMay()
  const { node, tab, base: asked } = here.useSearch()
  const base = asked ?? version
  const draft = useDraft(text, base === undefined ? undefined : `${id}@${base}`)
  const [coverage, setCoverage] = useState<Coverage>()
  const [parts, setParts] = useState<string[]>([])
  const marks = useMemo(() => marksOf(draft.checked, coverage, parts), [draft.checked, coverage, parts])
  const look = (more: { node?: string | undefined; tab?: string | undefined; base?: number | undefined }) =>
    void navigate({ to: '/flows/$id', params: { id }, search: (before) => ({ ...before, ...more }), replace: true })
  const choose = (name: string | undefined) => look({ node: name, tab: 'node' })
  useKeys(draft)
  const kept = useKept(first, setBegun)
  const keep = () => kept.save({ flow: draft.flow.id || id, source: draft.text, version })
  const isKept = kept.standing.as === 'kept' && kept.standing.text === draft.text
  const isUnsaved = draft.isTouched && draft.text !== saved && !isKept
  useBlocker({
    shouldBlockFn: ({ current, next }) => isUnsaved && isElsewhere(current, next) && !window.confirm(t('flows.leave')),
    enableBeforeUnload: () => isUnsaved,
  })
  const panels = [
    { key: 'node', label: t('flows.node'), children: <NodePanel key={node} draft={draft} name={node} onChoose={choose} /> },
    { key: 'text', label: t('flows.text'), children: <Source draft={draft} id={id} /> },
    { key: 'checks', label: t('flows.checks'), children: <Checks draft={draft} onChoose={choose} /> },
    { key: 'talk', label: t('flows.talk'), children: <Talk draft={draft} onChoose={choose} /> },
    { key: 'rehearse', label: t('flows.rehearse'), children: <Rehearse draft={draft} /> },
    { key: 'differences', label: t('flows.differences'), children: <Differences draft={draft} id={id} base={base} onBase={(one) => look({ base: one })} /> },
    ...(version !== undefined && may('figures:read')
      ? [{ key: 'variants', label: t('flows.variants'), children: <VariantsPanel id={id} version={version} onChoose={choose} /> }, { key: 'coverage', label: t('flows.coverage'), children: <CoveragePanel id={id} version={version} shown={coverage} onShow={setCoverage} /> }]
      : []),
    ...(may('calls:read') ? [{ key: 'call', label: t('flows.call'), children: <CallPanel draft={draft} onParts={setParts} onChoose={choose} /> }] : []),
    { key: 'publish', label: t('flows.publish'), children: <Publish draft={draft} id={id} isPublished={version !== undefined} onPublished={setSaved} /> },
  ]
  return (
    <>
      <Head draft={draft} id={id} version={version} hash={hash}>{may('campaigns:write') && <KeptLine draft={draft} kept={kept} onSave={keep} />}</Head>
      {begun !== null && <p className="muted">{t('flows.begun')} <Link to="/flows/$id" params={{ id }} search={{ draft: begun }}>{begun}</Link></p>}
      {draft.refused !== null && <Alert type="warning" showIcon title={t('flows.notEdited')} description={draft.refused} />}
      {draft.flow.wrong !== null && <Alert type="error" showIcon title={t('flows.unreadable')} description={draft.flow.wrong} />}
      {draft.checkError && <Refused why={draft.checkError} />}
      <Rhythm rhythm={draft.checked?.rhythm} />
      <div className="flow-split">
        <div className="card"><Canvas draft={draft} marks={marks} chosen={node} onChoose={choose} /></div>
        <div className="card flow-panel">
          <Tabs size="small" tabPlacement="start" activeKey={tab ?? 'node'} onChange={(chosen) => look({ tab: chosen })} items={panels} destroyOnHidden />
        </div>
      </div>
    </>
  )
}

interface HeadProps {
  draft: Draft
  id: string
  version: number | undefined
  hash: string | undefined
  children: ReactNode
}

function Head({ draft, id, version, hash, children }: HeadProps) {
  const { t } = useTranslation()
  const { checked } = draft
  const now = checked?.content_hash
  return (
    <div className="head">
      <h1 className="data">{version === undefined ? id : `${id}@${version}`}</h1>
      {!draft.isChecked && <Tag tone="slate">{t('flows.checking')}</Tag>}
      {draft.isChecked && (
        <Tag tone={checked?.publishable ? 'line' : 'red'}>{checked?.publishable ? t('flows.sound') : t('flows.faulty', { count: checked?.faults.length ?? 0 })}</Tag>
      )}
      <span className="mono data" data-hash={draft.isChecked ? (now ?? '') : ''} title={now ?? ''}>
        {now ? now.slice(0, 12) : ''}
      </span>
      {hash !== undefined && draft.isChecked && <span className="muted">{now === hash ? t('flows.same') : t('flows.changed')}</span>}
      <span className="spread" />
      {children}
      <Button disabled={!draft.canUndo} onClick={draft.undo}>{t('flows.undo')}</Button>
      <Button disabled={!draft.canRedo} onClick={draft.redo}>{t('flows.redo')}</Button>
    </div>
  )
}

/** Handles the undo and redo keys, except in text fields, which have their own. */
function useKeys(draft: Draft) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isWriting = event.target instanceof HTMLElement && event.target.closest('input, textarea') !== null
      if (isWriting || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return
      event.preventDefault()
      if (event.shiftKey) draft.redo()
      else draft.undo()
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [draft])
}
