// Interprets a call's events for display: who spoke when, what led to what, and the state after the events up to a
// moment. Texts come from the call's replay, where they are masked; in the events they are sealed. A call controlled by
// keypresses has no event per text, so the robot's texts follow from the step that said them.
import type { ResponseOf } from '../../api/client'
import type { CallEvent } from '../../api/queries'
import type { Lane, Mark, Stretch, Tone } from '../../components/lineMarks'

export type Waveform = ResponseOf<'/api/v1/calls/{id}/waveform'>
export type Replay = ResponseOf<'/api/v1/calls/{id}/replay'>
type Step = Replay['steps'][number]
type Data = Record<string, unknown>

export interface Turn {
  /** A unique key; two texts of one step have the same position. */
  key: string
  position: number
  at: number
  isTheirs: boolean
  text: string
  kind: string
}

/** The step behind an event: what was recognized, understood and decided. */
export interface Reason {
  position: number
  step: Step
}

const TONES: Record<string, Tone> = {
  'call.answered': 'line', 'call.said': 'line', 'call.notice_played': 'line', 'call.agent_connected': 'line',
  'call.dialing': 'amber', 'call.ringing': 'amber', 'call.barged_in': 'amber', 'call.transfer_requested': 'amber',
  'call.leg_failed': 'red', 'call.seller_message_played': 'amber', 'call.sensitive_word_matched': 'red', 'call.engine_failed': 'red',
}

const INPUTS: Record<string, string> = { 'call.heard': 'spoken', 'call.keypressed': 'key', 'call.silence_timed_out': 'silence' }

export function dataOf(event: CallEvent): Data {
  return event.data as Data
}

export function marksOf(events: readonly CallEvent[], label: (kind: string) => string): Mark[] {
  return events.map((event) => ({
    position: Number(event.position),
    at: Date.parse(event.time),
    kind: event.type,
    label: label(event.type),
    tone: TONES[event.type] ?? 'slate',
  }))
}

/** Assigns to each event its step of the replay: the next one with this kind of input. */
function stepsOf(events: readonly CallEvent[], replay: Replay | undefined): Map<number, Step> {
  const left = [...(replay?.steps ?? [])]
  const found = new Map<number, Step>()
  for (const event of events) {
    const input = event.type === 'call.answered' ? 'answered' : INPUTS[event.type]
    if (input === undefined) continue
    const at = left.findIndex((step) => step.input.startsWith(input) || (input === 'key' && step.key !== null))
    const step = left[at]
    if (step === undefined) continue
    left.splice(0, at + 1)
    found.set(Number(event.position), step)
  }
  return found
}

export function reasonsOf(events: readonly CallEvent[], replay: Replay | undefined): Reason[] {
  const steps = stepsOf(events, replay)
  return [...steps].map(([position, step]) => ({ position, step })).filter(({ step }) => step.input !== 'answered')
}

type Said = Step['said'][number]

/**
 * Returns the words as played, cut where the robot was interrupted; if a value is no longer known, the text of the
 * flow.
 */
function wordsOf({ words, text, prompt, spoken_chars: spoken, prompt_chars: whole }: Said): string {
  const characters = [...(words ?? text ?? prompt)]
  if (words == null || spoken == null || whole == null || spoken >= whole || characters.length !== whole) return characters.join('')
  return `${characters.slice(0, spoken).join('')}…`
}

const isNotice = (said: Said) => said.prompt.startsWith('notices.')

export function turnsOf(events: readonly CallEvent[], replay: Replay | undefined): Turn[] {
  const steps = stepsOf(events, replay)
  const texts = (replay?.steps ?? []).flatMap((step) => step.said)
  const areOnRecord = events.some((event) => event.type === 'call.said')
  const turns: Turn[] = []
  // Texts without their own event; they are spoken after the notices of their step.
  let owed: Said[] = []
  const push = (event: CallEvent, isTheirs: boolean, text: string, kind: string = event.type) =>
    turns.push({ key: `${event.position} ${turns.length.toString()}`, position: Number(event.position), at: Date.parse(event.time), isTheirs, text, kind })
  const pay = (event: CallEvent) => {
    owed.forEach((said) => push(event, false, wordsOf(said), 'call.said'))
    owed = []
  }
  for (const event of events) {
    const data = dataOf(event)
    const step = steps.get(Number(event.position))
    const prompt = event.type === 'call.notice_played' ? `notices.${String(data['notice'])}` : event.type === 'call.said' ? String(data['prompt']) : null
    if (prompt !== null) {
      const found = texts.findIndex((one) => one.prompt === prompt)
      const said = texts[found]
      push(event, false, said === undefined ? prompt : wordsOf(said))
      if (found >= 0) texts.splice(0, found + 1)
      owed = owed.filter((one) => one.prompt !== prompt)
      if (!owed.some(isNotice)) pay(event)
      continue
    }
    if (event.type === 'call.seller_message_played') {
      push(event, false, String(data['text']))
      continue
    }
    if (step === undefined) continue
    if (event.type !== 'call.answered') push(event, true, step.heard?.text ?? step.key ?? '')
    if (areOnRecord) continue
    // After a notice that was not played to its end the callee heard nothing more.
    owed = [...step.said]
    if (!owed.some(isNotice)) pay(event)
  }
  return turns
}

/**
 * Returns when each side spoke: the robot up to each event that it has spoken, the callee as the recognizer segmented
 * it.
 */
export function lanesOf(events: readonly CallEvent[], names: { robot: string; callee: string }): Lane[] {
  const answered = events.find((event) => event.type === 'call.answered')
  if (answered === undefined) return []
  const begin = Date.parse(answered.time)
  const [robot, callee]: [Stretch[], Stretch[]] = [[], []]
  let from = begin
  for (const event of events) {
    const [at, data] = [Date.parse(event.time), dataOf(event)]
    if (event.type === 'call.said' || event.type === 'call.notice_played' || event.type === 'call.seller_message_played') {
      robot.push({ from, to: at, tone: 'line', label: event.position })
    } else if (event.type === 'call.heard') {
      callee.push({ from: begin + Number(data['begins_ms']), to: begin + Number(data['ends_ms']), tone: 'slate', label: event.position })
    } else if (event.type === 'call.keypressed') {
      callee.push({ from: at, to: at, tone: 'slate', label: event.position })
    }
    if (at >= begin) from = at
  }
  return [
    { name: names.robot, stretches: robot },
    { name: names.callee, stretches: callee },
  ]
}

/** Returns the lanes with the waveform of the recording, which starts at the answer. */
export function withWave(lanes: readonly Lane[], wave: Waveform | null, begin: number): readonly Lane[] {
  if (wave === null) return lanes
  const sides = [wave.ours_per_mille, wave.callee_per_mille]
  return lanes.map((lane, side) => ({ ...lane, peaks: { from: begin, stepMs: wave.point_ms, values: sides[side] ?? [] } }))
}

export type State = Record<string, string>

function four(kind: string, data: Data, before: string): string {
  if (kind === 'call.answered') return 'CONVERSATION'
  if (kind === 'call.transfer_requested' || kind === 'call.agent_connected') return 'MANUAL'
  if (kind !== 'call.ended') return before
  return before === 'CONVERSATION' || before === 'MANUAL' || data['disposition'] === 'answered' ? 'END' : 'ERROR'
}

/** Returns the state after each event. Sealed values stay sealed. */
export function statesOf(events: readonly CallEvent[]): State[] {
  const states: State[] = []
  let state: State = { four: 'INIT' }
  for (const event of events) {
    const data = dataOf(event)
    const next: State = { ...state, four: four(event.type, data, state['four'] ?? 'INIT') }
    const put = (name: string, value: unknown) => {
      if (value !== undefined && value !== null) next[name] = typeof value === 'object' ? JSON.stringify(value) : String(value)
    }
    if (event.type === 'call.node_entered') put('node', data['node'])
    if (event.type === 'call.dialing') put(`leg${String(data['leg'])}`, data['trunk'])
    if (event.type === 'call.leg_failed') put(`leg${String(data['leg'])}`, data['sip_code'] ?? data['failure'] ?? event.type)
    if (event.type === 'call.notice_played') put(`notice.${String(data['notice'])}`, event.position)
    if (event.type === 'call.understood') {
      put('intent', data['intent'])
      for (const slot of Object.keys((data['slots'] as Data | undefined) ?? {})) put(`slot.${slot}`, event.position)
    }
    if (event.type === 'call.decided') put('rule', data['rule'])
    if (event.type === 'call.answered') put('answered', event.time)
    if (event.type === 'call.ended') {
      put('disposition', data['disposition'])
      put('outcome', data['outcome'])
      put('reason', data['reason'])
    }
    states.push(next)
    state = next
  }
  return states
}

/** One line of the signaling: direction and content. */
export interface Rung {
  position: number
  at: number
  isOurs: boolean
  what: string
}

export function ladderOf(events: readonly CallEvent[]): Rung[] {
  const rungs: Rung[] = []
  for (const event of events) {
    const data = dataOf(event)
    const add = (isOurs: boolean, what: string) => rungs.push({ position: Number(event.position), at: Date.parse(event.time), isOurs, what })
    if (event.type === 'call.dialing') add(true, `INVITE (${String(data['trunk'])})`)
    if (event.type === 'call.ringing') add(false, `${String(data['sip_code'] ?? 180)}`)
    if (event.type === 'call.answered') {
      add(false, '200 OK')
      add(true, 'ACK')
    }
    if (event.type === 'call.leg_failed') add(false, String(data['sip_code'] ?? data['failure'] ?? ''))
    if (event.type === 'call.cancel_requested') add(true, 'CANCEL')
    if (event.type === 'call.hangup_requested') add(true, 'BYE')
    if (event.type === 'call.ended' && data['reason'] === 'callee_hung_up') add(false, 'BYE')
  }
  return rungs
}
