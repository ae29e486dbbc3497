import { readEnvelope, signaturesHold } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { chainOf, machineOf, opening } from './network.testing.ts'
import { createSignatures, nameOf } from './signatures.ts'

const foundedAt = 1_700_000_000
const chain = chainOf(foundedAt)
const envelopes = Array.from({ length: 30 }, (_, index) => opening(chain, 'alder', `${index}`, foundedAt))

/** A pool that answers when the test says so. */
function slowPool() {
  const groups: { readonly envelopes: readonly Uint8Array[]; answer(): void }[] = []
  return {
    groups,
    verify: (envelopes: readonly Uint8Array[]) =>
      new Promise<readonly boolean[]>((resolve) => {
        const answers = envelopes.map((bytes) => {
          const read = readEnvelope(bytes)
          return read.ok && signaturesHold(read.value)
        })
        groups.push({ envelopes, answer: () => resolve(answers) })
      }),
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('what is asked for while the threads are busy gathers, and goes together', async () => {
  const pool = slowPool()
  const { verified } = createSignatures({ pool })
  const all = []
  for (let at = 0; at < 30; at += 5) {
    all.push(verified(envelopes.slice(at, at + 5)))
    await turn()
  }
  expect(pool.groups.map((group) => group.envelopes.length)).toEqual([5, 5])
  pool.groups[0]?.answer()
  await turn()
  expect(pool.groups.map((group) => group.envelopes.length)).toEqual([5, 5, 20])
  for (const group of pool.groups) group.answer()
  expect((await Promise.all(all)).flat().every(({ holds }) => holds)).toBe(true)
})

test('an envelope that is asked for twice at once is verified once, and later not again', async () => {
  let count = 0
  const { verified, holds } = createSignatures({
    pool: { verify: async (all) => all.map(() => true) },
    onVerified(signatures) {
      count += signatures
    },
  })
  const three = envelopes.slice(0, 3)
  await Promise.all([verified(three), verified(three)])
  await verified(three)
  const read = readEnvelope(three[0] ?? new Uint8Array(0))
  expect([count, read.ok && holds(read.value)]).toEqual([3, true])
})

test('a thread that died is told to whoever waits, and to nobody twice', async () => {
  const { verified } = createSignatures({ pool: { verify: () => Promise.reject(new Error('the thread ended')) } })
  await expect(verified(envelopes.slice(0, 5))).rejects.toThrow('the thread ended')
})

test('what was read is kept until a block has had it, within a bound of bytes', async () => {
  const { machine, signatures } = machineOf(chain, { verify: async (all) => all.map(() => true) })
  const { keep, checked, forget } = signatures
  const [bytes = new Uint8Array(0)] = envelopes
  const read = readEnvelope(bytes)
  const [contract] = machine.contracts
  if (!read.ok || !contract) throw new Error('an own envelope is readable')
  const entry = { envelope: read.value, name: 'id', transaction: { type: 'none' }, contract }
  keep(nameOf(bytes), entry)
  expect(checked(nameOf(bytes))).toBe(entry)
  forget([nameOf(bytes)])
  expect(checked(nameOf(bytes))).toBeUndefined()
  const large = { ...entry, envelope: { ...read.value, bodyBytes: new Uint8Array(40 * 1024 * 1024) } }
  for (const name of ['a', 'b', 'c', 'd']) keep(name, large)
  expect(['a', 'b', 'c', 'd'].map((name) => checked(name) !== undefined)).toEqual([false, true, true, true])
})
