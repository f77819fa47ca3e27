// Undo and redo of a file's text. The text is the whole state, so an undo restores it byte by byte.

/** Most undo steps. */
const STEPS_MAX = 500

export interface Kept {
  past: readonly string[]
  now: string
  future: readonly string[]
}

export type Step = { write: string } | 'undo' | 'redo'

export function begun(text: string): Kept {
  return { past: [], now: text, future: [] }
}

export function stepped(kept: Kept, step: Step): Kept {
  const { past, now, future } = kept
  if (step === 'undo') {
    const before = past.at(-1)
    return before === undefined ? kept : { past: past.slice(0, -1), now: before, future: [now, ...future] }
  }
  if (step === 'redo') {
    const after = future[0]
    return after === undefined ? kept : { past: [...past, now], now: after, future: future.slice(1) }
  }
  if (step.write === now) return kept
  return { past: [...past, now].slice(-STEPS_MAX), now: step.write, future: [] }
}
