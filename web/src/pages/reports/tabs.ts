// What a tab of the reports looks at, which stands in its address, and how it looks at something else.

export interface Looked {
  /** A day. */
  at?: string | undefined
  /** As known then: an instant. */
  as_of?: string | undefined
  campaign?: string | undefined
}

export type Look = (more: Looked) => void

export interface TabProps {
  looked: Looked
  look: Look
}
