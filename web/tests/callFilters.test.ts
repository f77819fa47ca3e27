// The filters of the list of calls: what an address asks for, and the question to the server.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callQueryOf, callSearchOf } from '../src/pages/callFilters'

const said = (query: object) => Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined))

test('an address without filters asks for everything', () => {
  assert.deepEqual(said(callQueryOf(callSearchOf({}))), {})
})

test('each filter reaches the server', () => {
  const search = callSearchOf({ campaign: 'T', customer: '0011', disposition: 'answered', outcome: 'success', trunk: 'main', from: '2026-03-02', to: '2026-03-02', talkMin: 10, talkMax: '60', order: 'oldest' })
  assert.deepEqual(said(callQueryOf(search)), {
    campaign: 'T', customer: '0011', disposition: 'answered', outcome: 'success', trunk: 'main', order: 'oldest',
    from: '2026-03-01T16:00:00.000Z', to: '2026-03-02T16:00:00.000Z', talk_s_min: 10, talk_s_max: 60,
  })
})

test('what cannot be asked is left out', () => {
  assert.deepEqual(said(callSearchOf({ from: 'soon', to: 7, talkMin: -1, talkMax: 'x', order: 'best', outcome: '' })), {})
})
