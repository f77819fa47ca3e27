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
  const reply = coverage.data
  return (
    <div className="flow-form">
      {coverage.error && <Refused why={coverage.error} again={() => void coverage.refetch()} />}
      {reply && (
        <>
          <dl className="pairs">
            <dt>{t('flows.calls')}</dt><dd>{count(reply.calls)}</dd>
            <dt>{t('flows.talked')}</dt><dd>{count(reply.talked)}</dd>
            <dt>{t('flows.nodesSeen')}</dt><dd>{`${reply.nodes.seen}/${reply.nodes.all} · ${percent(reply.nodes.coverage_ratio)}`}</dd>
            <dt>{t('flows.waysSeen')}</dt><dd>{`${reply.edges.seen}/${reply.edges.all} · ${percent(reply.edges.coverage_ratio)}`}</dd>
            <dt>{t('flows.missed')}</dt><dd className="mono">{[...reply.nodes.missed, ...reply.edges.missed].join(' · ')}</dd>
          </dl>
          <div className="head">
            <Button onClick={() => onShow(shown === undefined ? reply : undefined)}>{shown === undefined ? t('flows.paint') : t('flows.unpaint')}</Button>
            <Age at={coverage.dataUpdatedAt} />
          </div>
        </>
      )}
    </div>
  )
}
