// Where the nodes of a flow stand: a column by how many steps they are from the start, in a column by their order in the
// file. A file holds no places, so the same file is always drawn the same way.
import type { FlowNode, FlowRead } from './read'

const [COLUMN, ROW, EXIT, GAP] = [290, 92, 22, 22]

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

function heightOf(node: FlowNode): number {
  return ROW + EXIT * node.exits.length + GAP
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
