// The coverage of the published version by real calls, marked on its nodes and edges.
import { useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useTranslation } from 'react-i18next'
import { get } from '../../../api/client'
import { count, percent } from '../../../app/format'
import { Age } from '../../../components/Figure'
import { Refused } from '../../../components/States'
import type { Coverage } from '../marks'

interface Props {
  id: string
  version: number
  shown: Coverage | undefined
  onShow: (coverage: Coverage | undefined) => void
}

export function CoveragePanel({ id, version, shown, onShow }: Props) {
  const { t } = useTranslation()
  const coverage = useQuery({
    queryKey: ['flow-coverage', id, version],
    queryFn: () => get('/api/v1/flows/{id}/coverage', [id], { version }),
    retry: false,
  })
  const told = coverage.data
  return (
    <div className="flow-form">
      {coverage.error && <Refused why={coverage.error} again={() => void coverage.refetch()} />}
      {told && (
        <>
          <dl className="pairs">
            <dt>{t('flows.calls')}</dt><dd>{count(told.calls)}</dd>
            <dt>{t('flows.talked')}</dt><dd>{count(told.talked)}</dd>
            <dt>{t('flows.nodesSeen')}</dt><dd>{`${told.nodes.seen}/${told.nodes.all} · ${percent(told.nodes.coverage_ratio)}`}</dd>
            <dt>{t('flows.waysSeen')}</dt><dd>{`${told.edges.seen}/${told.edges.all} · ${percent(told.edges.coverage_ratio)}`}</dd>
            <dt>{t('flows.missed')}</dt><dd className="mono">{[...told.nodes.missed, ...told.edges.missed].join(' · ')}</dd>
          </dl>
          <div className="head">
            <Button onClick={() => onShow(shown === undefined ? told : undefined)}>{shown === undefined ? t('flows.paint') : t('flows.unpaint')}</Button>
            <Age at={coverage.dataUpdatedAt} />
          </div>
        </>
      )}
    </div>
  )
}
