// The causation tree of an event: causes and effects, each below its cause.
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { get, type ResponseOf } from '../../api/client'
import { timeIn } from '../../app/format'
import { useKindWord } from '../../components/EventsLine'
import { ZONE } from '../../components/PageHead'
import { Refused, Waiting } from '../../components/States'

type Node = ResponseOf<'/api/v1/events/{id}/graph'>['nodes'][number]

/** Returns the indentation of each event: its number of steps from the first cause, at most 12. */
function depths(nodes: readonly Node[], edges: readonly { from: string; to: string }[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const node of nodes) {
    const causes = edges.filter((edge) => edge.to === node.position).map((edge) => found.get(edge.from) ?? 0)
    found.set(node.position, causes.length === 0 ? 0 : Math.min(1 + Math.max(...causes), 12))
  }
  return found
}

export function Graph({ id, onMove }: { id: string; onMove: (position: number) => void }) {
  const { t } = useTranslation()
  const word = useKindWord()
  const graph = useQuery({ queryKey: ['graph', id], queryFn: () => get('/api/v1/events/{id}/graph', [id]) })
  if (graph.error) return <Refused why={graph.error} again={() => void graph.refetch()} />
  if (graph.data === undefined) return <Waiting />
  const nodes = [...graph.data.nodes].sort((one, other) => Number(one.position) - Number(other.position))
  const deep = depths(nodes, graph.data.edges)
  return (
    <>
      <p className="muted">{t('events.graphOf', { count: nodes.length })}{graph.data.cut ? ` · ${t('events.graphCut')}` : ''}</p>
      <ul className="list scroll" style={{ gap: 0 }} aria-label={t('events.graph')}>
        {nodes.map((node) => (
          <li key={node.id} style={{ paddingLeft: 18 * (deep.get(node.position) ?? 0) }}>
            <button type="button" className={node.subject ? 'event here' : 'event'} aria-current={node.subject} onClick={() => onMove(Number(node.position))}>
              <span className="mono">{node.position}</span>
              <span>{`${(deep.get(node.position) ?? 0) > 0 ? '└ ' : ''}${word(node.kind)}`} <span className="mono muted">{node.stream}</span></span>
              <span className="muted">{timeIn(node.at, ZONE)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
