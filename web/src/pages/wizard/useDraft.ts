// Saves the wizard's input as a draft of the signed-in user: at each step, and repeatedly while saving fails. If the
// draft was saved elsewhere meanwhile, both versions are kept and shown.
import { useCallback, useEffect, useRef, useState } from 'react'
import { get, post, Problem } from '../../api/client'
import { isAnswered, useOnce } from '../../components/useOnce'
import { put } from '../../api/versions'
import { readFilled, wordsOf, type Filled } from './filled'

/** Delay before a failed save is repeated, in milliseconds. */
const AGAIN_MS = 5_000

export type Kept =
  | { as: 'nothing' }
  | { as: 'saving' }
  | { as: 'kept'; at: number; of: string }
  | { as: 'away'; since: number; why: unknown }
  | { as: 'refused'; why: unknown }

export interface Theirs {
  filled: Filled
  etag: string
  savedAt: string
}

interface Order {
  title: string
  body: Record<string, unknown>
}

function orderOf(filled: Filled): Order {
  return { title: filled.taskId === '' ? '–' : filled.taskId, body: { ...filled } }
}

interface Place {
  id: string
  etag: string
}

export function useDraft(opened: string | undefined, onOpened: (filled: Filled) => void, onBegun: (id: string) => void) {
  const place = useRef<Place | null>(null)
  const wanted = useRef<Filled | null>(null)
  const isBusy = useRef(false)
  const once = useRef(useOnce())
  const unanswered = useRef<Order | null>(null)
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
        const filled = readFilled(draft.body)
        setKept({ as: 'kept', at: Date.parse(draft.saved_at), of: wordsOf(filled) })
        tellOpened.current(filled)
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
        setKept({ as: 'kept', at: Date.now(), of: wordsOf(filled) })
      }
    } catch (why) {
      const status = why instanceof Problem ? why.status : 0
      if (status === 412) {
        await compare()
      } else if (status === 0 || status === 401 || status === 429 || status >= 500) {
        setKept((before) => (before.as === 'away' ? { ...before, why } : { as: 'away', since: Date.now(), why }))
      } else {
        // A repeated request would be refused again. The input stays in the page.
        wanted.current = null
        setKept({ as: 'refused', why })
      }
    } finally {
      isBusy.current = false
    }
  }, [])

  /** Reads the version that was saved elsewhere. If that fails, the save is repeated, and then this again. */
  const compare = async () => {
    try {
      setTheirs(await fetched(place.current?.id))
    } catch (why) {
      setKept((before) => (before.as === 'away' ? { ...before, why } : { as: 'away', since: Date.now(), why }))
    }
  }

  /**
   * Sends an order that got no response first, with its own key, so that it makes no second draft and does not conflict
   * with itself.
   */
  const keep = async (filled: Filled) => {
    const order = orderOf(filled)
    const before = unanswered.current
    if (before !== null) await deliver(before)
    if (JSON.stringify(before) !== JSON.stringify(order)) await deliver(order)
  }

  const deliver = async (order: Order) => {
    unanswered.current = order
    const what = JSON.stringify(order)
    try {
      if (place.current === null) {
        const { reply } = await once.current(what, (key) => post('/api/v1/drafts', [], { kind: 'campaign', ...order }, key))
        place.current = { id: reply.id, etag: reply.etag }
        tellBegun.current(reply.id)
      } else {
        const { id, etag } = place.current
        const { reply } = await once.current(`${id} ${etag} ${what}`, (key) => put('/api/v1/drafts/{id}', [id], etag, order, key))
        place.current = { id: reply.id, etag: reply.etag }
      }
      unanswered.current = null
    } catch (why) {
      if (isAnswered(why)) unanswered.current = null
      throw why
    }
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

  /** Saves our version over the other one, as the user chose. */
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
    unanswered.current = null
    setTheirs(null)
    setKept({ as: 'kept', at: Date.parse(theirs.savedAt), of: wordsOf(theirs.filled) })
    return theirs.filled
  }
  /** Removes the draft once the campaign is created. */
  const remove = async () => {
    wanted.current = null
    unanswered.current = null
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
