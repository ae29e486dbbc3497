import { expect, test } from 'vitest'
import { Crash, openFileLedger } from './file-ledger.testing.ts'
import { engineSeed, genesisTime, idOf, note, notesMachine } from './notes.testing.ts'
import { createSequencer, type SequencerOptions } from './sequencer.ts'

const machine = notesMachine()
const start = genesisTime + 100
const write = (name: string, now = start, valid?: number) =>
  note(machine, 'clinic-a', { type: 'write', name }, now, valid)

function open(options: Partial<SequencerOptions> = {}) {
  const store = openFileLedger(machine)
  return { store, sequencer: createSequencer({ machine, store, seed: engineSeed, ...options }) }
}

test('a block is cut when an envelope waits, and otherwise after the interval', () => {
  const { sequencer, store } = open()
  expect(sequencer.cut(start)?.transactions).toEqual([])
  expect(sequencer.cut(start + 0.2)).toBeUndefined()
  const envelope = write('a')
  expect(sequencer.submit(envelope, start + 0.3)).toEqual({ ok: true, value: { id: idOf(envelope) } })
  expect(sequencer.cut(start + 0.4)?.transactions).toEqual([envelope])
  expect(sequencer.cut(start + 5.3)).toBeUndefined()
  expect(sequencer.dueIn(start + 5.3)).toBeCloseTo(0.1)
  expect(sequencer.cut(start + 5.5)?.transactions).toEqual([])
  expect([1, 2, 3].map((height) => store.block(height)?.time)).toEqual([start, start, start + 5])
})

test('T-23: a clock that is set back neither turns time back nor stops the blocks', () => {
  const { sequencer, store } = open()
  sequencer.cut(start)
  expect(sequencer.cut(start - 3_600)?.transactions).toEqual([])
  expect(sequencer.cut(start - 3_600 + 1)).toBeUndefined()
  expect(sequencer.cut(start - 3_600 + 5)).toBeDefined()
  expect(store.tip()).toMatchObject({ height: 3, time: start })
})

test('an envelope is refused as its block would refuse it, and one that waits is said to wait', () => {
  const { sequencer } = open()
  const envelope = write('a')
  expect(sequencer.submit(envelope, start).ok).toBe(true)
  expect(sequencer.submit(envelope, start)).toEqual({
    ok: false,
    reason: { type: 'already-waiting', id: idOf(envelope) },
  })
  sequencer.cut(start)
  expect(sequencer.submit(envelope, start)).toMatchObject({ ok: false, reason: { reason: 'replayed' } })
  expect(sequencer.submit(write('a'), start)).toMatchObject({ ok: false, reason: { space: 'notes', code: 1 } })
  expect(sequencer.submit(write('b', start, 5), start + 6)).toMatchObject({ ok: false, reason: { reason: 'expired' } })
  expect(sequencer.submit(new Uint8Array(9), start)).toMatchObject({ ok: false, reason: { reason: 'malformed' } })
  const changed = write('c')
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  expect(sequencer.submit(changed, start)).toMatchObject({ ok: false, reason: { reason: 'signature-invalid' } })
  expect(sequencer.waiting()).toBe(0)
})

test('the mempool and the blocks keep to their bounds, and the envelopes of one sponsor to their order', () => {
  const { sequencer } = open({ mempoolMax: 5, blockTransactionsMax: 2 })
  const envelopes = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => write(name))
  const answers = envelopes.map((envelope) => sequencer.submit(envelope, start))
  expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, true, true, false])
  expect(answers[5]).toEqual({ ok: false, reason: { type: 'mempool-full', retryAfterSeconds: 1 } })
  expect([1, 2, 3].map(() => sequencer.cut(start)?.transactions)).toEqual([
    envelopes.slice(0, 2),
    envelopes.slice(2, 4),
    envelopes.slice(4, 5),
  ])
  expect(sequencer.waiting()).toBe(0)

  const bytes = open({ mempoolBytesMax: 1_000 }).sequencer
  const fill = (names: string) => [...names].map((name) => bytes.submit(write(name), start).ok)
  expect(fill('abcde').lastIndexOf(true)).toBe(2)
  bytes.cut(start)
  expect(fill('fghij')).toEqual([true, true, true, false, false])
})

test('T-18: sponsors take turns in a block, and who found no room is first in the next', () => {
  const { sequencer } = open({ blockTransactionsMax: 4 })
  const of = (sponsor: string, count: number) =>
    Array.from({ length: count }, (_, index) => {
      const envelope = note(machine, sponsor, { type: 'write', name: `${sponsor}-${index}` }, start)
      expect(sequencer.submit(envelope, start).ok).toBe(true)
      return envelope
    })
  const [flood, second, third] = [of('clinic-a', 7), of('clinic-b', 2), of('clinic-c', 2)]
  expect(sequencer.cut(start)?.transactions).toEqual([flood[0], second[0], third[0], flood[1]])
  expect(sequencer.cut(start)?.transactions).toEqual([second[1], third[1], flood[2], flood[3]])
  expect(sequencer.cut(start)?.transactions).toEqual([flood[4], flood[5], flood[6]])
  expect(sequencer.waiting()).toBe(0)
})

test('a block that could not be made durable was not cut, and its envelopes still wait', () => {
  const { sequencer, store } = open()
  sequencer.submit(write('a'), start)
  store.crashNext('before-durable')
  expect(() => sequencer.cut(start)).toThrow(Crash)
  expect(sequencer.height()).toBe(0)
  expect(sequencer.waiting()).toBe(1)
})

test('blocks are handed out again from any height', () => {
  const { sequencer } = open()
  const cut = ['a', 'b', 'c'].map((name, index) => {
    sequencer.submit(write(name), start + index)
    return sequencer.cut(start + index)
  })
  expect([...sequencer.blocksFrom(2)]).toEqual(cut.slice(1))
  expect([...sequencer.blocksFrom(0)]).toEqual(cut)
  expect([...sequencer.blocksFrom(4)]).toEqual([])
})

test('only the key that genesis names can order', () => {
  expect(() => open({ seed: new Uint8Array(32).fill(1) })).toThrow(/genesis/)
})
