// The search for the log position of a moment asks no position beyond the head, which the server refuses.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headOfLog, positionBefore } from '../src/pages/events/positionAt'

const HEAD = 9
const asked: number[] = []

// A log with one event at each second from 1 to HEAD.
globalThis.fetch = ((input: string) => {
  const url = new URL(input, 'http://127.0.0.1')
  const reply = (body: object, status = 200) => Promise.resolve(new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } }))
  if (url.pathname === '/readyz') return reply({ position: String(HEAD) })
  const after = Number(url.searchParams.get('after'))
  asked.push(after)
  if (after > HEAD) return reply({ code: 'position-beyond-head', detail: 'beyond the head' }, 409)
  const position = after + 1
  const items = position > HEAD ? [] : [{ position: String(position), time: new Date(position * 1000).toISOString() }]
  return reply({ items, next: String(Math.min(position, HEAD)) })
}) as typeof fetch

test('the head is the position of the last event', async () => {
  assert.equal(await headOfLog(), HEAD)
})

test('a moment lies before the first event at it or after it', async () => {
  for (const [moment, position] of [[0, 0], [1000, 0], [4500, 4], [9000, 8], [60_000, 9], [Number.POSITIVE_INFINITY, 9]] as const) {
    assert.equal(await positionBefore(moment), position, String(moment))
  }
  assert.ok(asked.length > 0 && asked.every((after) => after <= HEAD))
})
