// The look at a customer page that is open. The requests of the page name it, so that the server records them as one read.
let view: { customer: string; header: string } | null = null

/** Begins a look at this customer; a look at the same customer goes on. */
export function beginView(customer: string): void {
  if (view?.customer !== customer) view = { customer, header: `${customer}.${crypto.randomUUID()}` }
}

/** Ends the look at this customer. */
export function endView(customer: string): void {
  if (view?.customer === customer) view = null
}

/** The header of a request of the page; none of other requests. */
export function viewHeaders(path: string): Record<string, string> {
  const isOfPage = path.startsWith('/api/v1/customers/{id}') || path === '/api/v1/numbers/{number}'
  return view !== null && isOfPage ? { 'X-Page-View': view.header } : {}
}
