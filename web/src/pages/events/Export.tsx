// Downloads the events of a filter: as stored, sealed, one line each in the order of the log; and, for users who may
// export, the server's table of all events, which is logged.
import { Button } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { addressOf, get, send } from '../../api/client'
import type { EventSearch } from '../../app/deskRoutes'
import { useMay } from '../../app/session'
import { takeFile } from '../../app/takeAway'
import { Refused } from '../../components/States'
import { Take } from '../../components/Take'

const PAGE = 1000
/** Most pages in one file; larger parts of a log are copied with a backup. */
const PAGES_MAX = 50

export function Export({ filter, after }: { filter: EventSearch; after: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const [isTaking, setTaking] = useState(false)
  const [said, setSaid] = useState<string | null>(null)
  const [refused, setRefused] = useState<unknown>(null)
  const take = async () => {
    setTaking(true)
    setRefused(null)
    setSaid(null)
    try {
      const lines: string[] = []
      let next = after
      let isWhole = false
      for (let page = 0; page < PAGES_MAX && !isWhole; page += 1) {
        const read = await get('/api/v1/events', [], { ...filter, after: next, limit: PAGE })
        lines.push(...read.items.map((one) => JSON.stringify(one)))
        isWhole = read.next === next
        next = read.next
      }
      takeFile('events.jsonl', `${lines.join('\n')}\n`, 'application/jsonl')
      setSaid(t(isWhole ? 'events.taken' : 'events.takenPart', { count: lines.length, position: next }))
    } catch (why) {
      setRefused(why)
    } finally {
      setTaking(false)
    }
  }
  return (
    <>
      <Button loading={isTaking} onClick={() => void take()}>{t('events.take')}</Button>
      {may('exports:read') && <Take name="events.csv" ask={() => send(addressOf('/api/v1/exports/{what}', ['events'], { format: 'csv', campaign: filter.campaign }), {})}>{t('events.takeTable')}</Take>}
      {said !== null && <span role="status" className="muted">{said}</span>}
      {refused !== null && <Refused why={refused} />}
    </>
  )
}
