// The head of a page: title, rehearsal mark, actions, and the time of its data.
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useReady } from '../api/queries'
import { Age } from './Figure'
import { Tag } from './Marks'

export const ZONE = 'Asia/Shanghai'

interface Props {
  title: string
  /** The purpose of the page in one sentence. */
  about: string
  at: number
  position?: string | null | undefined
  children?: ReactNode
}

export function PageHead({ title, about, at, position, children }: Props) {
  const { t } = useTranslation()
  const ready = useReady()
  return (
    <div className="head">
      <h1>{title}</h1>
      {ready.data?.rehearsal === true && <Tag tone="amber">{t('top.rehearsalShort')}</Tag>}
      <span className="muted">{about}</span>
      <span className="spread" />
      <Age at={at} position={position} />
      {children}
    </div>
  )
}
