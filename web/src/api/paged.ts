// Loads lists of several pages up to their end or to a limit. The caller shows that rows beyond it are left out.

/** Most pages of one list, with at least 200 rows each; larger lists must be filtered. */
const PAGES_MAX = 5

interface Page<Row> {
  items: Row[]
  next_cursor: string | null
}

/** Returns all pages as one, with the other members of the first. `next_cursor` is not null if there are more rows. */
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
