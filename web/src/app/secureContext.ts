// Where a password may be typed: over https, or on this machine. Elsewhere it would cross the network in clear, and the
// browser would drop the session cookie (W3C Secure Contexts).

/** The ways to reach this page where a password may be typed. */
export interface WaysIn {
  /** The command that opens an SSH tunnel. */
  command: string
  /** The address of this page through the tunnel. */
  tunneled: string
  /** The address of this page once the server has a certificate. */
  secured: string
}

/** The first port that a user may listen on without being root. */
const FIRST_OWN_PORT = 1024

/** The local port of the tunnel to a server on a lower port. */
const USUAL_PORT = 8080

/** Whether a password may be typed on a page of this window. */
export const takesPasswords = (window: { isSecureContext: boolean }) => window.isSecureContext

/** The ways to a page that was opened over plain HTTP from another machine. */
export function waysInFrom(at: Pick<Location, 'hostname' | 'port' | 'pathname' | 'search' | 'hash'>): WaysIn {
  const port = Number(at.port === '' ? '80' : at.port)
  const near = port < FIRST_OWN_PORT ? USUAL_PORT : port
  const rest = `${at.pathname}${at.search}${at.hash}`
  return {
    command: `ssh -L ${near}:127.0.0.1:${port} USER@${at.hostname.replaceAll(/[[\]]/g, '')}`,
    tunneled: `http://127.0.0.1:${near}${rest}`,
    secured: `https://${at.hostname}${at.port === '' ? '' : `:${at.port}`}${rest}`,
  }
}
