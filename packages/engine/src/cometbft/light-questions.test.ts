import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { lightBodyOf, lightQuestionIn, readLightQuestion, writeLightQuestion } from './light-questions.ts'

const asked = (method: string, params: object, id: unknown = 7) =>
  lightQuestionIn(utf8(JSON.stringify({ jsonrpc: '2.0', id, method, params })))

test('what the engine’s light client asks is understood, and asked of another engine in the same words', () => {
  expect(asked('commit', { height: '12' })).toEqual({ method: 'commit', height: 12, id: 7 })
  expect(asked('commit', { height: null })).toEqual({ method: 'commit', height: null, id: 7 })
  expect(asked('validators', { height: '12', page: '1', per_page: '100' })).toEqual({
    method: 'validators',
    height: 12,
    id: 7,
  })
  const question = asked('consensus_params', {})
  if (!question) throw new Error('it was not understood')
  expect(readLightQuestion(writeLightQuestion(question))).toEqual({ ok: true, value: question })
  expect(lightQuestionIn(utf8(lightBodyOf(question)))).toEqual(question)
  expect(JSON.parse(lightBodyOf({ method: 'validators', height: 5, id: 1 }))).toEqual({
    jsonrpc: '2.0',
    id: 1,
    method: 'validators',
    params: { height: '5', page: '1', per_page: '100' },
  })
})

test('nothing else of the engine is asked for anybody', () => {
  expect(asked('broadcast_tx_sync', { tx: '' })).toBeUndefined()
  expect(asked('unsafe_flush_mempool', {})).toBeUndefined()
  expect(asked('validators', { height: '12', page: '2' })).toBeUndefined()
  expect(asked('commit', { height: '-1' })).toBeUndefined()
  expect(asked('commit', { height: 'x' })).toBeUndefined()
  expect(asked('commit', {}, 'text')).toBeUndefined()
  expect(lightQuestionIn(utf8('[]'))).toBeUndefined()
  expect(readLightQuestion(utf8('{}')).ok).toBe(false)
})
