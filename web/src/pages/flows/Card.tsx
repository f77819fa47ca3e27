// One node as it is drawn: its kind and name, what it says, where it leads, and what was found of it.
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import { useTranslation } from 'react-i18next'
import type { FlowNode } from './graph/read'
import type { Mark } from './marks'

export type CardNode = Node<{ node: FlowNode; mark: Mark; isStart: boolean }, 'card'>

/** Most characters of a text on a card; the panel has it whole. */
const SHOWN_MAX = 46

export function Card({ data: { node, mark, isStart }, selected }: NodeProps<CardNode>) {
  const { t } = useTranslation()
  const said = node.body['text']
  const words = typeof said === 'string' ? said : ''
  const seen = mark.seen === undefined ? '' : mark.seen ? ' seen' : ' missed'
  return (
    <div className={`flow-card${selected ? ' chosen' : ''}${node.isWritten ? '' : ' made'}${seen}`}>
      <Handle type="target" position={Position.Left} isConnectable={node.isWritten} />
      <header>
        <span className="flow-kind">{t(`flowKind.${node.kind}`, { defaultValue: node.kind })}</span>
        {isStart && <span className="c-line">{t('flows.start')}</span>}
        {mark.calls !== undefined && <span className={mark.calls === 0 ? 'muted' : 'c-line'}>{t('flows.callsOf', { count: mark.calls })}</span>}
        {mark.parts && <span className="c-amber">{t('flows.parts')}</span>}
        {mark.faults > 0 && <span className="c-red">{t('flows.faultsOf', { count: mark.faults })}</span>}
        {mark.advice > 0 && <span className="c-amber">{t('flows.adviceOf', { count: mark.advice })}</span>}
      </header>
      <div className="flow-name data">{node.name}</div>
      {words !== '' && <p className="data">{words.length > SHOWN_MAX ? `${words.slice(0, SHOWN_MAX)}…` : words}</p>}
      {node.exits.map((exit) => (
        <div key={exit.member} className="flow-exit mono">
          {exit.member}
          <Handle id={exit.member} type="source" position={Position.Right} isConnectable={node.isWritten} />
        </div>
      ))}
    </div>
  )
}
