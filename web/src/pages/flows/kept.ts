// A flow draft stored on the server for its author: the text of the file, and the version that it is based on. If it
// was saved elsewhere meanwhile, both texts are kept.
import { useRef, useState } from 'react'
import { get, post, Problem } from '../../api/client'
import { put } from '../../api/versions'
import { useOnce } from '../../components/useOnce'

export interface KeptFlow {
  flow: string
  source: string
  version?: number | undefined
}

export type Standing =
  | { as: 'nothing' }
  | { as: 'saving' }
  | { as: 'kept'; at: number; text: string }
  | { as: 'elsewhere'; at: number; source: string; etag: string }
  | { as: 'refused'; why: unknown }

/** Returns the draft with this id. */
export async function readKept(place: string): Promise<KeptFlow & { etag: string; at: number }> {
  const draft = await get('/api/v1/drafts/{id}', [place])
  const body = draft.body as Partial<KeptFlow>
  return { flow: String(body.flow ?? ''), source: String(body.source ?? ''), version: body.version, etag: draft.etag, at: Date.parse(draft.saved_at) }
}

export function useKept(opened: { place: string; etag: string; at: number; text: string } | undefined, onBegun: (place: string) => void) {
  const place = useRef(opened === undefined ? null : { id: opened.place, etag: opened.etag })
  const [standing, setStanding] = useState<Standing>(opened === undefined ? { as: 'nothing' } : { as: 'kept', at: opened.at, text: opened.text })
  const once = useOnce()
  const save = async ({ flow, source, version }: KeptFlow) => {
    setStanding({ as: 'saving' })
    const order = { title: version === undefined ? flow : `${flow}@${version.toString()}`, body: { flow, source, ...(version === undefined ? {} : { version }) } }
    const to = place.current
    try {
      if (to === null) {
        const { reply } = await once(JSON.stringify(order), (key) => post('/api/v1/drafts', [], { kind: 'flow', ...order }, key))
        place.current = { id: reply.id, etag: reply.etag }
        onBegun(reply.id)
        setStanding({ as: 'kept', at: Date.parse(reply.saved_at), text: source })
        return
      }
      const { reply } = await once(`${to.etag} ${JSON.stringify(order)}`, (key) => put('/api/v1/drafts/{id}', [to.id], to.etag, order, key))
      place.current = { id: to.id, etag: reply.etag }
      setStanding({ as: 'kept', at: Date.parse(reply.saved_at), text: source })
    } catch (why) {
      if (to === null || !(why instanceof Problem && why.status === 412)) return setStanding({ as: 'refused', why })
      const theirs = await readKept(to.id)
      setStanding({ as: 'elsewhere', at: theirs.at, source: theirs.source, etag: theirs.etag })
    }
  }
  /** Saves over a version that was saved elsewhere, after its text was shown. */
  const over = (theirs: { etag: string; at: number; source: string }) => {
    if (place.current !== null) place.current = { id: place.current.id, etag: theirs.etag }
    setStanding({ as: 'kept', at: theirs.at, text: theirs.source })
  }
  return { standing, save, over }
}
