// Emergency stops of everything, a line, a compliance preset or a campaign. Each needs a reason, takes effect at once,
// and is lifted where it is shown, whatever its scope.
import { Button, Checkbox } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get, post } from '../api/client'
import type { StopShown } from '../api/queries'
import { useMay, useSeesAll } from '../app/session'
import { Ask } from './Ask'
import { usePending } from './usePending'

type Scope = StopShown['scope']

/** The scope of a stop. */
export interface Reach {
  scope: Scope
  /** The id of the line, preset or campaign; null means everything. */
  id: string | null
}

/** Returns a function that describes the scope of a stop. */
export function useReachWord(): (reach: Reach) => string {
  const { t } = useTranslation()
  return ({ scope, id }) => t(`stops.of.${scope}`, { id })
}

function useStopsPending() {
  return usePending((position) => get('/api/v1/stop', [], { after_position: position }))
}

/** The button that engages a stop, for users who see its whole scope. */
export function StopIt({ scope, id }: Reach) {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const word = useReachWord()
  const [isAsked, setAsked] = useState(false)
  const [hangUp, setHangUp] = useState(false)
  const [pending, settle] = useStopsPending()
  if (!may('stop:engage') || !seesAll) return null
  const name = t('stops.stop', { what: word({ scope, id }) })
  return (
    <>
      {pending}
      <Button danger onClick={() => setAsked(true)}>{name}</Button>
      {isAsked && (
        <Ask
          title={name}
          ok={name}
          what={t('act.stopWhat')}
          isDanger
          reason={t('act.reason')}
          below={<Checkbox checked={hangUp} onChange={(event) => setHangUp(event.target.checked)}>{t('act.hangUp')}</Checkbox>}
          send={async (reason, key) => void settle((await post('/api/v1/stop', [], { scope, id, reason, hang_up: hangUp }, key)).position, t('act.stopDone'))}
          onLeave={() => setAsked(false)}
        />
      )}
    </>
  )
}

/** The button that lifts an engaged stop. */
export function LiftIt({ stop, isSmall = false }: { stop: StopShown; isSmall?: boolean }) {
  const { t } = useTranslation()
  const may = useMay()
  const seesAll = useSeesAll()
  const word = useReachWord()
  const [isAsked, setAsked] = useState(false)
  const [pending, settle] = useStopsPending()
  if (!may('stop:lift') || (!seesAll && stop.scope !== 'campaign')) return null
  const send = async (reason: string, key: string) => {
    const { position } = await post('/api/v1/stop/lift', [], { stop: stop.stop, reason }, key)
    void settle(position, t('act.liftDone'))
  }
  return (
    <>
      {pending}
      <Button type="primary" size={isSmall ? 'small' : 'middle'} onClick={() => setAsked(true)}>{t('act.lift')}</Button>
      {isAsked && <Ask title={t('act.liftTitle', { id: word(stop) })} ok={t('act.liftOk')} what={t('act.liftWhat')} reason={t('act.reason')} send={send} onLeave={() => setAsked(false)} />}
    </>
  )
}
