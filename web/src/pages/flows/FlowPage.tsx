// The page of one flow: finds the source of its text (a version, a shipped flow or a user's file), then opens the
// designer.
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { stringify } from 'yaml'
import { get } from '../../api/client'
import { Missing, Refused, Waiting } from '../../components/States'
import { Designer } from './Designer'
import { readKept } from './kept'
import { openedText } from './opened'

const here = getRouteApi('/flows/$id')

/** Returns a stored definition as YAML, without comments and with members in a fixed order. */
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
        const reply = await get('/api/v1/flow-files/{name}', [id])
        return { text: reply.source, version: undefined, hash: undefined, kept: undefined }
      }
      const reply = await get('/api/v1/flows/{id}', [id], { version })
      return { text: written(reply.definition), version: reply.version, hash: reply.content_hash, kept: undefined }
    },
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  })
  if (source.isPending) return <Waiting />
  // An opened flow stays open even if a later refresh fails.
  if (source.error && source.data === undefined) return <Refused why={source.error} again={() => void source.refetch()} />
  const { text, version: shown, hash, kept } = source.data
  if (text === undefined) return <Missing />
  return <Designer key={`${id} ${from ?? ''} ${version ?? ''} ${draft ?? ''}`} id={id} text={text} version={shown} hash={hash} kept={kept} />
}
