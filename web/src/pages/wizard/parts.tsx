// The parts that steps share: a named field, and the properties of a step.
import type { ReactNode } from 'react'
import type { Filled } from './filled'

export interface StepProps {
  filled: Filled
  set: (some: Partial<Filled>) => void
}

export function Field({ name, hint, children }: { name: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <label className="field">
      <span>{name}</span>
      {children}
      {hint !== undefined && <span className="muted">{hint}</span>}
    </label>
  )
}
