import { fromHex, toHex } from '@plexus/codec'
import { expect, test } from 'vitest'
import { hkdf, hkdfKeys, hkdfOn } from './hkdf.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'
import { sharedDataPresent, sharedJson, type Wycheproof } from './shared-data.testing.ts'

const none = new Uint8Array(0)

test('the first case of RFC 5869 comes out', () => {
  const secret = fromHex('0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b')
  const salt = fromHex('000102030405060708090a0b0c')
  expect(toHex(hkdf({ secret, salt, info: fromHex('f0f1f2f3f4f5f6f7f8f9'), length: 42 }))).toBe(
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
})

test('many keys of one secret are those that HKDF gives one by one', () => {
  const [secret, salt] = [fromHex('0b'.repeat(22)), fromHex('000102030405060708090a0b0c')]
  const keyFor = hkdfKeys({ secret, salt })
  for (const length of [0, 1, 63, 1024]) {
    const info = new Uint8Array(length).fill(7)
    expect(keyFor(info)).toEqual(hkdf({ secret, salt, info, length: 32 }))
  }
  expect(() => keyFor(new Uint8Array(1025))).toThrow('info: expected at most 1024 bytes')
})

test('lengths that RFC 5869 or a platform does not allow are bugs of the caller', () => {
  const input = { secret: none, salt: none, info: none, length: 32 }
  expect(() => hkdf({ ...input, length: 8161 })).toThrow('length: expected 1 to 8160, came 8161')
  expect(() => hkdf({ ...input, length: 0 })).toThrow('length')
  expect(() => hkdf({ ...input, length: 1.5 })).toThrow('length')
  expect(() => hkdf({ ...input, info: new Uint8Array(1025) })).toThrow('info: expected at most 1024 bytes, came 1025')
  expect(hkdf({ ...input, info: new Uint8Array(1024), length: 8160 }).length).toBe(8160)
})

test.skipIf(!sharedDataPresent)('both platforms derive what Wycheproof says (needs ../shared/data)', () => {
  type Test = { ikm: string; salt: string; info: string; size: number; okm: string }
  let valid = 0
  let refused = 0
  for (const { tests } of sharedJson<Wycheproof<object, Test>>('wycheproof/hkdf_sha256_test.json').testGroups) {
    for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
      const input = { secret: fromHex(ikm), salt: fromHex(salt), info: fromHex(info), length: size }
      for (const on of [node, browser]) {
        if (result === 'valid') expect({ tcId, okm: toHex(hkdfOn(on, input)) }).toEqual({ tcId, okm })
        else expect(() => hkdfOn(on, input)).toThrow(RangeError)
      }
      if (result === 'valid') valid++
      else refused++
    }
  }
  expect(valid).toBeGreaterThan(50)
  expect(refused).toBeGreaterThan(0)
})
