// What a report tab shows, which is in its URL, and the function that changes it.

export interface Looked {
  /** The day of the report. */
  at?: string | undefined
  /** The instant at which the data was known; undefined means now. */
  as_of?: string | undefined
  campaign?: string | undefined
}

export type Look = (more: Looked) => void

export interface TabProps {
  looked: Looked
  look: Look
}
