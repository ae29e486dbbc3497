import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { toHex } from '@plexus/codec'
import { expect, test } from 'vitest'
import { publicKeyOf, sign, verify } from '../ed25519.ts'
import { parsedSeeds } from './parsed-seeds.ts'

const seedOf = (byte: number) => new Uint8Array(32).fill(byte)

function counted() {
  let parsed = 0
  const keyOf = parsedSeeds((seed) => {
    parsed += 1
    return { of: toHex(seed) }
  }, toHex)
  return { keyOf, parsed: () => parsed }
}

test('a seed that is used again is parsed no more, and one that is used once is not kept', () => {
  const { keyOf, parsed } = counted()
  const seed = seedOf(1)
  const used = [1, 2, 3, 4].map(() => [keyOf(seed).of, parsed()])
  expect(used.map(([, count]) => count)).toEqual([1, 2, 2, 2])
  expect(new Set(used.map(([of]) => of))).toEqual(new Set([toHex(seedOf(1))]))
  // The same bytes elsewhere are somebody else's.
  keyOf(seedOf(1))
  expect(parsed()).toBe(3)
})

test('a seed that was overwritten signs as what stands there now', () => {
  const seed = seedOf(1)
  const message = new Uint8Array([1, 2, 3])
  const signed = () => toHex(sign(seed, message))
  const [first] = [signed(), signed(), signed()]
  const publicKey = publicKeyOf(seed)
  seed.fill(2)
  expect(signed()).toBe(toHex(sign(seedOf(2), message)))
  expect(publicKeyOf(seed)).toEqual(publicKeyOf(seedOf(2)))
  expect(signed()).not.toBe(first)
  seed.fill(1)
  expect([signed(), publicKeyOf(seed)]).toEqual([first, publicKey])
})

test('whoever is given a public key may write over it', () => {
  const seed = seedOf(5)
  const [first] = [publicKeyOf(seed), publicKeyOf(seed), publicKeyOf(seed)]
  publicKeyOf(seed).fill(0)
  expect(publicKeyOf(seed)).toEqual(first)
  expect(verify(first ?? seed, seed, sign(seed, seed))).toBe(true)
})

test('a key goes when its seed does', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { keyOf } = counted()
  const key = (() => {
    const seed = seedOf(1)
    keyOf(seed)
    keyOf(seed)
    return new WeakRef(keyOf(seed))
  })()
  // What a weak reference showed stays until the turn of the loop is over.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  expect(key.deref()).toBeUndefined()
})
