// The graph of a flow: nodes are moved by mouse or keys, edges are drawn from a member of one node to another node.
import { Background, Controls, MiniMap, ReactFlow, type Connection, type Edge, type NodeChange, type ReactFlowInstance, applyNodeChanges } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useIsDark } from '../../app/preferences'
import { Card, type CardNode } from './Card'
import { removeNode, setMember } from './graph/edit'
import { laidOut, type Place } from './graph/layout'
import type { Exit } from './graph/read'
import type { Draft } from './draft'
import type { Marks } from './marks'

const TYPES = { card: Card }

type Shown = ReactFlowInstance<CardNode>

/** The smallest zoom at which a flow is opened, so that cards are readable. A larger flow opens at its start. */
const READ_ZOOM = 0.8
/** A flow with more nodes than this gets an overview map. */
const FEW_NODES = 6

/** Shows the whole flow if it is readable at that zoom, otherwise its beginning. */
async function open(canvas: Shown, start: string) {
  await canvas.fitView({ maxZoom: 1, padding: 0.06 })
  const first = canvas.getNode(start)
  if (canvas.getZoom() >= READ_ZOOM || first === undefined) return
  await canvas.setViewport({ x: 24 - first.position.x * READ_ZOOM, y: 24 - first.position.y * READ_ZOOM, zoom: READ_ZOOM })
}

/** Scrolls a node that is not completely visible to the center. */
function bring(canvas: Shown, name: string, frame: DOMRect) {
  const node = canvas.getNode(name)
  if (node === undefined) return
  const [width, height] = [node.measured?.width ?? 0, node.measured?.height ?? 0]
  const from = canvas.flowToScreenPosition(node.position)
  const to = canvas.flowToScreenPosition({ x: node.position.x + width, y: node.position.y + height })
  if (from.x >= frame.left && from.y >= frame.top && to.x <= frame.right && to.y <= frame.bottom) return
  void canvas.setCenter(node.position.x + width / 2, node.position.y + height / 2, { zoom: Math.max(canvas.getZoom(), READ_ZOOM) })
}

interface Props {
  draft: Draft
  marks: Marks
  chosen: string | undefined
  onChoose: (name: string | undefined) => void
}

export function Canvas({ draft, marks, chosen, onChoose }: Props) {
  const { t } = useTranslation()
  const isDark = useIsDark()
  const { flow, edit } = draft
  const frame = useRef<HTMLDivElement>(null)
  const [canvas, setCanvas] = useState<Shown | null>(null)
  useEffect(() => {
    if (canvas !== null && chosen !== undefined && frame.current !== null) bring(canvas, chosen, frame.current.getBoundingClientRect())
  }, [canvas, chosen])
  // The canvas's knowledge of nodes: measured sizes, and the position of a dragged one.
  const [moved, setMoved] = useState<CardNode[]>([])
  const [dragged, setDragged] = useState<ReadonlySet<string>>(new Set())
  // The positions that a user chose; the file stores none.
  const [fixed, setFixed] = useState<ReadonlyMap<string, Place>>(new Map())
  const measured = useMemo(() => new Map(moved.flatMap((one) => (one.measured?.height === undefined ? [] : [[one.id, one.measured.height] as const]))), [moved])
  const places = useMemo(() => laidOut(flow, measured, fixed), [flow, measured, fixed])
  const nodes = useMemo<CardNode[]>(
    () =>
      flow.nodes.map((node) => {
        const before = moved.find((one) => one.id === node.name)
        return {
          ...before,
          id: node.name,
          type: 'card',
          position: (dragged.has(node.name) ? before?.position : undefined) ?? places.get(node.name) ?? { x: 0, y: 0 },
          data: { node, mark: marks.of(node.name), isStart: node.name === flow.start },
          selected: node.name === chosen,
          deletable: node.isWritten,
          ariaLabel: t('flows.nodeName', { name: node.name }),
        }
      }),
    [flow, places, moved, dragged, marks, chosen, t],
  )
  const edges = useMemo<Edge[]>(
    () =>
      flow.nodes.flatMap((node) =>
        node.exits.map((exit) => ({
          id: `${node.name} ${exit.member}`,
          source: node.name,
          sourceHandle: exit.member,
          target: exit.to,
          deletable: false,
          className: marks.wayOf(node.name, exit.to),
          ariaLabel: t('flows.wayOf', { from: node.name, to: exit.to }),
        })),
      ),
    [flow, marks, t],
  )
  const spoken = useMemo(
    () => ({
      'controls.zoomIn.ariaLabel': t('flows.zoomIn'),
      'controls.zoomOut.ariaLabel': t('flows.zoomOut'),
      'controls.fitView.ariaLabel': t('flows.fitView'),
      'node.a11yDescription.default': t('flows.nodeKeys'),
      'edge.a11yDescription.default': t('flows.wayKeys'),
    }),
    [t],
  )
  const exitOf = (from: string, member: string | null | undefined): Exit | undefined =>
    flow.nodes.find((node) => node.name === from && node.isWritten)?.exits.find((exit) => exit.member === member)
  const lead = (way: Connection) => {
    const exit = exitOf(way.source, way.sourceHandle)
    if (exit) edit((text) => setMember(text, exit.path, way.target))
  }
  const change = (changes: NodeChange<CardNode>[]) => {
    for (const one of changes) if (one.type === 'select' && one.selected) onChoose(one.id)
    const kept = changes.filter((one) => one.type === 'position' || one.type === 'dimensions')
    if (kept.length > 0) setMoved(applyNodeChanges(kept, nodes))
    const moves = changes.filter((one) => one.type === 'position')
    if (moves.length === 0) return
    setDragged(new Set(moves.filter((one) => one.dragging === true).map((one) => one.id)))
    const put = moves.flatMap((one) => (one.dragging === true || one.position === undefined ? [] : [[one.id, one.position] as const]))
    if (put.length > 0) setFixed(new Map([...fixed, ...put]))
  }
  return (
    <div className="flow-canvas" ref={frame} role="region" aria-label={t('flows.canvas')}>
      <ReactFlow<CardNode>
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        colorMode={isDark ? 'dark' : 'light'}
        onInit={(canvas) => void open(canvas, flow.start).then(() => setCanvas(canvas))}
        minZoom={0.1}
        onlyRenderVisibleElements={flow.nodes.length > 80}
        onNodesChange={change}
        onNodeClick={(_, node) => onChoose(node.id)}
        onNodesDelete={(gone) => edit((text) => gone.reduce((now, node) => removeNode(now, node.id), text))}
        onConnect={lead}
        onReconnect={(_, way) => lead(way)}
        deleteKeyCode="Delete"
        proOptions={{ hideAttribution: true }}
        ariaLabelConfig={spoken}
      >
        <Background />
        <Controls showInteractive={false} aria-label={t('flows.zoom')} />
        {flow.nodes.length > FEW_NODES && <MiniMap pannable zoomable position="bottom-left" ariaLabel={t('flows.overview')} style={{ width: 150, height: 96, left: 44 }} />}
      </ReactFlow>
    </div>
  )
}
