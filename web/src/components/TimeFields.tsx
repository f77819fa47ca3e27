// Fields for a moment, a day and a time of day, in the console's language whatever the browser speaks. What is typed in is
// digits in one order, in every language; what comes out is a text without a zone, which is meant in the zone of whoever
// asks: 2026-03-02T10:00, 2026-03-02, 10:00; empty for none. Each text counts as soon as it is whole.
import { DatePicker, TimePicker } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import 'dayjs/locale/zh-cn'
import type { CSSProperties, FocusEvent, KeyboardEvent } from 'react'

interface Props {
  value?: string
  onChange?: (value: string) => void
  /** How it is called; not needed where a form names it by its id. */
  'aria-label'?: string
  /** What stands in it while it is empty; else that a moment is to be chosen. */
  placeholder?: string
  id?: string
  style?: CSSProperties
}

type Shape = 'YYYY-MM-DDTHH:mm' | 'YYYY-MM-DD' | 'HH:mm'

/** Also from a time without a day; a text that is of no such shape is none. */
function read(value: string, shape: Shape): Dayjs | null {
  const read = value === '' ? null : dayjs(value, shape)
  return read?.isValid() ? read : null
}

function shared({ value = '', onChange, placeholder, style, ...rest }: Props, shape: Shape) {
  const say = (chosen: Dayjs | null) => {
    const next = chosen?.format(shape) ?? ''
    if (next !== value) onChange?.(next)
  }
  // The field by itself takes an emptied text for one that was given up.
  const leave = (text: string) => {
    if (text === '') say(null)
  }
  return {
    ...rest,
    ...(placeholder === undefined ? {} : { placeholder }),
    style: { width: '100%', ...style },
    value: read(value, shape),
    // The clock of whoever sits here need not be that of the field.
    showNow: false,
    needConfirm: false,
    onChange: say,
    onCalendarChange: (chosen: Dayjs | Dayjs[] | null) => say(Array.isArray(chosen) ? (chosen[0] ?? null) : chosen),
    onBlur: (event: FocusEvent<HTMLElement>) => event.target instanceof HTMLInputElement && leave(event.target.value),
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => event.key === 'Enter' && event.target instanceof HTMLInputElement && leave(event.target.value),
  }
}

export function Moment(props: Props) {
  return <DatePicker {...shared(props, 'YYYY-MM-DDTHH:mm')} showTime={{ format: 'HH:mm', defaultOpenValue: dayjs('2026-01-01') }} format={['YYYY-MM-DD HH:mm', 'YYYY-MM-DD[T]HH:mm']} />
}

export function Day(props: Props) {
  return <DatePicker {...shared(props, 'YYYY-MM-DD')} format="YYYY-MM-DD" />
}

export function TimeOfDay(props: Props) {
  return <TimePicker {...shared(props, 'HH:mm')} format="HH:mm" />
}
