// The transcript of the call, up to the cursor and beyond it; and the recording with its waveform, which are opened for
// a reason that is logged.
import { Button, Input } from 'antd'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf, file, get } from '../../api/client'
import { clockOf } from '../../app/format'
import { useMay } from '../../app/session'
import { lastAt } from '../../components/lineMarks'
import { Empty, Refused, Waiting } from '../../components/States'
import { useSeen } from '../../components/useSeen'
import type { Turn, Waveform } from './story'

const Wave = lazy(() => import('./Wave'))

/** Most turns shown around the cursor; the number of turns before and after them is shown. */
const TURNS_MAX = 120

interface Props {
  id: string
  turns: readonly Turn[]
  begin: number
  position: number
  hasRecording: boolean
  onMove: (position: number) => void
  /** Moves the cursor to the last event at or before an instant. */
  onMoveTo: (at: number) => void
  /** Called when the recording's waveform is loaded, so that the timeline shows it too. */
  onWave: (wave: Waveform) => void
}

export function Talk({ id, turns, begin, position, hasRecording, onMove, onMoveTo, onWave }: Props) {
  const { t } = useTranslation()
  const may = useMay()
  const at = lastAt(turns, position, (turn) => turn.position)
  const current = turns[at]
  const begins = Math.max(Math.min(at - TURNS_MAX / 2, turns.length - TURNS_MAX), 0)
  const shown = turns.slice(begins, begins + TURNS_MAX)
  const [before, behind] = [turns[begins - 1], turns[begins + TURNS_MAX]]
  const here = useSeen<HTMLDivElement>(current?.position)
  return (
    <section className="card">
      <header>
        <h2>{t('call.conversation')}</h2>
        <span className="muted">{t('call.speakers')}</span>
      </header>
      <div className="scroll">
        {turns.length === 0 && <Empty what={t('call.noConversation')} />}
        {before !== undefined && <Button size="small" type="text" block onClick={() => onMove(before.position)}>{t('call.before', { count: begins })}</Button>}
        {shown.map((turn) => {
          const isHere = turn.key === current?.key
          const name = ['turn', turn.isTheirs ? 'theirs' : '', isHere ? 'here' : ''].join(' ')
          return (
            <div key={turn.key} className={name} ref={isHere ? here : null}>
              <button type="button" onClick={() => onMove(turn.position)}>{clockOf(turn.at - begin)}</button>
              <p>
                <span className="muted">{turn.isTheirs ? t('call.callee') : t('call.robot')}</span> {turn.text}
                {turn.kind !== 'call.said' && turn.kind !== 'call.heard' && <span className="muted"> {t(`event.${turn.kind}`)}</span>}
              </p>
            </div>
          )
        })}
        {behind !== undefined && <Button size="small" type="text" block onClick={() => onMove(behind.position)}>{t('call.behind', { count: turns.length - begins - TURNS_MAX })}</Button>}
      </div>
      <footer>
        {t('call.masked')}
        {hasRecording && may('recordings:read') && <Recording id={id} onSeek={(ms) => onMoveTo(begin + ms)} onWave={onWave} />}
      </footer>
    </section>
  )
}

const nonce = document.querySelector<HTMLScriptElement>('script[nonce]')?.nonce ?? ''

interface Heard {
  sound: Blob
  wave: Waveform
}

function Recording({ id, onSeek, onWave }: { id: string; onSeek: (ms: number) => void; onWave: (wave: Waveform) => void }) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const [heard, setHeard] = useState<Heard | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const listen = async () => {
    try {
      const wave = await get('/api/v1/calls/{id}/waveform', [id], { reason })
      const bytes = await file(addressOf('/api/v1/calls/{id}/recording', [id], { reason }))
      setHeard({ sound: new Blob([bytes], { type: 'audio/wav' }), wave })
      onWave(wave)
      setRefused(null)
    } catch (why) {
      setRefused(why)
    }
  }
  if (heard !== null) {
    return (
      <Suspense fallback={<Waiting />}>
        <Wave sound={heard.sound} wave={heard.wave} nonce={nonce} onSeek={onSeek} />
      </Suspense>
    )
  }
  return (
    <div className="head">
      <Input size="small" style={{ maxWidth: 220 }} aria-label={t('call.listenWhy')} placeholder={t('call.listenWhy')} value={reason} onChange={(event) => setReason(event.target.value)} />
      <Button size="small" disabled={reason.trim() === ''} onClick={() => void listen()}>{t('call.listen')}</Button>
      {refused !== null && <Refused why={refused} />}
    </div>
  )
}
