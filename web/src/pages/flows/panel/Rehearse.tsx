// A rehearsal of the draft with simulated callers from a seed: how many calls reached an end, and which parts were not
// reached.
import { useMutation } from '@tanstack/react-query'
import { Button, InputNumber } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ask } from '../../../api/client'
import { count, percent, seconds } from '../../../app/format'
import { Refused } from '../../../components/States'
import type { Draft } from '../draft'

export function Rehearse({ draft }: { draft: Draft }) {
  const { t } = useTranslation()
  const [seed, setSeed] = useState(1)
  const source = draft.text
  const run = useMutation({ mutationFn: () => ask('/api/v1/flow-files/simulate', [], { source, callers: 200, seed }) })
  const reply = run.data
  return (
    <div className="flow-form">
      <div className="head">
        <InputNumber aria-label={t('flows.seed')} min={1} max={1_000_000} precision={0} value={seed} onChange={(now) => setSeed(now ?? 1)} />
        <Button type="primary" loading={run.isPending} onClick={() => run.mutate()}>{t('flows.rehearseRun')}</Button>
      </div>
      {run.error && <Refused why={run.error} />}
      {reply && (
        <dl className="pairs">
          <dt>{t('flows.callers')}</dt><dd>{count(reply.callers)}</dd>
          <dt>{t('flows.completed')}</dt><dd>{count(reply.completed)}</dd>
          <dt>{t('flows.stuck')}</dt><dd className={reply.stuck > 0 ? 'c-red' : ''}>{count(reply.stuck)}</dd>
          <dt>{t('flows.nodesSeen')}</dt><dd>{percent(reply.node_coverage_ratio)}</dd>
          <dt>{t('flows.waysSeen')}</dt><dd>{percent(reply.edge_coverage_ratio)}</dd>
          <dt>{t('flows.longestSilence')}</dt><dd>{seconds(reply.silence_ms_max)}</dd>
          <dt>{t('flows.outcomes')}</dt><dd className="mono">{Object.entries(reply.outcomes).map(([name, one]) => `${name} ${one}`).join(' · ')}</dd>
          <dt>{t('flows.missed')}</dt><dd className="mono">{[...reply.nodes_missed, ...reply.edges_missed].join(' · ')}</dd>
        </dl>
      )}
    </div>
  )
}
