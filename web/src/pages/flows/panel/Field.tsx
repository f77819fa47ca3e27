// A text field that applies its value on leaving it or on Enter, so that each edit is one undo step, not one per
// letter.
import { Input } from 'antd'
import { useEffect, useState } from 'react'

interface Props {
  label: string
  value: string
  isLong?: boolean
  isLocked?: boolean
  onDone: (value: string) => void
}

export function Field({ label, value, isLong = false, isLocked = false, onDone }: Props) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  const done = () => {
    if (typed !== value) onDone(typed)
  }
  const common = { value: typed, disabled: isLocked, 'aria-label': label, onBlur: done }
  return (
    <label className="flow-field">
      <span className="muted">{label}</span>
      {isLong ? (
        <Input.TextArea {...common} rows={Math.min(Math.max(value.split('\n').length + 1, 3), 14)} onChange={(event) => setTyped(event.target.value)} />
      ) : (
        <Input {...common} onChange={(event) => setTyped(event.target.value)} onPressEnter={done} />
      )}
    </label>
  )
}
