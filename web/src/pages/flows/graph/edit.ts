// What is done to a flow file through its graph. Each takes the file's text and answers another: comments and the order
// of what stands there stay. Nothing is done to a file that cannot be read.
import { isMap, isScalar, type Document } from 'yaml'
import { documentOf, isRecord, readFlow, type Path } from './read'

/** Kinds of nodes that can be added, with what a new one says. */
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

/** A change that cannot be made; the file stays as it is. */
export class NotEdited extends Error {}

function edited(text: string, change: (document: Document) => void): string {
  const document = documentOf(text)
  if (document.errors.length > 0) throw new NotEdited(document.errors[0]?.message)
  change(document)
  const isJson = text.trimStart().startsWith('{')
  const quoted = isJson ? ({ defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'QUOTE_DOUBLE' } as const) : {}
  return document.toString({ lineWidth: 0, flowCollectionPadding: text.includes('{ '), ...quoted })
}

/** A value in its place; where a scalar stands it keeps its quotes and its comment. */
function put(document: Document, path: Path, value: unknown): void {
  const there = document.getIn(path, true)
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  if (isScalar(there) && isPlain) {
    there.value = value
    // How a number was written is no longer how it is.
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

/** Every place that names this node: the start, the exception branch, what counts anywhere, the exits of all nodes. */
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

/** One node as it stands in the file. */
export function nodeText(text: string, name: string): string {
  const found = documentOf(text).getIn(['nodes', name], true)
  if (!isMap(found)) return ''
  const document = documentOf('')
  document.contents = found
  return document.toString({ lineWidth: 0, flowCollectionPadding: text.includes('{ ') })
}

/** One node, written anew. */
export function replaceNode(text: string, name: string, written: string): string {
  const inner = documentOf(written)
  if (inner.errors.length > 0 || !isMap(inner.contents)) throw new NotEdited(inner.errors[0]?.message ?? name)
  return edited(text, (document) => document.setIn(['nodes', name], inner.contents))
}
