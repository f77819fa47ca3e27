// The layout of a flow's nodes: one column per distance from the start, in each column the order of the file. A file
// stores no positions, so the same file is always drawn the same way. Nodes never overlap: heights are measured by the
// browser once drawn, and a node placed by the user stays while others move away from it.
import { isRecord, type FlowNode, type FlowRead } from './read'

/** The sizes of a card in style.css: its width with the gap to the next column, and the heights of its parts. */
const [COLUMN, HEAD, LINE, EXIT, GAP] = [336, 66, 20, 24, 28]
/** Lines of text on a card, and the width of a line; a Chinese character is as wide as its size, others about half. */
const [LINES_MAX, LINE_WIDTH, WIDE, NARROW] = [3, 244, 14, 7.5]

export interface Place {
  x: number
  y: number
}

function depths(flow: FlowRead): Map<string, number> {
  const named = new Map(flow.nodes.map((node) => [node.name, node]))
  const found = new Map<string, number>([[flow.start, 0]])
  const open = [flow.start]
  for (const name of open) {
    for (const exit of named.get(name)?.exits ?? []) {
      if (exit.member === 'on_exception' || found.has(exit.to) || !named.has(exit.to)) continue
      found.set(exit.to, (found.get(name) ?? 0) + 1)
      open.push(exit.to)
    }
  }
  return found
}

/** Returns the text of a node; of several variants the first. */
export function saidBy({ body }: FlowNode): string {
  const { text, variants } = body
  if (typeof text === 'string') return text
  const arms = isRecord(variants) ? variants['arms'] : undefined
  const first = isRecord(arms) ? Object.values(arms)[0] : undefined
  return isRecord(first) && typeof first['text'] === 'string' ? first['text'] : ''
}

function linesOf(text: string): number {
  const width = [...text].reduce((sum, letter) => sum + (letter > '\u2e7f' ? WIDE : NARROW), 0)
  return Math.min(LINES_MAX, Math.ceil(width / LINE_WIDTH))
}

function heightOf(node: FlowNode): number {
  return HEAD + LINE * linesOf(saidBy(node)) + EXIT * node.exits.length + GAP
}

/** The width of a card, as in style.css. */
export const CARD_WIDTH = 272

interface Box extends Place {
  height: number
}

/** Moves a card down until it overlaps no other card. */
function freed(box: Box, taken: readonly Box[]): Box {
  const touches = (other: Box) =>
    box.x < other.x + CARD_WIDTH && other.x < box.x + CARD_WIDTH && box.y < other.y + other.height + GAP && other.y < box.y + box.height + GAP
  const below = taken.filter(touches).map((other) => other.y + other.height + GAP)
  return below.length === 0 ? box : freed({ ...box, y: Math.max(...below) }, taken)
}

/**
 * Returns the positions of all nodes. `measured` contains the heights of drawn cards, `fixed` the positions that a user
 * chose.
 */
export function laidOut(flow: FlowRead, measured: ReadonlyMap<string, number> = new Map(), fixed: ReadonlyMap<string, Place> = new Map()): Map<string, Place> {
  const depth = depths(flow)
  const last = Math.max(0, ...depth.values()) + 1
  const next = new Map<number, number>()
  const places = new Map<string, Place>()
  const taken: Box[] = []
  const put = (node: FlowNode, at: Place): Box => {
    const box = freed({ ...at, height: measured.get(node.name) ?? heightOf(node) - GAP }, taken)
    taken.push(box)
    places.set(node.name, { x: box.x, y: box.y })
    return box
  }
  for (const node of flow.nodes) {
    const at = fixed.get(node.name)
    if (at !== undefined) put(node, at)
  }
  for (const node of flow.nodes) {
    if (fixed.has(node.name)) continue
    const column = depth.get(node.name) ?? last
    const { y, height } = put(node, { x: column * COLUMN, y: next.get(column) ?? 0 })
    next.set(column, y + height + GAP)
  }
  return places
}
