// A secret that is shown once: it is not stored, and gone when the dialog closes.
import { App, Button } from 'antd'
import { useTranslation } from 'react-i18next'

export function Secret({ what, secret, onClose }: { what: string; secret: string; onClose: () => void }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const copy = async () => {
    await navigator.clipboard.writeText(secret)
    void message.success(t('desk.copied'))
  }
  return (
    <section className="card notice" role="status" aria-label={what} style={{ padding: 12, margin: '8px 0' }}>
      <p style={{ margin: 0 }}>{t('desk.once', { what })}</p>
      <p className="mono" style={{ overflowWrap: 'anywhere' }}>{secret}</p>
      <Button size="small" onClick={() => void copy()}>{t('desk.copy')}</Button> <Button size="small" onClick={onClose}>{t('desk.kept')}</Button>
    </section>
  )
}
