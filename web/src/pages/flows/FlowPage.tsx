// One flow: where its text comes from (a version, a flow that ships, a file of somebody's), then the designer on it.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { stringify } from 'yaml'
import { get } from '../../api/client'
import { Missing, Refused, Waiting } from '../../components/States'
import { Designer } from './Designer'
import { readKept } from './kept'
import { openedText } from './opened'

const here = getRouteApi('/flows/$id')

/** A definition as a file: what is stored has no comments, and its members stand in their fixed order. */
function written(definition: unknown): string {
  return stringify(definition, { lineWidth: 0 })
}

export function FlowPage() {
  const { id } = here.useParams()
  const { from, version, draft } = here.useSearch()
  const source = useQuery({
    queryKey: ['flow-source', id, from, version, draft],
    queryFn: async () => {
      if (draft !== undefined) {
        const kept = await readKept(draft)
        return { text: kept.source, version: kept.version, hash: undefined, kept: { place: draft, etag: kept.etag, at: kept.at, text: kept.source } }
      }
      if (from === 'file') return { text: openedText(id), version: undefined, hash: undefined, kept: undefined }
      if (from === 'shipped') {
        const told = await get('/api/v1/flow-files/{name}', [id])
        return { text: told.source, version: undefined, hash: undefined, kept: undefined }
      }
      const told = await get('/api/v1/flows/{id}', [id], { version })
      return { text: written(told.definition), version: told.version, hash: told.content_hash, kept: undefined }
    },
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  })
  if (source.isPending) return <Waiting />
  // What was opened stays open, whatever becomes of the question when it is asked again.
  if (source.error && source.data === undefined) return <Refused why={source.error} again={() => void source.refetch()} />
  const { text, version: shown, hash, kept } = source.data
  if (text === undefined) return <Missing />
  return <Designer key={`${id} ${from ?? ''} ${version ?? ''} ${draft ?? ''}`} id={id} text={text} version={shown} hash={hash} kept={kept} />
}
