// The draft of a page: its text with undo and redo, the graph that it is, and what the server finds of it.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useReducer, useState } from 'react'
import { ask } from '../../api/client'
import { begun, stepped } from './graph/history'
import { NotEdited } from './graph/edit'
import { readFlow, type FlowRead } from './graph/read'

/** How long somebody types before the server is asked. */
const PAUSE_MS = 300

export type Checked = Awaited<ReturnType<typeof ask<'/api/v1/flow-files/check'>>>

export interface Draft {
  text: string
  flow: FlowRead
  checked: Checked | undefined
  checkError: Error | null
  /** What the server found is of this very text. */
  isChecked: boolean
  isTouched: boolean
  refused: string | null
  canUndo: boolean
  canRedo: boolean
  undo: () => void
  redo: () => void
  /** Takes a change of the text; one that cannot be made changes nothing and says so. */
  edit: (change: (text: string) => string) => void
}

function useLater(text: string): string {
  const [later, setLater] = useState(text)
  useEffect(() => {
    const waiting = setTimeout(() => setLater(text), PAUSE_MS)
    return () => clearTimeout(waiting)
  }, [text])
  return later
}

export function useDraft(first: string, against: string | undefined): Draft {
  const [kept, step] = useReducer(stepped, first, begun)
  const [refused, refuse] = useState<string | null>(null)
  const text = kept.now
  const later = useLater(text)
  const check = useQuery({
    queryKey: ['flow-check', later, against],
    queryFn: ({ signal }) => ask('/api/v1/flow-files/check', [], { source: later, against: against ?? null }, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 10_000,
    retry: false,
    enabled: later.trim() !== '',
  })
  const definition = check.data?.definition
  const flow = useMemo(() => readFlow(text, definition), [text, definition])
  const edit = (change: (text: string) => string) => {
    try {
      step({ write: change(text) })
      refuse(null)
    } catch (error) {
      if (!(error instanceof NotEdited)) throw error
      refuse(error.message)
    }
  }
  return {
    text,
    flow,
    checked: check.data,
    checkError: check.error,
    isChecked: later === text && check.isSuccess && !check.isPlaceholderData,
    isTouched: text !== first,
    refused,
    canUndo: kept.past.length > 0,
    canRedo: kept.future.length > 0,
    undo: () => step('undo'),
    redo: () => step('redo'),
    edit,
  }
}
