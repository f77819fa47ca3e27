// A button that takes a file away: while the server makes it, it says so; where it refuses, why.
import { Button } from 'antd'
import { useState } from 'react'
import { takeReply } from '../app/takeAway'
import { Refused } from './States'

interface Props {
  /** What the button is called. */
  children: string
  /** Its name where the server has none. */
  name: string
  isSmall?: boolean
  isReady?: boolean
  /** Asks for the file; `approval` is another person's, where it needed one. */
  ask: (approval: string | null) => Promise<Response>
}

export function Take({ children, name, isSmall = false, isReady = true, ask }: Props) {
  const [isTaking, setTaking] = useState(false)
  const [refused, setRefused] = useState<unknown>(null)
  const take = async (approval: string | null = null) => {
    setTaking(true)
    setRefused(null)
    try {
      await takeReply(await ask(approval), name)
    } catch (why) {
      setRefused(why)
    } finally {
      setTaking(false)
    }
  }
  return (
    <>
      <Button size={isSmall ? 'small' : 'middle'} loading={isTaking} disabled={!isReady} onClick={() => void take()}>{children}</Button>
      {refused !== null && <Refused why={refused} approved={(approval) => void take(approval)} />}
    </>
  )
}
