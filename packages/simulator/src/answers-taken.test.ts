import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { AnswersTaken } from './answers-taken.ts'

const intent = '58d298ae'
const [honest, byHand] = [utf8('a receipt of the ledger'), utf8('a receipt by hand')]
const noticeOf = (receipt: Uint8Array) => [
  { table: 'intents-asked', key: intent, value: receipt },
  { table: 'outbox', key: '1', value: Uint8Array.from([1, ...receipt, 2]) },
]

test('a requester that took the honest one of two answers believed nothing silent', () => {
  const answers = new AnswersTaken()
  answers.left(intent, byHand, false)
  answers.left(intent, honest, true)
  answers.took(intent, noticeOf(honest))
  expect(answers.silent.has(intent)).toBe(true)
  expect(answers.has(intent)).toBe(true)
  expect(answers.believed).toEqual([])
})

test('a requester that took the silent one of two answers believed it', () => {
  const answers = new AnswersTaken()
  answers.left(intent, honest, true)
  answers.left(intent, byHand, false)
  answers.took(intent, noticeOf(byHand))
  expect(answers.believed).toEqual([intent])
})

test('a silent answer that was taken was believed, whatever the notice shows', () => {
  const answers = new AnswersTaken()
  answers.took(intent, noticeOf(honest))
  answers.left(intent, byHand, false)
  expect(answers.believed).toEqual([intent])
})

test('a silent answer that nobody took was not believed', () => {
  const answers = new AnswersTaken()
  answers.left(intent, byHand, false)
  expect(answers.believed).toEqual([])
})
