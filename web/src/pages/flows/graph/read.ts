// Reads a flow file as a graph: its nodes in order, and the exits of each by the member that names the target. The file
// is parsed with its comments; nothing is written.
import { parseDocument, type Document } from 'yaml'

export type Path = (string | number)[]

/** A member of a node that names another node. */
export interface Exit {
  /** The path from the top of the file. */
  path: Path
  /** The path inside the node, such as `on_timeout.then`. */
  member: string
  to: string
}

export interface FlowNode {
  name: string
  kind: string
  body: Record<string, unknown>
  exits: Exit[]
  /** The node is written in the file; others are derived from its short forms. */
  isWritten: boolean
}

export interface FlowRead {
  id: string
  start: string
  nodes: FlowNode[]
  /** Why the file cannot be parsed; the other members are then empty. */
  wrong: string | null
}

const LEADS = new Set(['next', 'then', 'otherwise', 'on_filled', 'on_exception'])
const TABLES = new Set(['keys', 'intents'])
/** Members that are values, not exits: a variable may be called `next`. */
const VALUES = new Set(['set', 'tags', 'send', 'variants', 'text', 'say'])

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function exitsIn(value: unknown, path: Path, inside: Path, isTable: boolean): Exit[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => exitsIn(one, [...path, at], [...inside, at], false))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([name, inner]) => {
    const [at, member] = [[...path, name], [...inside, name]]
    if (typeof inner === 'string') {
      return isTable || LEADS.has(name) ? [{ path: at, member: member.join('.'), to: inner }] : []
    }
    return VALUES.has(name) && !isTable ? [] : exitsIn(inner, at, member, TABLES.has(name))
  })
}

export function nodeOf(name: string, written: unknown, isWritten: boolean): FlowNode {
  const [kind, inner] = isRecord(written) ? (Object.entries(written)[0] ?? ['', null]) : ['', null]
  const body = isRecord(inner) ? inner : {}
  return { name, kind, body, exits: exitsIn(body, ['nodes', name, kind], [], false), isWritten }
}

export function documentOf(text: string): Document {
  return parseDocument(text, { prettyErrors: true, keepSourceTokens: false })
}

function nodesOf(value: unknown, isWritten: boolean): FlowNode[] {
  return isRecord(value) ? Object.entries(value).map(([name, one]) => nodeOf(name, one, isWritten)) : []
}

/** Returns a file as a graph. `whole` is the server's expanded form, which adds the nodes of short forms. */
export function readFlow(text: string, whole?: unknown): FlowRead {
  const document = documentOf(text)
  const wrong = document.errors[0]?.message ?? null
  const value: unknown = wrong === null ? document.toJS() : null
  if (!isRecord(value)) return { id: '', start: '', nodes: [], wrong: wrong ?? '' }
  const nodes = nodesOf(value['nodes'], true)
  const names = new Set(nodes.map((one) => one.name))
  const further = isRecord(whole) ? nodesOf(whole['nodes'], false).filter((one) => !names.has(one.name)) : []
  return { id: String(value['flow'] ?? ''), start: String(value['start'] ?? ''), nodes: [...nodes, ...further], wrong: null }
}
