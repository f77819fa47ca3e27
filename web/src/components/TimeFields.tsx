// Input fields for a moment, a date and a time of day, in the console's language whatever the browser's. Input is
// digits in one order in every language. The value is a text without zone, meant in the zone of the form:
// 2026-03-02T10:00, 2026-03-02, 10:00; empty for none. A typed value counts as soon as it is complete.
import { DatePicker, TimePicker } from 'antd'
import dayjs, { type Dayjs } from 'dayjs'
import 'dayjs/locale/zh-cn'
import type { CSSProperties, FocusEvent, KeyboardEvent } from 'react'

interface Props {
  value?: string
  onChange?: (value: string) => void
  /** The accessible name; not needed if a form labels the field by its id. */
  'aria-label'?: string
  /** The text of the empty field; by default a prompt to choose a moment. */
  placeholder?: string
  id?: string
  style?: CSSProperties
}

type Shape = 'YYYY-MM-DDTHH:mm' | 'YYYY-MM-DD' | 'HH:mm'

/** Parses a text of the given shape, also a time without a date; null if it has another shape. */
function read(value: string, shape: Shape): Dayjs | null {
  const read = value === '' ? null : dayjs(value, shape)
  return read?.isValid() ? read : null
}

function shared({ value = '', onChange, placeholder, style, ...rest }: Props, shape: Shape) {
  const say = (chosen: Dayjs | null) => {
    const next = chosen?.format(shape) ?? ''
    if (next !== value) onChange?.(next)
  }
  // The library's field would treat an emptied text as canceled input.
  const leave = (text: string) => {
    if (text === '') say(null)
  }
  return {
    ...rest,
    ...(placeholder === undefined ? {} : { placeholder }),
    style: { width: '100%', ...style },
    value: read(value, shape),
    // The browser's clock may be in another zone than the field, so there is no “now” button.
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
