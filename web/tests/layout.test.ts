// The places of a flow's nodes in the designer: no two cards touch.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CARD_WIDTH, laidOut, type Place } from '../src/pages/flows/graph/layout'

type Flow = Parameters<typeof laidOut>[0]

const NAMES = ['menu', 'pay', 'later', 'ask', 'lost']
const node = (name: string, to: string[]) => ({ name, kind: 'menu', body: { text: '请选择。' }, exits: to.map((one, index) => ({ member: `keys.${index.toString()}`, to: one, path: [] })), isWritten: true })
const flow = { start: 'menu', nodes: [node('menu', ['pay', 'later', 'ask']), node('pay', []), node('later', []), node('ask', []), node('lost', [])] } as unknown as Flow

/** Pairs of cards that touch. */
function touching(places: Map<string, Place>, heights: Map<string, number>): string[] {
  return NAMES.flatMap((one, index) =>
    NAMES.slice(index + 1).flatMap((other) => {
      const [a, b] = [places.get(one), places.get(other)]
      assert.ok(a !== undefined && b !== undefined)
      const beside = a.x + CARD_WIDTH <= b.x || b.x + CARD_WIDTH <= a.x
      const apart = a.y + (heights.get(one) ?? 0) <= b.y || b.y + (heights.get(other) ?? 0) <= a.y
      return beside || apart ? [] : [`${one} ${other}`]
    }),
  )
}

const tall = new Map(NAMES.map((name) => [name, 400]))

test('cards that are higher than was reckoned do not overlap once they are measured', () => {
  assert.notDeepEqual(touching(laidOut(flow), tall), [], 'by the estimate alone they would')
  assert.deepEqual(touching(laidOut(flow, tall), tall), [])
})

test('a card that was put on others keeps its place, and the others move away', () => {
  const at = laidOut(flow, tall).get('later')
  assert.ok(at !== undefined)
  const fixed = new Map([['pay', { x: at.x + 10, y: at.y - 10 }]])
  const places = laidOut(flow, tall, fixed)
  assert.deepEqual(places.get('pay'), fixed.get('pay'))
  assert.deepEqual(touching(places, tall), [])
})

test('two cards that were put on one place do not overlap either', () => {
  const fixed = new Map(NAMES.map((name) => [name, { x: 0, y: 0 }]))
  assert.deepEqual(touching(laidOut(flow, tall, fixed), tall), [])
})

test('the same file is drawn the same way', () => {
  assert.deepEqual(laidOut(flow, tall), laidOut(flow, tall))
})
