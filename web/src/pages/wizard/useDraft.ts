// Keeps what is filled in as a draft of whoever is signed in: at each step, and again by itself while it could not be kept.
// Another's save of the same draft is shown beside ours, and neither is lost.
import { useCallback, useEffect, useRef, useState } from 'react'
import { get, post, Problem } from '../../api/client'
import { put } from '../../api/versions'
import { readFilled, type Filled } from './filled'

/** How long until a save that did not come through is tried again. */
const AGAIN_MS = 5_000

export type Kept =
  | { as: 'nothing' }
  | { as: 'saving' }
  | { as: 'kept'; at: number }
  | { as: 'away'; since: number; why: unknown }
  | { as: 'refused'; why: unknown }

export interface Theirs {
  filled: Filled
  etag: string
  savedAt: string
}

interface Place {
  id: string
  etag: string
}

export function useDraft(opened: string | undefined, onOpened: (filled: Filled) => void, onBegun: (id: string) => void) {
  const place = useRef<Place | null>(null)
  const wanted = useRef<Filled | null>(null)
  const isBusy = useRef(false)
  const [kept, setKept] = useState<Kept>({ as: 'nothing' })
  const [theirs, setTheirs] = useState<Theirs | null>(null)
  const [missing, setMissing] = useState<unknown>(null)
  const tellOpened = useRef(onOpened)
  const tellBegun = useRef(onBegun)

  useEffect(() => {
    if (opened === undefined || place.current?.id === opened) return
    let isOver = false
    get('/api/v1/drafts/{id}', [opened])
      .then((draft) => {
        if (isOver) return
        place.current = { id: draft.id, etag: draft.etag }
        setKept({ as: 'kept', at: Date.parse(draft.saved_at) })
        tellOpened.current(readFilled(draft.body))
      })
      .catch((why: unknown) => {
        if (!isOver) setMissing(why)
      })
    return () => {
      isOver = true
    }
  }, [opened])

  const send = useCallback(async () => {
    if (isBusy.current) return
    isBusy.current = true
    try {
      while (wanted.current !== null) {
        const filled = wanted.current
        setKept((before) => (before.as === 'away' ? before : { as: 'saving' }))
        await keep(filled)
        if (wanted.current === filled) wanted.current = null
        setKept({ as: 'kept', at: Date.now() })
      }
    } catch (why) {
      const status = why instanceof Problem ? why.status : 0
      if (status === 412) {
        setTheirs(await fetched(place.current?.id))
      } else if (status === 0 || status === 401 || status === 429 || status >= 500) {
        setKept((before) => (before.as === 'away' ? { ...before, why } : { as: 'away', since: Date.now(), why }))
      } else {
        // Asked again it would be refused again; what is typed stays here.
        wanted.current = null
        setKept({ as: 'refused', why })
      }
    } finally {
      isBusy.current = false
    }
  }, [])

  const keep = async (filled: Filled) => {
    const order = { title: filled.taskId === '' ? '–' : filled.taskId, body: { ...filled } }
    if (place.current === null) {
      const { told } = await post('/api/v1/drafts', [], { kind: 'campaign', ...order })
      place.current = { id: told.id, etag: told.etag }
      tellBegun.current(told.id)
      return
    }
    const { told } = await put('/api/v1/drafts/{id}', [place.current.id], place.current.etag, order)
    place.current = { id: told.id, etag: told.etag }
  }

  const save = useCallback(
    (filled: Filled) => {
      wanted.current = filled
      void send()
    },
    [send],
  )

  const isAway = kept.as === 'away'
  useEffect(() => {
    if (!isAway) return
    const trying = setInterval(() => void send(), AGAIN_MS)
    return () => clearInterval(trying)
  }, [isAway, send])

  /** Ours goes over theirs, knowingly. */
  const keepOurs = () => {
    if (theirs === null || place.current === null) return
    place.current = { ...place.current, etag: theirs.etag }
    setTheirs(null)
    void send()
  }
  const takeTheirs = (): Filled | null => {
    if (theirs === null || place.current === null) return null
    place.current = { ...place.current, etag: theirs.etag }
    wanted.current = null
    setTheirs(null)
    setKept({ as: 'kept', at: Date.parse(theirs.savedAt) })
    return theirs.filled
  }
  /** Once it is a campaign, nothing is kept of it. */
  const remove = async () => {
    wanted.current = null
    const id = place.current?.id
    place.current = null
    if (id !== undefined) await post('/api/v1/drafts/{id}/remove', [id])
  }
  return { kept, theirs, missing, save, keepOurs, takeTheirs, remove }
}

async function fetched(id: string | undefined): Promise<Theirs | null> {
  if (id === undefined) return null
  const draft = await get('/api/v1/drafts/{id}', [id])
  return { filled: readFilled(draft.body), etag: draft.etag, savedAt: draft.saved_at }
}
