// The last step: a summary; then the campaign and its people are created, without any call; then the result of the
// rules for these people; and only then the start.
import { Button, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post, upload, type ResponseOf } from '../../api/client'
import { rowsOf } from '../../api/queries'
import { instantIn } from '../../app/format'
import { useMay } from '../../app/session'
import { Figure } from '../../components/Figure'
import { Word } from '../../components/Marks'
import { Pairs } from '../../components/Pairs'
import { Refused } from '../../components/States'
import { nameOf, useOnce } from '../../components/useOnce'
import type { paths } from '../../../made/schema'
import { campaignOf, mapText, targetsOf, type Filled } from './filled'

type Preflight = ResponseOf<'/api/v1/campaigns/{id}/preflight'>

/** ~The result of the import: people enrolled, repeated rows and bad rows. */
type Imported = paths['/api/v1/campaigns/{id}/lists']['post']['responses'][200]['content']['application/json']

interface Props {
  filled: Filled
  file: File | null
  /** Whether input is missing; the page says what. */
  lacks: boolean
  made: string | null
  onMade: (id: string) => void
  onStarted: (id: string) => void
}

/** The parts that are done. Each part is done once, and a failed one is repeated from there. */
interface Done {
  campaign: boolean
  list: boolean
  segment: boolean
  targets: boolean
}

const NOTHING: Done = { campaign: false, list: false, segment: false, targets: false }

export function GoLiveStep({ filled, file, lacks, made, onMade, onStarted }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const [done, setDone] = useState<Done>(made === filled.taskId ? { ...NOTHING, campaign: true } : NOTHING)
  const once = useOnce()
  const [doing, setDoing] = useState<string | null>(null)
  const [why, setWhy] = useState<unknown>(null)
  const [verdict, setVerdict] = useState<Preflight | null>(null)
  const [imported, setImported] = useState<Imported | null>(null)
  const id = filled.taskId
  const run = async (what: string, go: () => Promise<void>) => {
    setDoing(what)
    setWhy(null)
    try {
      await go()
    } catch (refused) {
      setWhy(refused)
    } finally {
      setDoing(null)
    }
  }
  /** Creates the campaign and its people; with another person's approval if the list or the segment needs one. */
  const make = (approval?: string) =>
    run('making', async () => {
      const now = { ...done }
      const next = (part: keyof Done) => {
        now[part] = true
        setDone({ ...now })
      }
      let position: string | null = null
      if (!now.campaign) {
        // The server checks every member and reports what is wrong with each.
        const order = campaignOf(filled)
        position = (await once(JSON.stringify(order), (key) => post('/api/v1/campaigns', [], order as never, key))).position
        next('campaign')
        onMade(id)
      }
      if (!now.list && file !== null) {
        const query = { map: mapText(filled.map), encoding: filled.encoding, source: file.name, approval }
        const taken = await once(`${nameOf(file)} ${approval ?? ''}`, (key) => upload('/api/v1/campaigns/{id}/lists', [id], query, file, key))
        position = taken.position ?? position
        setImported(taken.reply)
        next('list')
      }
      if (!now.segment && filled.segment.trim() !== '') {
        position = (await once(`${filled.segment} ${approval ?? ''}`, (key) => post('/api/v1/campaigns/{id}/segment', [id], { sql: filled.segment }, key, { approval }))).position ?? position
        next('segment')
      }
      const targets = targetsOf(filled)
      if (!now.targets && targets.length > 0) {
        position = (await post('/api/v1/campaigns/{id}/targets', [id], { targets })).position ?? position
        next('targets')
      }
      if (may('figures:read')) setVerdict(await get('/api/v1/campaigns/{id}/preflight', [id], { after_position: position }))
    })
  const start = () =>
    run('starting', async () => {
      const { position } = await once('start', (key) => post('/api/v1/campaigns/{id}/start', [id], undefined, key))
      await rowsOf(id, position)
      onStarted(id)
    })
  const isMade = done.campaign
  const isWhole = isMade && !lacks && (file === null || done.list) && (filled.segment.trim() === '' || done.segment)
  return (
    <div className="list">
      <Summary filled={filled} file={file} />
      <div className="head">
        <Button type={isWhole ? 'default' : 'primary'} loading={doing === 'making'} disabled={lacks} onClick={() => void make()}>
          {t(isMade ? 'wizard.preflightAgain' : 'wizard.make')}
        </Button>
        {isMade && <Word tone="line">{t('wizard.made', { id })}</Word>}
        {doing !== null && <span role="status" className="c-amber">{t(`wizard.${doing}`)}</span>}
      </div>
      {why !== null && <Refused why={why} approved={(approval) => void make(approval)} />}
      {imported !== null && <Result imported={imported} />}
      {verdict !== null && <Verdict verdict={verdict} />}
      {isWhole && may('campaigns:start') && (
        <div className="head">
          <Button type="primary" loading={doing === 'starting'} onClick={() => void start()}>{t('wizard.start')}</Button>
          <span className="muted">{t(`wizard.stageNext.${filled.stages}`)}</span>
        </div>
      )}
    </div>
  )
}

function Summary({ filled, file }: { filled: Filled; file: File | null }) {
  const { t } = useTranslation()
  const rest = filled.restFrom !== '' && filled.restTo !== '' ? `${filled.restFrom}–${filled.restTo}` : t('plan.none')
  const rows: [string, string][] = [
    [t('wizard.member.taskId'), filled.taskId],
    [t('wizard.member.scenario'), t(`wizard.scenario.${filled.scenario}`)],
    [t('wizard.member.preset'), `${filled.preset} · ${t(`wizard.basisOf.${filled.basis}`)}`],
    [t('wizard.file'), file?.name ?? t('plan.none')],
    [t('wizard.member.segment'), filled.segment.trim() === '' ? t('plan.none') : filled.segment],
    [t('wizard.member.flow'), filled.flow === '' ? filled.script : filled.flow],
    [t('plan.hours'), `${filled.from}–${filled.to} · ${t('plan.rests')} ${rest}`],
    [t('wizard.member.startAt'), filled.startAt === '' ? t('plan.none') : filled.startAt.replace('T', ' ')],
    [t('wizard.member.stopAt'), filled.stopAt === '' ? t('plan.none') : filled.stopAt.replace('T', ' ')],
    [t('wizard.member.concurrent'), String(filled.concurrent)],
    [t('wizard.member.ringSeconds'), String(filled.ringSeconds)],
    [t('wizard.member.retries'), t(`wizard.retry.${filled.retries}`)],
    [t('wizard.member.stages'), t(`wizard.stage.${filled.stages}`)],
    [t('wizard.member.answerPercent'), filled.answerPercent > 0 ? String(filled.answerPercent) : t('plan.none')],
    [t('wizard.member.conversionPercent'), filled.conversionPercent > 0 ? String(filled.conversionPercent) : t('plan.none')],
  ]
  return (
    <Pairs rows={rows.map(([name, value]) => ({ key: name, name, value }))} />
  )
}

/** ~The result of the import, with the first bad rows; red where no person was enrolled. */
function Result({ imported }: { imported: Imported }) {
  const { t } = useTranslation()
  const bad = imported.bad ?? []
  return (
    <div className="list" role="status">
      <Word tone={imported.enrolled === 0 ? 'red' : 'line'}>
        {t('wizard.imported', { enrolled: imported.enrolled, duplicates: imported.duplicates, bad: imported.bad_count })}
      </Word>
      {bad.slice(0, 5).map((one) => <div key={`${one.row.toString()} ${one.column}`} className="muted">{`${t('wizard.row')} ${one.row.toString()} · ${one.column}: ${one.reason}`}</div>)}
    </div>
  )
}

/** The result of the rules: how many people each rule excludes, and why nothing would be dialed. */
function Verdict({ verdict }: { verdict: Preflight }) {
  const { t, i18n } = useTranslation()
  const isEnglish = i18n.language === 'en'
  const zone = verdict.preset.startsWith('cn-') ? 'Asia/Shanghai' : 'UTC'
  return (
    <div className="list">
      <div className="row">
        <Figure name={t('wizard.people')} value={String(verdict.people)} below={t('wizard.judgedAt', { time: instantIn(verdict.judged_at, zone) })} />
        <Figure name={t('wizard.left')} value={String(verdict.left)} />
        <Figure name={t('wizard.ends')} value={verdict.ends.latest == null ? t('wizard.unknown') : instantIn(verdict.ends.latest, zone).slice(0, 16)} below={verdict.ends.unknown.join(', ')} />
      </div>
      {verdict.blockers.map((one) => (
        <div key={one.code}>
          <Word tone={one.certain ? 'red' : 'amber'}>{isEnglish ? one.en : one.zh}</Word> <span className="mono">{one.code}</span>
        </div>
      ))}
      <Table
        rowKey={(one) => `${one.judged_by} ${one.rule}`}
        size="small"
        pagination={false}
        dataSource={verdict.funnel}
        columns={[
          { title: t('wizard.rule'), dataIndex: 'rule', render: (rule: string) => <span title={rule}>{i18n.exists(`rule.${rule}`) ? t(`rule.${rule}`) : rule}</span> },
          { title: t('wizard.never'), dataIndex: 'never', align: 'right' },
          { title: t('wizard.later'), dataIndex: 'later', align: 'right' },
          { title: t('wizard.left'), dataIndex: 'left', align: 'right' },
        ]}
      />
    </div>
  )
}
