// The card of one node: kind and name, text, exits, and its faults and advice. It is readable at the smallest zoom at
// which a flow is opened.
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { saidBy } from './graph/layout'
import type { FlowNode } from './graph/read'
import type { Mark } from './marks'

export type CardNode = Node<{ node: FlowNode; mark: Mark; isStart: boolean }, 'card'>

/** Most characters of a text on a card. Three lines of them are visible; the panel shows the whole text. */
const SHOWN_MAX = 120

/** The label of an exit: a translated condition, or a name from the flow. */
function Way({ member }: { member: string }) {
  const { t, i18n } = useTranslation()
  const [head = '', rest = ''] = member.split('.')
  if (head === 'keys') return t('flowExit.keys', { key: rest })
  if (/^\d+$/.test(rest) && i18n.exists(`flowExit.${head}`)) return t(`flowExit.${head}`, { count: Number(rest) + 1 })
  if (head === 'intents') return <span className="data">{member.slice('intents.'.length)}</span>
  return i18n.exists(`flowExit.${head}`) ? t(`flowExit.${head}`) : <span className="data">{member}</span>
}

function Badges({ node, mark, isStart }: CardNode['data']) {
  const { t } = useTranslation()
  const outcome = node.kind === 'end' ? node.body['outcome'] : undefined
  const all: [string, string, ReactNode][] = []
  if (isStart) all.push(['start', 'c-line', t('flows.start')])
  if (typeof outcome === 'string') all.push(['outcome', '', t(`outcome.${outcome}`, { defaultValue: outcome })])
  if (mark.calls !== undefined) all.push(['calls', mark.calls === 0 ? '' : 'c-line', t('flows.callsOf', { count: mark.calls })])
  if (mark.parts) all.push(['parts', 'c-amber', t('flows.parts')])
  if (mark.faults > 0) all.push(['faults', 'c-red', t('flows.faultsOf', { count: mark.faults })])
  if (mark.advice > 0) all.push(['advice', 'c-amber', t('flows.adviceOf', { count: mark.advice })])
  return all.map(([name, tone, words]) => <span key={name} className={`flow-badge ${tone}`}>{words}</span>)
}

export function Card({ data, selected }: NodeProps<CardNode>) {
  const { t } = useTranslation()
  const { node, mark } = data
  const words = saidBy(node)
  const seen = mark.seen === undefined ? '' : mark.seen ? ' seen' : ' missed'
  return (
    <div className={`flow-card${selected ? ' chosen' : ''}${node.isWritten ? '' : ' made'}${seen}`}>
      <Handle type="target" position={Position.Left} isConnectable={node.isWritten} />
      <header>
        <span className="flow-kind">{t(`flowKind.${node.kind}`, { defaultValue: node.kind })}</span>
        <Badges {...data} />
      </header>
      <div className="flow-name data">{node.name}</div>
      {words !== '' && <p className="data">{words.slice(0, SHOWN_MAX)}</p>}
      {node.exits.map((exit) => (
        <div key={exit.member} className="flow-exit" data-value={`${exit.member} → ${exit.to}`} title={`${exit.member} → ${exit.to}`}>
          <Way member={exit.member} />
          <Handle id={exit.member} type="source" position={Position.Right} isConnectable={node.isWritten} />
        </div>
      ))}
    </div>
  )
}
