// Commands that name the version they replace: if another user has changed it meanwhile, they are refused (412), and no
// change is lost.
import type { paths } from '../../made/schema'
import { addressOf, commandKey, headersOf, send, type BodyOf, type GetPath, type Ok, type PostPath, type ResponseOf } from './client'

export type PutPath = { [P in keyof paths]: paths[P] extends { put: object } ? P : never }[keyof paths]

/** Returns the current value with its version (ETag). */
export async function getVersioned<P extends GetPath>(path: P, params: readonly string[]): Promise<{ reply: ResponseOf<P>; etag: string }> {
  const response = await send(addressOf(path, params), {})
  return { reply: (await response.json()) as ResponseOf<P>, etag: response.headers.get('ETag') ?? '' }
}

export async function put<P extends PutPath>(
  path: P,
  params: readonly string[],
  etag: string,
  body: paths[P] extends { put: infer O } ? BodyOf<O> : never,
  key: string = commandKey(),
): Promise<{ reply: paths[P] extends { put: infer O } ? Ok<O> : never; position: string | null }> {
  const response = await send(addressOf(path, params), { method: 'PUT', headers: { ...headersOf('application/json', key), 'If-Match': etag }, body: JSON.stringify(body) })
  return { reply: await response.json(), position: response.headers.get('X-Event-Position') }
}

export async function postOver<P extends PostPath>(
  path: P,
  params: readonly string[],
  etag: string,
  body: paths[P] extends { post: infer O } ? BodyOf<O> : never,
  key: string = commandKey(),
): Promise<{ reply: paths[P] extends { post: infer O } ? Ok<O> : never; position: string | null }> {
  const response = await send(addressOf(path, params), { method: 'POST', headers: { ...headersOf('application/json', key), 'If-Match': etag }, body: JSON.stringify(body) })
  return { reply: await response.json(), position: response.headers.get('X-Event-Position') }
}
