// Edits a flow file through its graph. Each function takes the file's text and returns a new one; comments and order
// are kept. A file that cannot be parsed is not changed.
import { isMap, isScalar, type Document } from 'yaml'
import { documentOf, isRecord, readFlow, type Path } from './read'

/** Kinds of nodes that can be added, with the content of a new one. */
export const KINDS = {
  say: (to: string, words: string) => ({ say: { text: words, next: to } }),
  ask: (to: string, words: string) => ({
    ask: {
      text: words,
      expect: 'speech',
      intents: { affirm: to, deny: to },
      timeout_ms: 3000,
      on_silence: { replay: 1, then: to },
      on_unclear: { replay: 1, then: to },
    },
  }),
  ask_keypress: (to: string, words: string) => ({
    ask_keypress: { text: words, keys: { '1': to }, timeout_ms: 5000, on_timeout: { replay: 1, then: to }, on_other: { then: to } },
  }),
  branch: (to: string) => ({ branch: { when: [], otherwise: to } }),
  decide: (to: string) => ({ decide: { rules: [], otherwise: to } }),
  act: (to: string) => ({ act: { next: to } }),
  transfer: (_: string, words: string) => ({ transfer: { text: words } }),
  end: (_: string, words: string) => ({ end: { text: words, outcome: 'success' } }),
} as const
export type Kind = keyof typeof KINDS

/** The error that a change is not possible; the file stays unchanged. */
export class NotEdited extends Error {}

function edited(text: string, change: (document: Document) => void): string {
  const document = documentOf(text)
  if (document.errors.length > 0) throw new NotEdited(document.errors[0]?.message)
  change(document)
  const isJson = text.trimStart().startsWith('{')
  const quoted = isJson ? ({ defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' } as const) : {}
  return document.toString({ lineWidth: 0, flowCollectionPadding: text.includes('{ '), ...quoted })
}

/** Sets a value at a path. A scalar keeps its quotes and its comment. */
function put(document: Document, path: Path, value: unknown): void {
  const there = document.getIn(path, true)
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  if (isScalar(there) && isPlain) {
    there.value = value
    // The original spelling of a number no longer applies.
    delete there.source
    return
  }
  document.setIn(path, document.createNode(value))
}

export function setMember(text: string, path: Path, value: unknown): string {
  return edited(text, (document) => put(document, path, value))
}

export function removeMember(text: string, path: Path): string {
  return edited(text, (document) => void document.deleteIn(path))
}

export function addNode(text: string, name: string, kind: Kind, words: string): string {
  const flow = readFlow(text)
  if (name === '' || flow.nodes.some((node) => node.name === name)) throw new NotEdited(name)
  const to = flow.nodes.at(-1)?.name ?? flow.start
  return setMember(text, ['nodes', name], KINDS[kind](to, words))
}

export function removeNode(text: string, name: string): string {
  return removeMember(text, ['nodes', name])
}

/**
 * Returns every path that names this node: the start, the exception branch, global exits, and the exits of all nodes.
 */
function placesOf(text: string, name: string): Path[] {
  const value: unknown = documentOf(text).toJS()
  const exits = readFlow(text).nodes.flatMap((node) => node.exits)
  const places = exits.filter((exit) => exit.to === name).map((exit) => exit.path)
  const top: Path[] = [['start'], ['on_exception']]
  const dialogue = isRecord(value) && isRecord(value['dialogue']) ? value['dialogue'] : {}
  for (const [table, member] of [['intents', 'then'], ['groups', 'start']] as const) {
    const all = dialogue[table]
    if (isRecord(all)) top.push(...Object.keys(all).map((one) => ['dialogue', table, one, member]))
  }
  const document = documentOf(text)
  return [...top.filter((path) => document.getIn(path) === name), ...places]
}

export function renameNode(text: string, from: string, to: string): string {
  if (from === to) return text
  if (to === '' || readFlow(text).nodes.some((node) => node.name === to)) throw new NotEdited(to)
  const places = placesOf(text, from)
  return edited(text, (document) => {
    for (const path of places) put(document, path, to)
    const nodes = document.get('nodes')
    const pair = isMap(nodes) ? nodes.items.find((one) => isScalar(one.key) && one.key.value === from) : undefined
    if (pair === undefined || !isScalar(pair.key)) throw new NotEdited(from)
    pair.key.value = to
  })
}

/** Returns the text of one node as in the file. */
export function nodeText(text: string, name: string): string {
  const found = documentOf(text).getIn(['nodes', name], true)
  if (!isMap(found)) return ''
  const document = documentOf('')
  document.contents = found
  return document.toString({ lineWidth: 0, flowCollectionPadding: text.includes('{ ') })
}

/** Replaces the text of one node. */
export function replaceNode(text: string, name: string, written: string): string {
  const inner = documentOf(written)
  if (inner.errors.length > 0 || !isMap(inner.contents)) throw new NotEdited(inner.errors[0]?.message ?? name)
  return edited(text, (document) => document.setIn(['nodes', name], inner.contents))
}
