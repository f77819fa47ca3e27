// Which decisions the requester of an approval is notified of.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Asked, closedSince, knownOf, newsOf, placeOf } from '../src/app/approvalNews'

const one = (id: string, standing: Asked['standing'], requested_by = 'li'): Asked => ({ id, standing, requested_by })
const ids = (rows: Asked[]) => rows.map(({ id }) => id)

test('at the first look those that are approved and not done yet are news', () => {
  const rows = [one('a', 'waiting'), one('b', 'approved'), one('c', 'used'), one('d', 'rejected'), one('e', 'approved', 'wang')]
  assert.deepEqual(ids(newsOf(null, rows, 'li')), ['b'])
})

test('each decision is news once, to the requester alone', () => {
  const before = [one('a', 'waiting'), one('b', 'waiting'), one('c', 'waiting'), one('d', 'waiting', 'wang')]
  const after = [one('a', 'approved'), one('b', 'rejected'), one('c', 'expired'), one('d', 'approved', 'wang')]
  assert.deepEqual(ids(newsOf(knownOf(before, 'li'), after, 'li')), ['a', 'b', 'c'])
  assert.deepEqual(newsOf(knownOf(after, 'li'), after, 'li'), [])
})

test('a request that is done, or waits, is no news', () => {
  const known = knownOf([one('a', 'approved')], 'li')
  assert.deepEqual(newsOf(known, [one('a', 'used'), one('b', 'waiting')], 'li'), [])
})

test('one that was asked for and approved between two looks is news', () => {
  assert.deepEqual(ids(newsOf(knownOf([], 'li'), [one('a', 'approved')], 'li')), ['a'])
})

test('a request that waited and is not open any more is asked for by its id', () => {
  const known = knownOf([one('a', 'waiting'), one('b', 'waiting'), one('c', 'approved'), one('d', 'waiting', 'wang')], 'li')
  assert.deepEqual(closedSince(known, [one('b', 'approved')]), ['a'])
  assert.deepEqual(closedSince(null, []), [])
})

test('an act is finished where it was asked for', () => {
  assert.equal(placeOf({ act: 'erase_person', customer: '0011' }), '/customers/0011')
  assert.equal(placeOf({ act: 'promote_campaign', campaign: 'T' }), '/campaigns/T')
  assert.equal(placeOf({ act: 'publish_flow' }), '/flows')
  assert.equal(placeOf({ act: 'publish_knowledge' }), '/knowledge')
  assert.equal(placeOf({ act: 'inspect_clear' }), '/compliance')
})
