// The text of the file. An edit here changes the graph, and an edit of the graph changes this text.
import { Button, Input } from 'antd'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Draft } from '../draft'

export function Source({ draft, id }: { draft: Draft; id: string }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(draft.text)
  useEffect(() => setTyped(draft.text), [draft.text])
  const save = () => {
    const address = URL.createObjectURL(new Blob([draft.text], { type: 'application/yaml' }))
    const link = document.createElement('a')
    link.href = address
    link.download = `${id}.${draft.text.trimStart().startsWith('{') ? 'json' : 'yaml'}`
    link.click()
    URL.revokeObjectURL(address)
  }
  return (
    <div className="flow-form">
      <Input.TextArea
        className="mono"
        aria-label={t('flows.text')}
        spellCheck={false}
        rows={24}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => {
          if (typed !== draft.text) draft.edit(() => typed)
        }}
      />
      <div className="head">
        <Button onClick={save}>{t('flows.save')}</Button>
        <span className="muted">{t('flows.textWhat')}</span>
      </div>
    </div>
  )
}
