// The save state of a flow's draft, and both texts if it was saved elsewhere meanwhile.
import { Button, Modal } from 'antd'
import { useTranslation } from 'react-i18next'
import { clockNow } from '../../app/format'
import { Word } from '../../components/Marks'
import { Refused } from '../../components/States'
import type { Draft } from './draft'
import type { Standing, useKept } from './kept'

interface Props {
  draft: Draft
  kept: ReturnType<typeof useKept>
  onSave: () => Promise<void>
}

export function KeptLine({ draft, kept: { standing, over }, onSave }: Props) {
  const { t } = useTranslation()
  return (
    <>
      <span role="status">{standing.as === 'kept' && <Kept standing={standing} text={draft.text} />}</span>
      <Button loading={standing.as === 'saving'} onClick={() => void onSave()}>{t('flows.keep')}</Button>
      {standing.as === 'refused' && <Refused why={standing.why} />}
      {standing.as === 'elsewhere' && (
        <Modal
          open
          closable={false}
          width={900}
          title={t('flows.elsewhere', { time: clockNow(standing.at) })}
          footer={
            <>
              <Button
                onClick={() => {
                  draft.edit(() => standing.source)
                  over(standing)
                }}
              >
                {t('wizard.takeTheirs')}
              </Button>
              <Button type="primary" onClick={() => over(standing)}>{t('wizard.keepOurs')}</Button>
            </>
          }
        >
          <div className="split">
            <div>
              <h2>{t('wizard.ours')}</h2>
              <pre className="mono scroll flow-after">{draft.text}</pre>
            </div>
            <div>
              <h2>{t('wizard.theirs', { time: clockNow(standing.at) })}</h2>
              <pre className="mono scroll flow-before">{standing.source}</pre>
            </div>
          </div>
        </Modal>
      )}
    </>
  )
}

function Kept({ standing, text }: { standing: Extract<Standing, { as: 'kept' }>; text: string }) {
  const { t } = useTranslation()
  if (standing.text !== text) return <Word tone="amber">{t('flows.keptBefore', { time: clockNow(standing.at) })}</Word>
  return <Word tone="line">{t('flows.kept', { time: clockNow(standing.at) })}</Word>
}
