// The footer of a long list: how much is loaded, and a button to load more without scrolling.
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Long } from '../api/long'
import { Refused } from './States'

export function ReadOn<Row>({ list }: { list: Long<Row> }) {
  const { t } = useTranslation()
  const { rows, hasMore, isFull, isReading, isStill, more, again } = list
  return (
    <>
      {list.error !== null && rows.length > 0 && <Refused why={list.error} again={more} />}
      <div className="head long-foot">
        <span className="muted">{t(isFull ? 'long.full' : isReading ? 'long.reading' : hasMore ? 'long.more' : 'long.all', { count: rows.length })}</span>
        {hasMore && <Button size="small" disabled={isReading} onClick={more}>{t('long.next')}</Button>}
        {isStill && <Button size="small" onClick={again}>{t('long.again')}</Button>}
      </div>
    </>
  )
}
