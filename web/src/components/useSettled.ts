// A value once it stands still: what costs much to make follows where somebody stops, and not each step on the way there.
import { useEffect, useState } from 'react'

const STILL_MS = 150

export function useSettled<Value>(value: Value): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const waiting = setTimeout(() => setSettled(value), STILL_MS)
    return () => clearTimeout(waiting)
  }, [value])
  return settled
}
