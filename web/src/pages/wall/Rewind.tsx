// The slider over every minute of today, from midnight to now at its right end. The chosen moment is in the page's URL.
import { Button, Slider } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { timeIn } from '../../app/format'

const MINUTE_MS = 60_000
/** Delay until a moved cursor is read, in milliseconds, because each moment is computed from the log. */
const SETTLED_MS = 300

interface Props {
  /** The begin of today and the current time, by the server's clock. */
  midnight: number
  now: number
  /** The shown moment; null means now. */
  at: number | null
  zone: string
  onMove: (at: number | null) => void
}

export function Rewind({ midnight, now, at, zone, onMove }: Props) {
  const { t } = useTranslation()
  const last = Math.max(Math.ceil((now - midnight) / MINUTE_MS), 1)
  const shown = at === null ? last : Math.round((at - midnight) / MINUTE_MS)
  const [moving, setMoving] = useState<number | null>(null)
  useEffect(() => {
    if (moving === null) return
    const settled = setTimeout(() => {
      onMove(moving >= last ? null : midnight + moving * MINUTE_MS)
      setMoving(null)
    }, SETTLED_MS)
    return () => clearTimeout(settled)
  }, [moving, last, midnight, onMove])
  const minute = moving ?? shown
  const written = minute >= last ? t('line.now') : timeIn(midnight + minute * MINUTE_MS, zone).slice(0, 5)
  return (
    <div className={at === null ? 'card wall-rewind' : 'card wall-rewind past'}>
      <span className="muted">{t('wall.rewind')}</span>
      <Slider
        min={0}
        max={last}
        value={minute}
        onChange={setMoving}
        ariaLabelForHandle={t('wall.rewind')}
        ariaValueTextFormatterForHandle={() => written}
        tooltip={{ formatter: () => written }}
      />
      <b>{written}</b>
      {at !== null && <Button size="small" onClick={() => onMove(null)}>{t('line.back')}</Button>}
    </div>
  )
}
