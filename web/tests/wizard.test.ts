// What the wizard lacks before a campaign is created: variables without a column above all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EMPTY, lackingOf, STEPS, unfilledOf, type ListLook } from '../src/pages/wizard/filled'

const look = (columns: ListLook['columns'], missing: string[] = []): ListLook => ({ columns, missing_variables: missing })
const at = (step: (typeof STEPS)[number]) => ({ ...EMPTY, step: STEPS.indexOf(step), taskId: 'T', script: '您好，{{customer_name}}，应还 {{amount}} 元。' })

test('a variable that no column fills is named once', () => {
  const filled = { ...at('flow'), script: '{{amount}} … {{ amount }} … {{days}}' }
  assert.deepEqual(unfilledOf(filled, look([{ title: '手机号', member: 'phone' }])), ['amount', 'days'])
})

test('a variable is filled by a title, a mapped variable, the name, or the number', () => {
  const script = '{{customer_name}} {{amount}} {{due}} {{home_city}} {{carrier}}'
  const columns = [{ title: '姓名', member: 'name' }, { title: '金额', variable: 'amount' }, { title: 'due' }]
  assert.deepEqual(unfilledOf({ ...at('flow'), script }, look(columns)), [])
})

test('a form of a variable does not hide its name', () => {
  assert.deepEqual(unfilledOf({ ...at('flow'), script: '{{amount|money}}' }, look([])), ['amount'])
})

test('the variables of a flow are those that the server found missing', () => {
  const filled = { ...at('flow'), flow: 'reminder@1' }
  assert.deepEqual(unfilledOf(filled, look([], ['amount', 'home_province'])), ['amount'])
})

test('without a list there is nothing to compare with', () => {
  assert.deepEqual(unfilledOf(at('flow'), null), [])
})

test('neither the next step nor the creation is open while a variable has no column', () => {
  const list = look([{ title: '手机号', member: 'phone' }])
  assert.equal(lackingOf(at('flow'), true, list), 'wizard.lackVariables')
  assert.equal(lackingOf(at('live'), true, list), 'wizard.lackVariables')
  const whole = look([{ title: '姓名', member: 'name' }, { title: 'amount' }])
  assert.equal(lackingOf(at('flow'), true, whole), null)
  assert.equal(lackingOf(at('live'), true, whole), null)
})

test('each earlier step names its own lack', () => {
  assert.equal(lackingOf({ ...at('file'), taskId: 'a b' }, true, null), 'wizard.lackTaskId')
  assert.equal(lackingOf(at('segment'), false, null), 'wizard.lackPeople')
  assert.equal(lackingOf({ ...at('flow'), script: ' ' }, true, null), 'wizard.lackFlow')
  assert.equal(lackingOf({ ...at('live'), fileName: 'people.csv' }, false, null), 'wizard.lackFile')
})
