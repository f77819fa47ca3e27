// A button that downloads a file. It shows progress while the server makes the file, and the reason if it is refused.
import { Button } from 'antd'
import { useState } from 'react'
import { takeReply } from '../app/takeAway'
import { Refused } from './States'

interface Props {
  /** The label of the button. */
  children: string
  /** The file name, if the server gives none. */
  name: string
  isSmall?: boolean
  isReady?: boolean
  /** Requests the file; `approval` is the approval of another person, if it was needed. */
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
