import { expect, test } from 'vitest'
import { type Call, isCall, obeysGrammar } from './call-grammar.ts'

const called = (text: string): readonly Call[] => text.split(' ').filter(isCall)

test.each([
  '',
  'initChain finalizeBlock commit',
  'initChain prepareProposal processProposal finalizeBlock commit processProposal processProposal finalizeBlock commit',
  'finalizeBlock commit finalizeBlock',
])('an engine may ask: %s', (text) => {
  expect(obeysGrammar(called(text))).toBe(true)
})

test.each([
  'commit',
  'finalizeBlock finalizeBlock',
  'finalizeBlock processProposal commit',
  'finalizeBlock commit commit',
  'finalizeBlock commit initChain',
])('no engine asks: %s', (text) => {
  expect(obeysGrammar(called(text))).toBe(false)
})
