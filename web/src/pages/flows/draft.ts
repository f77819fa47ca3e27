// The editing state of a flow: its text with undo and redo, its graph, and the server's findings.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useReducer, useState } from 'react'
import { ask } from '../../api/client'
import { begun, stepped } from './graph/history'
import { NotEdited } from './graph/edit'
import { readFlow, type FlowRead } from './graph/read'

/** Pause in typing before the server checks the text, in milliseconds. */
const PAUSE_MS = 300

export type Checked = Awaited<ReturnType<typeof ask<'/api/v1/flow-files/check'>>>

export interface Draft {
  text: string
  flow: FlowRead
  checked: Checked | undefined
  checkError: Error | null
  /** The server's findings are about the current text. */
  isChecked: boolean
  isTouched: boolean
  refused: string | null
  canUndo: boolean
  canRedo: boolean
  undo: () => void
  redo: () => void
  /** Applies a change to the text. A change that is not possible leaves the text unchanged and sets the reason. */
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
