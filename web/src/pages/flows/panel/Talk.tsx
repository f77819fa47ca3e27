// A conversation in text with the draft, turn by turn. No call is placed, and nothing is stored.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ask } from '../../../api/client'
import { Refused } from '../../../components/States'
import type { Draft } from '../draft'

type Asked = Parameters<typeof ask<'/api/v1/flow-files/talk'>>[2]
type Turn = NonNullable<Asked>['turns'][number]

/** Most turns that the server accepts. */
const TURNS_MAX = 100

function wordsOf(turn: Turn | undefined, say: (name: string) => string): string {
  if (turn === undefined) return ''
  if ('say' in turn) return turn.say
  if ('key' in turn) return turn.key
  return say('silence' in turn ? 'flows.silence' : 'flows.unheard')
}

export function Talk({ draft, onChoose }: { draft: Draft; onChoose: (name: string) => void }) {
  const { t } = useTranslation()
  const [turns, setTurns] = useState<Turn[]>([])
  const [typed, setTyped] = useState('')
  const source = draft.text
  const talk = useQuery({
    queryKey: ['flow-talk', source, turns],
    queryFn: ({ signal }) => ask('/api/v1/flow-files/talk', [], { source, turns }, signal),
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 10_000,
    retry: false,
  })
  const reply = talk.data
  const isOver = reply?.outcome !== null && reply?.outcome !== undefined
  const take = (turn: Turn) => {
    if (turns.length < TURNS_MAX) setTurns([...turns, turn])
    setTyped('')
  }
  return (
    <div className="flow-form">
      {talk.error && <Refused why={talk.error} />}
      <div className="scroll" aria-live="polite">
        {(reply?.steps ?? []).map((step, at) => (
          <div key={at}>
            {at > 0 && <div className="turn theirs"><span /><p>{wordsOf(turns[at - 1], t)}</p></div>}
            {step.said.map((one, place) => <div key={place} className="turn"><span /><p>{one.text}</p></div>)}
            <div className="muted mono">
              {[step.intent, step.rule].filter((one) => one).join(' · ')}{' '}
              <button type="button" className="plain c-line data" onClick={() => onChoose(step.node)}>{step.node}</button>{' '}
              {step.does.map((one) => t(`flowDoes.${one}`)).join(' · ')}
            </div>
          </div>
        ))}
        {isOver && <p className="c-line">{t('flows.over')} <span className="mono">{reply.outcome}</span></p>}
      </div>
      <Input
        aria-label={t('flows.say')}
        placeholder={t('flows.say')}
        disabled={isOver}
        value={typed}
        maxLength={500}
        onChange={(event) => setTyped(event.target.value)}
        onPressEnter={() => {
          if (typed.trim() !== '') take({ say: typed.trim() })
        }}
      />
      <div className="head">
        {(reply?.keys ?? []).map((key) => <Button key={key} size="small" disabled={isOver} onClick={() => take({ key })}>{t('flows.key', { key })}</Button>)}
        <Button size="small" disabled={isOver} onClick={() => take({ silence: {} })}>{t('flows.silence')}</Button>
        <Button size="small" disabled={isOver} onClick={() => take({ unheard: {} })}>{t('flows.unheard')}</Button>
        <Button size="small" disabled={turns.length === 0} onClick={() => setTurns(turns.slice(0, -1))}>{t('flows.back')}</Button>
        <Button size="small" disabled={turns.length === 0} onClick={() => setTurns([])}>{t('flows.restart')}</Button>
      </div>
    </div>
  )
}
