// The graph of a flow: nodes that are moved by hand or keys, ways that are drawn from a member of one to another.
import { Background, Controls, ReactFlow, type Connection, type Edge, type NodeChange, applyNodeChanges } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useIsDark } from '../../app/preferences'
import { Card, type CardNode } from './Card'
import { removeNode, setMember } from './graph/edit'
import { laidOut } from './graph/layout'
import type { Exit } from './graph/read'
import type { Draft } from './draft'
import type { Marks } from './marks'

const TYPES = { card: Card }

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
  // Where somebody put a node; a file holds no places.
  const [moved, setMoved] = useState<CardNode[]>([])
  const places = useMemo(() => laidOut(flow), [flow])
  const nodes = useMemo<CardNode[]>(
    () =>
      flow.nodes.map((node) => {
        const before = moved.find((one) => one.id === node.name)
        return {
          ...before,
          id: node.name,
          type: 'card',
          position: before?.position ?? places.get(node.name) ?? { x: 0, y: 0 },
          data: { node, mark: marks.of(node.name), isStart: node.name === flow.start },
          selected: node.name === chosen,
          deletable: node.isWritten,
          ariaLabel: t('flows.nodeName', { name: node.name }),
        }
      }),
    [flow, places, moved, marks, chosen, t],
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
        })),
      ),
    [flow, marks],
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
  }
  return (
    <div className="flow-canvas" role="region" aria-label={t('flows.canvas')}>
      <ReactFlow<CardNode>
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        colorMode={isDark ? 'dark' : 'light'}
        fitView
        fitViewOptions={{ maxZoom: 1, minZoom: 0.35 }}
        minZoom={0.1}
        onlyRenderVisibleElements={flow.nodes.length > 80}
        onNodesChange={change}
        onNodeClick={(_, node) => onChoose(node.id)}
        onNodesDelete={(gone) => edit((text) => gone.reduce((now, node) => removeNode(now, node.id), text))}
        onConnect={lead}
        onReconnect={(_, way) => lead(way)}
        deleteKeyCode="Delete"
        proOptions={{ hideAttribution: true }}
      >
        <Background />
        <Controls showInteractive={false} aria-label={t('flows.zoom')} />
      </ReactFlow>
    </div>
  )
}
