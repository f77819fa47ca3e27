// A value after it has stopped changing: costly work then follows only where the user stops, not each step on the way.
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
