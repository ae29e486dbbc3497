import { availableParallelism } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { genesisTime, note, notesMachine } from './notes.testing.ts'
import { startVerifierPool } from './verifier-pool.ts'

const machine = notesMachine()

function pool(threads?: number) {
  const started = startVerifierPool(threads)
  onTestFinished(() => started.close())
  return started
}

const good = (index: number): Uint8Array =>
  note(machine, 'clinic-a', { type: 'write', name: `note-${index}` }, genesisTime)

function forged(index: number): Uint8Array {
  const copy = Uint8Array.from(good(index))
  copy[copy.length - 40] = (copy.at(-40) ?? 0) ^ 1
  return copy
}

test('each envelope gets its own answer, in order, over as many threads and batches as there are', async () => {
  expect(availableParallelism()).toBeGreaterThan(0)
  const { verify } = pool(2)
  const bad = new Set([0, 127, 128, 200, 299])
  const envelopes = Array.from({ length: 300 }, (_, index) => (bad.has(index) ? forged(index) : good(index)))
  const expected = envelopes.map((_, index) => !bad.has(index))
  expect(await Promise.all([verify(envelopes), verify([]), verify(envelopes.slice(120, 130))])).toEqual([
    expected,
    [],
    expected.slice(120, 130),
  ])
})

test('bytes that are no envelope do not hold, and harm none beside them', async () => {
  const { verify } = pool(1)
  expect(await verify([new Uint8Array(0), good(1), Uint8Array.of(0xff, 1), good(2)])).toEqual([
    false,
    true,
    false,
    true,
  ])
})

test('what was handed in before the end is refused, and nothing is taken after it', async () => {
  const { verify, close } = startVerifierPool(1)
  const asked = verify(Array.from({ length: 500 }, (_, index) => good(index)))
  const outcome = expect(asked).rejects.toThrow('closed')
  await close()
  await outcome
  await expect(verify([good(1)])).rejects.toThrow('closed')
})
