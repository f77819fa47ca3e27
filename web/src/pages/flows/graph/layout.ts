// Where the nodes of a flow stand: a column by how many steps they are from the start, in a column by their order in the
// file. A file holds no places, so the same file is always drawn the same way.
import { isRecord, type FlowNode, type FlowRead } from './read'

/** A card as style.css draws it: its width with the way to the next column, and the heights of its parts. */
const [COLUMN, HEAD, LINE, EXIT, GAP] = [336, 66, 20, 24, 28]
/** Lines of a text that a card shows, and the width of one; a Chinese character is as wide as its size, others about half. */
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

/** What a node says; of several wordings the first. */
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

export function laidOut(flow: FlowRead): Map<string, Place> {
  const depth = depths(flow)
  const last = Math.max(0, ...depth.values()) + 1
  const next = new Map<number, number>()
  const places = new Map<string, Place>()
  for (const node of flow.nodes) {
    const column = depth.get(node.name) ?? last
    const y = next.get(column) ?? 0
    next.set(column, y + heightOf(node))
    places.set(node.name, { x: column * COLUMN, y })
  }
  return places
}
