// The actions of a campaign. The emergency stop takes effect at once and can be lifted; ending is permanent and has its
// own button. A command that the rows do not contain yet is shown as pending, with the position.
import { App, Button, Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../../api/client'
import type { StopShown } from '../../api/queries'
import { useMay } from '../../app/session'
import { Ask } from '../../components/Ask'
import { Refused } from '../../components/States'
import { LiftIt } from '../../components/Stops'
import { useOnce } from '../../components/useOnce'
import { usePending } from '../../components/usePending'

type Act = 'stop' | 'end'

/** The commands of a campaign, by their routes. */
const PATHS = {
  start: '/api/v1/campaigns/{id}/start',
  pause: '/api/v1/campaigns/{id}/pause',
  resume: '/api/v1/campaigns/{id}/resume',
} as const
type Verb = keyof typeof PATHS

interface Props {
  campaign: { id: string; status: string }
  stop: StopShown | undefined
  /** The event that led to the current state: the same command after another event is a new one. */
  since: number | undefined
}

export function Actions({ campaign: { id, status }, stop, since }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const { modal } = App.useApp()
  const once = useOnce(`${status} ${since ?? ''}`)
  const [act, setAct] = useState<Act | null>(null)
  const [isSending, setSending] = useState(false)
  // Answers once the rows contain the command; until then the page shows the old state.
  const [pending, settle] = usePending((position) => get('/api/v1/campaigns/{id}', [id], { after_position: position }))
  const isOver = status === 'stopped'
  const go = async (verb: Verb) => {
    setSending(true)
    try {
      const { position } = await once(verb, (key) => post(PATHS[verb], [id], undefined, key))
      void settle(position, t(`act.${verb}Done`))
    } catch (why) {
      modal.error({ content: <Refused why={why} /> })
    } finally {
      setSending(false)
    }
  }
  return (
    <>
      {pending}
      {status === 'ready' && may('campaigns:start') && <Button type="primary" loading={isSending} onClick={() => void go('start')}>{t('act.start')}</Button>}
      {status === 'running' && may('campaigns:pause') && <Button loading={isSending} onClick={() => void go('pause')}>{t('act.pause')}</Button>}
      {status === 'paused' && may('campaigns:start') && <Button loading={isSending} onClick={() => void go('resume')}>{t('act.resume')}</Button>}
      {stop === undefined
        ? may('stop:engage') && !isOver && status !== 'completed' && <Button danger onClick={() => setAct('stop')}>{t('act.stop')}</Button>
        : <LiftIt stop={stop} />}
      {!isOver && may('campaigns:start') && <Button type="text" danger onClick={() => setAct('end')}>{t('act.end')}</Button>}
      {act !== null && (
        <Reason act={act} id={id} onLeave={() => setAct(null)} onDone={(position) => void settle(position, t(`act.${act}Done`))} />
      )}
    </>
  )
}

function Reason({ act, id, onLeave, onDone }: { act: Act; id: string; onLeave: () => void; onDone: (position: string | null) => void }) {
  const { t } = useTranslation()
  const [hangUp, setHangUp] = useState(false)
  const send = async (reason: string, key: string) => {
    if (act === 'stop') onDone((await post('/api/v1/stop', [], { scope: 'campaign', id, reason, hang_up: hangUp }, key)).position)
    else onDone((await post('/api/v1/campaigns/{id}/stop', [id], { reason }, key)).position)
  }
  return (
    <Ask
      title={t(`act.${act}Title`, { id })}
      ok={t(`act.${act}Ok`, { id })}
      what={t(`act.${act}What`)}
      isDanger
      reason={t('act.reason')}
      below={act === 'stop' && <Checkbox checked={hangUp} onChange={(event) => setHangUp(event.target.checked)}>{t('act.hangUp')}</Checkbox>}
      send={send}
      onLeave={onLeave}
    />
  )
}
