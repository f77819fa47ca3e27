// The due time of a task as a tag with text and shape: overdue is red, less than a day amber.
import { useTranslation } from 'react-i18next'
import { instantIn } from '../app/format'
import { Tag } from './Marks'
import { ZONE } from './PageHead'

export function Clock({ dueAt, isOverdue, isDone }: { dueAt: string; isOverdue: boolean; isDone: boolean }) {
  const { t } = useTranslation()
  const tone = isDone ? 'slate' : isOverdue ? 'red' : 'amber'
  return (
    <>
      <Tag tone={tone}>{t(isDone ? 'desk.done' : isOverdue ? 'desk.overdue' : 'desk.running')}</Tag> <span className="muted">{instantIn(dueAt, ZONE)}</span>
    </>
  )
}
