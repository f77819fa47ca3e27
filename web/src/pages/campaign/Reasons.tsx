// The reasons of refusals as understood; the words are opened for a reason that is logged.
import { useQuery } from '@tanstack/react-query'
import { Button, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { get } from '../../api/client'
import { Empty, Refused, Waiting } from '../../components/States'

function ofMille(share: number): string {
  return `${(share / 10).toFixed(1)} %`
}

export function Reasons({ id }: { id: string }) {
  const { t, i18n } = useTranslation()
  const read = useQuery({ queryKey: ['refusals', id], queryFn: () => get('/api/v1/campaigns/{id}/refusals', [id]) })
  const reply = read.data
  const english = i18n.language === 'en'
  return (
    <div className="list">
      {read.error && <Refused why={read.error} again={() => void read.refetch()} />}
      {read.isPending && <Waiting />}
      {reply !== undefined && <p className="muted">{t('reasons.counts', { calls: reply.calls, talked: reply.talked, refused: reply.refused })}</p>}
      {reply?.truncated === true && <p className="c-amber">{t('reasons.truncated')}</p>}
      {reply?.reasons.length === 0 && <Empty what={t('reasons.none')} />}
      <div className="funnel data">
        {(reply?.reasons ?? []).map((one) => (
          <div key={one.intent} style={{ display: 'contents' }}>
            <span>{english ? one.label_en : one.label_zh}</span>
            <span className="bar"><i style={{ width: ofMille(one.share_permille) }} /></span>
            <span className="end">{`${one.calls.toString()} · ${ofMille(one.share_permille)}`}</span>
            <span className="muted" style={{ gridColumn: '1 / -1' }}>{english ? one.change_en : one.change_zh}</span>
          </div>
        ))}
      </div>
      <h2>{t('reasons.words')}</h2>
      <Keywords id={id} />
    </div>
  )
}

function Keywords({ id }: { id: string }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState<string | null>(null)
  const read = useQuery({
    queryKey: ['keywords', id, reason],
    queryFn: () => get('/api/v1/campaigns/{id}/keywords', [id], { reason }),
    enabled: reason !== null,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  })
  const reply = read.data
  return (
    <div className="list">
      <form
        className="head"
        onSubmit={(event) => {
          event.preventDefault()
          setReason(typed.trim())
        }}
      >
        <Input style={{ width: 320 }} maxLength={64} aria-label={t('reasons.why')} placeholder={t('reasons.why')} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Button htmlType="submit" loading={read.isFetching} disabled={typed.trim() === ''}>{t('reasons.open')}</Button>
      </form>
      {read.error && <Refused why={read.error} />}
      {reply !== undefined && <p className="muted">{t('reasons.opened', { calls: reply.calls, talked: reply.talked })}</p>}
      {reply?.truncated === true && <p className="c-amber">{t('reasons.truncated')}</p>}
      {reply?.keywords.length === 0 && <Empty what={t('reasons.noWords')} />}
      <ul className="list data" aria-label={t('reasons.words')}>
        {(reply?.keywords ?? []).map((one) => <li key={one.word}>{`${one.word} · ${one.calls.toString()} · ${ofMille(one.share_permille)}`}</li>)}
      </ul>
    </div>
  )
}
