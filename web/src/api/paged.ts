// Lists of several pages, read to their end or to a limit: what stands behind it is said to be left off.

/** Most pages of one list, with 200 rows or more each: beyond that a page is read by its filters. */
const PAGES_MAX = 5

interface Page<Row> {
  items: Row[]
  next_cursor: string | null
}

/** The pages as one, with what the first says besides; `next_cursor` is not null where there is more. */
export async function paged<Row, P extends Page<Row>>(ask: (cursor: string | undefined) => Promise<P & Page<Row>>): Promise<P> {
  const first = await ask(undefined)
  const items = [...first.items]
  let next = first.next_cursor
  for (let read = 1; read < PAGES_MAX && next !== null; read += 1) {
    const page = await ask(next)
    items.push(...page.items)
    next = page.next_cursor
  }
  return { ...first, items, next_cursor: next }
}
