// The differences between the draft and a published version: added, changed and removed parts.
import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../../api/client'
import { Word } from '../../../components/Marks'
import { Empty } from '../../../components/States'
import type { Draft } from '../draft'

interface Props {
  draft: Draft
  id: string
  base: number | undefined
  onBase: (version: number) => void
}

const TONES = { added: 'line', changed: 'amber', removed: 'red' } as const

/** Queries the versions of a flow. A flow that is not published has none. */
export function useVersions(id: string, isPublished: boolean) {
  return useQuery({
    queryKey: ['flow-versions', id],
    queryFn: () => get('/api/v1/flows/{id}/versions', [id]),
    enabled: isPublished,
    retry: false,
  })
}

export function Differences({ draft, id, base, onBase }: Props) {
  const { t } = useTranslation()
  const versions = useVersions(id, base !== undefined)
  const found = draft.checked?.differences
  return (
    <div className="flow-form">
      <Select
        aria-label={t('flows.against')}
        placeholder={t('flows.against')}
        value={base ?? null}
        options={(versions.data?.items ?? []).map((one) => ({ value: one.version, label: `${id}@${one.version}` }))}
        onChange={(version: number | null) => {
          if (version !== null) onBase(version)
        }}
      />
      {base === undefined && <Empty what={t('flows.noBase')} />}
      {base !== undefined && found?.length === 0 && <Empty what={t('flows.noDifference')} />}
      {(found ?? []).map((one) => (
        <details key={one.part}>
          <summary><Word tone={TONES[one.change]}>{t(`flowChange.${one.change}`)}</Word> <span className="mono">{one.part}</span></summary>
          <pre className="mono flow-before">{one.before === null ? '' : JSON.stringify(one.before, null, 1)}</pre>
          <pre className="mono flow-after">{one.after === null ? '' : JSON.stringify(one.after, null, 1)}</pre>
        </details>
      ))}
    </div>
  )
}
