// The HTTP client of the console. It uses the public API with the session's cookie and, for commands, the CSRF header
// of our own pages. A failed request throws a `Problem`; a listener is called once when the session has ended.
import type { paths } from '../../made/schema'
import { isAttended } from '../app/attended'
import { viewHeaders } from './pageView'

export interface MemberError {
  pointer: string
  detail: string
  detail_zh?: string | null
}

/** The error of a request, a problem as in RFC 9457. Status 0 means that there was no response. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: MemberError[] = [],
    /** The id of the approval that another person must give first. */
    readonly approval: string | null = null,
    /** The detail in Chinese, if the server has one. */
    readonly detailZh: string | null = null,
  ) {
    super(detail)
  }
}

/** Returns the server's text in the given language; English if it has no other. */
export function saidIn(language: string, said: { detail: string; detail_zh?: string | null }): string {
  return language === 'en' ? said.detail : (said.detail_zh ?? said.detail)
}

/** Returns the reason of a failure in the given language, as the server wrote it; empty if there was no response. */
export function whyIn(language: string, why: unknown): string {
  if (why instanceof Problem) return saidIn(language, { detail: why.message, detail_zh: why.detailZh })
  return why instanceof Error ? why.message : ''
}

export type Ok<O> = O extends { responses: infer R }
  ? R extends Record<number, unknown>
    ? JsonOf<R[200 & keyof R] | R[201 & keyof R]>
    : never
  : never
type JsonOf<R> = R extends { content: { 'application/json': infer B } } ? B : never
export type BodyOf<O> = O extends { requestBody?: { content: { 'application/json': infer B } } } ? B : undefined

export type GetPath = { [P in keyof paths]: paths[P] extends { get: object } ? P : never }[keyof paths]
export type PostPath = { [P in keyof paths]: paths[P] extends { post: object } ? P : never }[keyof paths]
export type ResponseOf<P extends GetPath> = paths[P] extends { get: infer O } ? Ok<O> : never
export type Query = Record<string, string | number | readonly string[] | null | undefined>

let csrf: string | null = null
let ended: () => void = () => undefined

/** Stores the CSRF token that commands send besides the cookie. */
export function keepCsrf(token: string | null | undefined): void {
  csrf = token ?? null
}

/** Sets the listener that is called when the session has ended. */
export function onEnded(hear: () => void): void {
  ended = hear
}

/** Reports that the session of the signed-in user has ended. */
export function hearEnd(): void {
  ended()
}

export function addressOf(path: string, params: readonly string[], query: Query = {}): string {
  let next = 0
  const filled = path.replace(/\{[^}]+\}/g, () => encodeURIComponent(params[next++] ?? ''))
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) asked.append(name, String(one))
  }
  const text = asked.toString()
  return text === '' ? filled : `${filled}?${text}`
}

async function problemOf(response: Response): Promise<Problem> {
  const parsed: unknown = await response.json().catch(() => null)
  const body = (parsed ?? {}) as { code?: string; detail?: string; detail_zh?: string; errors?: MemberError[]; approval?: string | null }
  return new Problem(response.status, body.code ?? 'fault', body.detail ?? response.statusText, body.errors, body.approval ?? null, body.detail_zh ?? null)
}

/** Whether the request may be sent without a session: asking who is signed in. */
function isAsking(address: string): boolean {
  return address === '/api/v1/whoami'
}

export async function send(address: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    const headers = { ...(init.headers as Record<string, string> | undefined), ...(isAttended() ? {} : { 'X-Unattended': 'true' }) }
    response = await fetch(address, { ...init, headers, credentials: 'same-origin' })
  } catch {
    throw new Problem(0, 'no-answer', '')
  }
  if (response.ok) return response
  const problem = await problemOf(response)
  if (response.status === 401 && !address.startsWith('/api/v1/sign-in') && !isAsking(address)) ended()
  // Another user has signed in in another tab: this page must not show them its data.
  if (problem.code === 'csrf-token-needed') location.reload()
  throw problem
}

export async function get<P extends GetPath>(
  path: P,
  params: readonly string[] = [],
  query: Query = {},
  signal?: AbortSignal,
): Promise<ResponseOf<P>> {
  const response = await send(addressOf(path, params, query), { signal: signal ?? null, headers: viewHeaders(path) })
  return (await response.json()) as ResponseOf<P>
}

/** Returns a file unchanged. */
export async function file(address: string): Promise<ArrayBuffer> {
  return (await send(address, {})).arrayBuffer()
}

/**
 * Returns a new idempotency key for a command. A client that gets no response repeats the command with the same key,
 * and the server executes it once.
 */
export function commandKey(): string {
  return crypto.randomUUID()
}

/** Returns the headers of a command: content type, idempotency key and CSRF token. */
export function headersOf(type = 'application/json', key: string = commandKey()): Record<string, string> {
  const headers: Record<string, string> = { 'Content-Type': type, 'Idempotency-Key': key }
  if (csrf !== null) headers['X-CSRF-Token'] = csrf
  return headers
}

/** Sends a command. Returns its response and the log position that it reached, for `?after_position=`. */
export async function post<P extends PostPath>(
  path: P,
  params: readonly string[],
  body?: paths[P] extends { post: infer O } ? BodyOf<O> : undefined,
  key: string = commandKey(),
  query: Query = {},
): Promise<{ reply: paths[P] extends { post: infer O } ? Ok<O> : never; position: string | null }> {
  const init = { method: 'POST', headers: headersOf('application/json', key), body: body === undefined ? null : JSON.stringify(body) }
  const response = await send(addressOf(path, params, query), init)
  return { reply: await response.json(), position: response.headers.get('X-Event-Position') }
}

/** Uploads a file unchanged. */
export async function upload<P extends PostPath>(
  path: P,
  params: readonly string[],
  query: Query,
  bytes: Blob,
  key: string = commandKey(),
): Promise<{ reply: paths[P] extends { post: infer O } ? Ok<O> : never; position: string | null }> {
  const init = { method: 'POST', headers: headersOf('application/octet-stream', key), body: bytes }
  const response = await send(addressOf(path, params, query), init)
  return { reply: await response.json(), position: response.headers.get('X-Event-Position') }
}

/** Sends a query with its parameters in the body. It changes nothing, so it may be repeated at once. */
export async function ask<P extends PostPath>(
  path: P,
  params: readonly string[],
  body: paths[P] extends { post: infer O } ? BodyOf<O> : undefined,
  signal?: AbortSignal,
): Promise<paths[P] extends { post: infer O } ? Ok<O> : never> {
  const init = { method: 'POST', headers: headersOf(), body: JSON.stringify(body), signal: signal ?? null }
  return (await send(addressOf(path, params), init)).json()
}
