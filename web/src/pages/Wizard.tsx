// The wizard for a new campaign, from the file to the start. The input is saved as a draft at each step, and stays in
// the page whatever happens to the server or session. The URL contains the draft's id.
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useBlocker, useNavigate } from '@tanstack/react-router'
import { Button, Steps } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/client'
import { useReady } from '../api/queries'
import { useMay } from '../app/session'
import { Tag } from '../components/Marks'
import { Missing, Refused } from '../components/States'
import { FileStep } from './wizard/FileStep'
import { EMPTY, lackingOf, STEPS, unfilledOf, wordsOf, type Filled } from './wizard/filled'
import { FlowStep } from './wizard/FlowStep'
import { GoLiveStep } from './wizard/GoLiveStep'
import { BothDrafts, Drafts, KeptLine } from './wizard/Kept'
import { LinesStep } from './wizard/LinesStep'
import { SegmentStep } from './wizard/SegmentStep'
import { TargetsStep } from './wizard/TargetsStep'
import { TrialStep } from './wizard/TrialStep'
import { useDraft } from './wizard/useDraft'
import { useList } from './wizard/useList'

const here = getRouteApi('/campaigns/new')

export function Wizard() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const may = useMay()
  const ready = useReady()
  const { draft: opened } = here.useSearch()
  const [filled, setFilled] = useState<Filled>(EMPTY)
  const [file, setFile] = useState<File | null>(null)
  const [made, setMade] = useState<string | null>(null)
  const name = (id: string) => void navigate({ to: '/campaigns/new', search: { draft: id }, replace: true })
  const draft = useDraft(opened, setFilled, name)
  const list = useList(file, filled)
  // A mapping of columns that this file does not have is dropped.
  const isOfOthers = list.why instanceof Problem && list.why.code === 'mapping-invalid'
  useEffect(() => {
    if (isOfOthers) setFilled((before) => ({ ...before, map: {} }))
  }, [isOfOthers])
  const isKept = wordsOf(filled) === (draft.kept.as === 'kept' ? draft.kept.of : wordsOf(EMPTY))
  // Once the campaign is created, the draft is no longer needed.
  const isUnkept = made === null && !isKept
  useBlocker({
    shouldBlockFn: ({ current, next }) => isUnkept && current.pathname !== next.pathname && !window.confirm(t('wizard.leave')),
    enableBeforeUnload: () => isUnkept,
  })
  if (!may('campaigns:write')) return <Missing />
  const set = (some: Partial<Filled>) => setFilled((before) => ({ ...before, ...some }))
  const lacking = lackingOf(filled, file !== null, list.reply)
  const unfilled = unfilledOf(filled, list.reply)
  const go = (step: number) => {
    const next = { ...filled, step }
    setFilled(next)
    if (made === null) draft.save(next)
  }
  const choose = (chosen: File | null) => {
    setFile(chosen)
    // If the same file is chosen again after a reload, its mapping is kept; another file starts without one.
    set(chosen !== null && chosen.name === filled.fileName ? {} : { fileName: chosen?.name ?? '', map: {} })
  }
  const started = async (id: string) => {
    await draft.remove().catch(() => undefined)
    await queries.invalidateQueries()
    void navigate({ to: '/campaigns/$id', params: { id } })
  }
  const step = STEPS[filled.step] ?? 'file'
  return (
    <div className="list">
      <div className="head">
        <h1>{t('wizard.title')}</h1>
        {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsalShort')}</Tag>}
        <span className="spread" />
        <KeptLine kept={draft.kept} isKept={made !== null || isKept} />
      </div>
      {draft.missing !== null && <Refused why={draft.missing} />}
      {opened === undefined && filled.step === 0 && <Drafts onOpen={name} />}
      <section className="card" aria-label={t(`wizard.step.${step}`)}>
        <div className="body">
          <Steps size="small" current={filled.step} items={STEPS.map((one) => ({ title: t(`wizard.step.${one}`) }))} />
        </div>
        <div className="body">
          {made !== null && step !== 'live' && <p className="c-amber">{t('wizard.isMade', { id: made })}</p>}
          {step === 'file' && <FileStep filled={filled} set={set} list={list} onFile={choose} />}
          {step === 'trial' && <TrialStep list={list} />}
          {step === 'segment' && <SegmentStep filled={filled} set={set} />}
          {step === 'flow' && <FlowStep filled={filled} set={set} />}
          {step === 'lines' && <LinesStep filled={filled} set={set} />}
          {step === 'targets' && <TargetsStep filled={filled} set={set} />}
          {step === 'live' && <GoLiveStep filled={filled} file={file} lacks={lacking !== null} made={made} onMade={setMade} onStarted={(id) => void started(id)} />}
        </div>
        <footer className="head">
          <Button disabled={filled.step === 0} onClick={() => go(filled.step - 1)}>{t('wizard.back')}</Button>
          {filled.step < STEPS.length - 1 && <Button type="primary" disabled={lacking !== null} onClick={() => go(filled.step + 1)}>{t('wizard.next')}</Button>}
          {lacking !== null && <span className="muted">{t(lacking, { file: filled.fileName, names: unfilled.join(', ') })}</span>}
          {made === null && <Button type="text" onClick={() => draft.save(filled)}>{t('wizard.keep')}</Button>}
        </footer>
      </section>
      <BothDrafts
        ours={filled}
        theirs={draft.theirs}
        onOurs={draft.keepOurs}
        onTheirs={() => {
          const theirs = draft.takeTheirs()
          if (theirs !== null) setFilled(theirs)
        }}
      />
    </div>
  )
}
