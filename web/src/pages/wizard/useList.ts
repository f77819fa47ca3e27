// The server's reading of a chosen file of people, repeated when the plan or mapping against which it is checked
// changes.
import { useEffect, useState } from 'react'
import { upload } from '../../api/client'
import type { paths } from '../../../made/schema'
import { mapText, type Filled } from './filled'

type Tried = paths['/api/v1/lists/dry-run']['post']['responses'][200]['content']['application/json']

export interface Looked {
  hasFile: boolean
  isLooking: boolean
  reply: Tried | null
  why: unknown
}

export function useList(file: File | null, { map, encoding, preset, basis, flow }: Filled): Looked {
  const [looked, setLooked] = useState<Omit<Looked, 'hasFile'>>({ isLooking: false, reply: null, why: null })
  const said = mapText(map)
  useEffect(() => {
    if (file === null) {
      setLooked({ isLooking: false, reply: null, why: null })
      return
    }
    let isOver = false
    setLooked((before) => ({ ...before, isLooking: true }))
    const query = { map: said, encoding, source: file.name, preset, basis, flow_version: flow }
    upload('/api/v1/lists/dry-run', [], query, file)
      .then(({ reply }) => {
        if (!isOver) setLooked({ isLooking: false, reply, why: null })
      })
      .catch((why: unknown) => {
        if (!isOver) setLooked({ isLooking: false, reply: null, why })
      })
    return () => {
      isOver = true
    }
  }, [file, said, encoding, preset, basis, flow])
  return { hasFile: file !== null, ...looked }
}

