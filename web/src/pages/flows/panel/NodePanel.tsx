// The panel of one node: its members as fields, and below them the node's text in the file, for members without a
// field.
import { Button, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty } from '../../../components/States'
import type { Draft } from '../draft'
import { KINDS, addNode, nodeText, removeNode, renameNode, replaceNode, setMember, type Kind } from '../graph/edit'
import type { FlowNode } from '../graph/read'
import { Field } from './Field'
import { Wordings } from './Wordings'

interface Props {
  draft: Draft
  name: string | undefined
  onChoose: (name: string | undefined) => void
}

export function NodePanel({ draft, name, onChoose }: Props) {
  const { t } = useTranslation()
  const node = draft.flow.nodes.find((one) => one.name === name)
  return (
    <div className="flow-form">
      <AddNode draft={draft} onChoose={onChoose} />
      {node === undefined ? (
        <Empty what={t('flows.noNode')} next={t('flows.noNodeNext')} />
      ) : node.isWritten ? (
        <Members draft={draft} node={node} onChoose={onChoose} />
      ) : (
        <Empty what={t('flows.made', { name: node.name })} next={t('flows.madeNext')} />
      )}
    </div>
  )
}

function AddNode({ draft, onChoose }: Omit<Props, 'name'>) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<Kind>('say')
  const add = () => {
    const names = new Set(draft.flow.nodes.map((one) => one.name))
    let number = 1
    while (names.has(`${kind}_${number}`)) number += 1
    const name = `${kind}_${number}`
    draft.edit((text) => addNode(text, name, kind, t('flows.newWords')))
    onChoose(name)
  }
  return (
    <div className="head">
      <Select
        aria-label={t('flows.kind')}
        value={kind}
        onChange={setKind}
        options={(Object.keys(KINDS) as Kind[]).map((one) => ({ value: one, label: t(`flowKind.${one}`) }))}
      />
      <Button disabled={draft.flow.wrong !== null} onClick={add}>{t('flows.add')}</Button>
    </div>
  )
}

function Members({ draft, node, onChoose }: { draft: Draft; node: FlowNode; onChoose: Props['onChoose'] }) {
  const { t } = useTranslation()
  const kindPath = ['nodes', node.name, node.kind]
  const names = draft.flow.nodes.map((one) => ({ value: one.name, label: one.name }))
  const words = node.body['text']
  const waits = node.body['timeout_ms']
  const findings = [...(draft.checked?.faults ?? []), ...(draft.checked?.advice ?? [])].filter((one) => one.node === node.name)
  const rename = (to: string) => {
    draft.edit((text) => renameNode(text, node.name, to.trim()))
    onChoose(to.trim())
  }
  return (
    <>
      {findings.map((one) => (
        <p key={one.told} className="c-amber">{t(`flowFound.${one.code}`)} <span className="muted data">{one.told}</span></p>
      ))}
      <Field label={t('flows.nodeNamed')} value={node.name} onDone={rename} />
      {typeof words === 'string' && (
        <Field label={t('flows.words')} isLong value={words} onDone={(now) => draft.edit((text) => setMember(text, [...kindPath, 'text'], now))} />
      )}
      {typeof waits === 'number' && (
        <Field
          label={t('flows.waits')}
          value={String(waits)}
          onDone={(now) => {
            if (/^\d{1,6}$/.test(now)) draft.edit((text) => setMember(text, [...kindPath, 'timeout_ms'], Number(now)))
          }}
        />
      )}
      {node.exits.map((exit) => (
        <label key={exit.member} className="flow-field">
          <span className="muted mono">{exit.member}</span>
          <Select
            showSearch
            aria-label={exit.member}
            value={exit.to}
            options={names}
            onChange={(to: string) => draft.edit((text) => setMember(text, exit.path, to))}
          />
        </label>
      ))}
      <Wordings draft={draft} node={node} />
      <Field
        label={t('flows.asWritten')}
        isLong
        value={nodeText(draft.text, node.name)}
        onDone={(now) => draft.edit((text) => replaceNode(text, node.name, now))}
      />
      <div className="head">
        <Button disabled={draft.flow.start === node.name} onClick={() => draft.edit((text) => setMember(text, ['start'], node.name))}>{t('flows.makeStart')}</Button>
        <Button
          danger
          onClick={() => {
            draft.edit((text) => removeNode(text, node.name))
            onChoose(undefined)
          }}
        >
          {t('flows.remove')}
        </Button>
      </div>
    </>
  )
}
