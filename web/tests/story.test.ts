// What the page of a call shows as said, and by which side.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turnsOf, type Replay } from '../src/pages/call/story'

type Events = Parameters<typeof turnsOf>[0]

const events = (...list: [string, Record<string, unknown>?][]) =>
  list.map(([type, data = {}], index) => ({ type, data, position: String(index + 1), time: `2026-03-02T02:00:0${index.toString()}Z`, id: String(index) })) as unknown as Events

const said = (prompt: string, text: string, words: string | null, spoken: number | null = null) => ({
  prompt, variant: null, text, words, spoken_chars: spoken, prompt_chars: spoken === null ? null : [...(words ?? text)].length,
})

const step = (input: string, more: object) => ({ input, node: 'n', n: 1, after_ms: 0, offer: null, heard: null, key: null, understood: null, decided: [], entered: [], said: [], ...more })

const replay = (...steps: object[]) => ({ steps }) as unknown as Replay

const shown = (all: ReturnType<typeof turnsOf>) => all.map(({ isTheirs, text }) => `${isTheirs ? 'callee' : 'robot'}: ${text}`)

const NOTICE = said('notices.recording', '本次通话将被录音。', '本次通话将被录音。')
const GREETING = said('nodes.menu.text', '您好，{{name}}，还款请按1。', '您好，张*，还款请按1。')
const BYE = said('nodes.bye.text', '谢谢，再见。', '谢谢，再见。')

test('a call led by keys shows each text of the robot, with its values masked', () => {
  const played = replay(step('answered', { said: [NOTICE, GREETING] }), step('keypress', { key: '1', said: [BYE] }))
  const turns = turnsOf(events(['call.answered'], ['call.notice_played', { notice: 'recording' }], ['call.keypressed'], ['call.ended']), played)
  assert.deepEqual(shown(turns), ['robot: 本次通话将被录音。', 'robot: 您好，张*，还款请按1。', 'callee: 1', 'robot: 谢谢，再见。'])
  assert.equal(new Set(turns.map(({ key }) => key)).size, turns.length, 'each has a key of its own')
  assert.deepEqual(turns.map(({ position }) => position), [2, 2, 3, 3])
})

test('what follows a notice that was not played to its end is not shown as said', () => {
  const played = replay(step('answered', { said: [NOTICE, GREETING] }))
  assert.deepEqual(shown(turnsOf(events(['call.answered'], ['call.ended']), played)), [])
})

test('a spoken call shows each text once, by its event, up to where the callee interrupted it', () => {
  const cut = said('nodes.menu.text', '您好，{{name}}，请问分几期？', '您好，张*，请问分几期？', 6)
  const played = replay(step('answered', { said: [NOTICE, cut] }), step('spoken', { heard: { text: '三期' }, said: [BYE] }))
  const list = events(['call.answered'], ['call.notice_played', { notice: 'recording' }], ['call.said', { prompt: 'nodes.menu.text' }], ['call.heard'], ['call.said', { prompt: 'nodes.bye.text' }])
  assert.deepEqual(shown(turnsOf(list, played)), ['robot: 本次通话将被录音。', 'robot: 您好，张*，…', 'callee: 三期', 'robot: 谢谢，再见。'])
})

test('where a value is not known any more the text is shown as the flow has it', () => {
  const played = replay(step('answered', { said: [said('nodes.menu.text', '您好，{{name}}。', null)] }))
  assert.deepEqual(shown(turnsOf(events(['call.answered']), played)), ['robot: 您好，{{name}}。'])
})
