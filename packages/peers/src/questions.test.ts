import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { Ledger, note } from './ledger.testing.ts'
import { answerBytesMax, questionBytesMax, questionsAtOnceMax } from './limits.ts'
import { ask } from './questions.ts'

test('a member’s question is answered over a connection whose both ends have shown their keys', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder')
  await ledger.node('birch', {
    answer: async (from, question) => utf8(`${from} asks ${Buffer.from(question).toString()}`),
  })
  expect(await ask(alder.options, 'birch', note('what'))).toEqual({ ok: true, value: Buffer.from('alder asks what') })
  // Whoever the ledger does not know as a member is not let in, and nobody else answers for one.
  const stranger = { ...alder.options, seed: () => new Uint8Array(32).fill(9) }
  expect(await ask(stranger, 'birch', note('what'))).toMatchObject({ ok: false, reason: { type: 'not-let-in' } })
  expect(await ask(alder.options, 'cedar', note('what'))).toMatchObject({ reason: { type: 'member-unknown' } })
})

test('whoever has no answer says so: for want of one, of an answerer, or of anything asked', async () => {
  const ledger = new Ledger()
  const alder = await ledger.node('alder', { answer: async () => undefined })
  const birch = await ledger.node('birch', { answer: async () => new Uint8Array(answerBytesMax + 1) })
  const cedar = await ledger.node('cedar')
  const elm = await ledger.node('elm', { answer: () => Promise.reject(new Error('the engine is down')) })
  for (const { member } of [alder, birch, cedar, elm])
    expect(await ask(alder.options, member, note('what')), member).toEqual({
      ok: false,
      reason: { type: 'not-answered' },
    })
  const long = new Uint8Array(questionBytesMax + 1)
  expect(await ask(alder.options, 'birch', long)).toMatchObject({ ok: false })
})

test('no more questions are in hand than the bound says, and an answer makes room for the next', async () => {
  const ledger = new Ledger()
  const waiting: (() => void)[] = []
  await ledger.node('birch', {
    answer: (_, question) => new Promise((resolve) => waiting.push(() => resolve(question))),
  })
  // Each member has a few connections: more members than one asks.
  const askers = await Promise.all(
    Array.from({ length: questionsAtOnceMax }, (_, index) => ledger.node(`asker-${index}`)),
  )
  const last = await ledger.node('last')
  const first = askers.map(({ options }) => ask(options, 'birch', note('what')))
  while (waiting.length < questionsAtOnceMax) await new Promise((resolve) => setImmediate(resolve))
  expect(await ask(last.options, 'birch', note('what'))).toMatchObject({ reason: { type: 'not-answered' } })
  for (const end of waiting.splice(0)) end()
  expect((await Promise.all(first)).every(({ ok }) => ok)).toBe(true)
  const next = ask(last.options, 'birch', note('what'))
  while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve))
  waiting[0]?.()
  expect(await next).toMatchObject({ ok: true })
})
