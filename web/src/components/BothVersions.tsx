// Somebody else has changed the same thing: what one wanted, and what stands now.
import { useTranslation } from 'react-i18next'

export function BothVersions({ mine, theirs }: { mine: string; theirs: string }) {
  const { t } = useTranslation()
  return (
    <dl className="pairs notice card body" role="status" style={{ padding: '8px 14px' }}>
      <dt>{t('desk.mine')}</dt>
      <dd>{mine}</dd>
      <dt>{t('desk.theirs')}</dt>
      <dd>{theirs}</dd>
      <dt>{t('desk.then')}</dt>
      <dd>{t('desk.thenWhat')}</dd>
    </dl>
  )
}
