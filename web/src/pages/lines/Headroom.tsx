// The free capacity of a line: channels and calls per second in use, and their limits as the dialer counts them; and
// the reason why the line takes no calls.
import { useTranslation } from 'react-i18next'
import type { Live } from '../../api/queries'
import type { Tone } from '../../components/lineMarks'
import { Word } from '../../components/Marks'

export type Line = NonNullable<Live['lines']>[number]

const TONES: Record<Line['state'], Tone> = { serving: 'line', full: 'amber', failing: 'red', resting: 'red', stopped: 'red', unlicensed: 'red' }

/** A line is nearly full from this share on; a fifth is kept in reserve (DEP-4). */
const NEARLY_FULL = 0.8

function Meter({ name, used, most }: { name: string; used: number; most: number }) {
  const { t } = useTranslation()
  const share = most === 0 ? 1 : Math.min(used / most, 1)
  return (
    <div className="meter">
      <span className="muted">{name}</span>
      <span className="bar" role="meter" aria-label={name} aria-valuemin={0} aria-valuemax={most} aria-valuenow={used}>
        <i className={share >= NEARLY_FULL ? 'near' : ''} style={{ width: `${100 * share}%` }} />
      </span>
      <span>{t('lines.used', { used, most })}</span>
    </div>
  )
}

export function Headroom({ line }: { line: Line }) {
  const { t } = useTranslation()
  return (
    <>
      <div className="head">
        <b className="data">{line.trunk}</b>
        <Word tone={TONES[line.state]}>{t(`lines.state.${line.state}`)}</Word>
        {line.failures_in_row > 0 && <span className="c-amber">{t('lines.failures', { count: line.failures_in_row })}</span>}
      </div>
      <Meter name={t('lines.channels')} used={line.channels_used} most={line.channels_max} />
      <Meter name={t('lines.perSecond')} used={line.dialed_last_second} most={line.calls_per_second_max} />
    </>
  )
}
