// The request that a changed form of a campaign's plan makes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formOf, isInOrder, orderOf } from '../src/pages/campaign/planChange'

const rules = { busy: { retries_max: 3, waits_ms: [300_000] } }
const shown = {
  schedule: { start_time: '09:00', end_time: '18:00', rests: [['12:00', '13:30']] as [string, string][], max_concurrent: 50 },
  retry_policy: { retries_max: 3, uncharged_max: 3, rules },
  running: null,
}

test('an unchanged form makes no request', () => {
  assert.equal(orderOf(shown, formOf(shown)), null)
})

test('only the members that differ are sent', () => {
  const form = { ...formOf(shown), to: '17:00', concurrent: 20 }
  assert.deepEqual(orderOf(shown, form), { schedule: { end_time: '17:00', max_concurrent: 20 } })
  assert.deepEqual(orderOf(shown, { ...formOf(shown), share: 3 }), { share: 3 })
})

test('the waits of the retries stay as they are', () => {
  assert.deepEqual(orderOf(shown, { ...formOf(shown), retries: 1 }), { retry_policy: { retries_max: 1, uncharged_max: 3, rules } })
})

test('all rests can be removed, and an unfinished one is not sent', () => {
  assert.deepEqual(orderOf(shown, { ...formOf(shown), rests: [] }), { schedule: { rests: [] } })
  const begun = [{ from: '12:00', to: '13:30' }, { from: '15:00', to: '' }]
  assert.equal(orderOf(shown, { ...formOf(shown), rests: begun }), null)
})

test('hours and rests that end before they begin are not sent', () => {
  const form = formOf(shown)
  assert.ok(isInOrder(form))
  assert.ok(!isInOrder({ ...form, from: '18:00' }))
  assert.ok(!isInOrder({ ...form, rests: [{ from: '14:00', to: '13:00' }] }))
  assert.ok(isInOrder({ ...form, rests: [{ from: '', to: '' }] }), 'a rest that was emptied is removed')
  for (const half of [{ from: '12:00', to: '' }, { from: '', to: '13:30' }]) assert.ok(!isInOrder({ ...form, rests: [half] }))
})
