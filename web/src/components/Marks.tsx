// Status words with a shape and a color, for campaigns, calls and dialing. Color is never the only sign.
import { useTranslation } from 'react-i18next'
import type { Tone } from './lineMarks'

const SHAPES: Record<Tone, string> = { line: 'dot full', amber: 'dot', red: 'dot diamond', slate: 'dot square' }

export function Word({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span>
      <span className={`${SHAPES[tone]} c-${tone}`} aria-hidden="true" /> {children}
    </span>
  )
}

export function Tag({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`tag c-${tone}`}>
      <span className={SHAPES[tone]} aria-hidden="true" /> {children}
    </span>
  )
}

const STATUS: Record<string, Tone> = { running: 'line', paused: 'amber', stopped: 'slate', completed: 'slate', draft: 'amber', ready: 'amber' }

export function toneOfStatus(status: string): Tone {
  return STATUS[status] ?? 'slate'
}

export function Status({ status }: { status: string }) {
  const { t } = useTranslation()
  return <Tag tone={toneOfStatus(status)}>{t(`status.${status}`)}</Tag>
}

/** Returns the color of a call: in conversation, ringing, ended normally, or ended by us. */
export function toneOfCall(disposition: string | null | undefined, isAnswered: boolean): Tone {
  if (disposition === null || disposition === undefined) return isAnswered ? 'line' : 'amber'
  if (disposition === 'interrupted' || disposition === 'abandoned') return 'red'
  return disposition === 'answered' ? 'line' : 'slate'
}
