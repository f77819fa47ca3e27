// The page view of an open customer page. The requests of the page carry its id, so that the server logs them as one
// read.
let view: { customer: string; header: string } | null = null

/** Starts a page view of this customer, or continues the current one of the same customer. */
export function beginView(customer: string): void {
  if (view?.customer !== customer) view = { customer, header: `${customer}.${crypto.randomUUID()}` }
}

/** Ends the page view of this customer. */
export function endView(customer: string): void {
  if (view?.customer === customer) view = null
}

/** Returns the header for a request of the customer page; other requests get none. */
export function viewHeaders(path: string): Record<string, string> {
  const isOfPage = path.startsWith('/api/v1/customers/{id}') || path === '/api/v1/numbers/{number}'
  return view !== null && isOfPage ? { 'X-Page-View': view.header } : {}
}
