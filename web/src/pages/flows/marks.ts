// The marks on the graph: faults and advice at nodes, coverage by real calls, and where calls diverge.
import type { ResponseOf } from '../../api/client'
import type { Checked } from './draft'

export interface Mark {
  faults: number
  advice: number
  /** Whether real calls reached the node; undefined if no coverage is shown. */
  seen: boolean | undefined
  /** Number of calls that reached the node. */
  calls: number | undefined
  parts: boolean
}

export interface Marks {
  of: (name: string) => Mark
  wayOf: (from: string, to: string) => string
}

export type Coverage = ResponseOf<'/api/v1/flows/{id}/coverage'>

export function marksOf(checked: Checked | undefined, coverage: Coverage | undefined, parts: readonly string[]): Marks {
  const missed = new Set(coverage?.nodes.missed)
  const ways = new Set(coverage?.edges.missed)
  const count = (all: { node?: string | null | undefined }[] | undefined, name: string) =>
    (all ?? []).filter((one) => one.node === name).length
  return {
    of: (name) => ({
      faults: count(checked?.faults, name),
      advice: count(checked?.advice, name),
      seen: coverage === undefined ? undefined : !missed.has(name),
      calls: coverage === undefined ? undefined : (coverage.entered[name] ?? 0),
      parts: parts.includes(name),
    }),
    wayOf: (from, to) => (coverage === undefined ? '' : ways.has(`${from} → ${to}`) ? 'way-missed' : 'way-seen'),
  }
}
