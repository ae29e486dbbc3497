import { fromHex, toHex, utf8 } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hmacSha256, sha256, sha512 } from './hash.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'
import { systemRandom } from './random.ts'

test('the hashes of "abc" are those of FIPS 180', () => {
  expect(toHex(sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(toHex(sha512(utf8('abc')))).toBe(
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  )
})

test('the second case of RFC 4231 comes out of HMAC-SHA-256', () => {
  expect(toHex(hmacSha256(utf8('Jefe'), utf8('what do ya want for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})

test('a digest that is written in place is the same one, and touches nothing beside it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(40), (message, at) => {
      for (const platform of [node, browser]) {
        const target = new Uint8Array(80).fill(7)
        platform.sha256Into(message, target, at)
        expect(target).toEqual(Uint8Array.from([...Array(at).fill(7), ...sha256(message), ...Array(48 - at).fill(7)]))
      }
    }),
  )
})

test('HMAC is the same on both sides of the lengths at which Node changes its road', () => {
  for (const keyLength of [0, 1, 32, 63, 64, 65, 100])
    for (const length of [0, 1, 47, 1023, 1024, 1025]) {
      const [key, message] = [new Uint8Array(keyLength).fill(0xa5), new Uint8Array(length).fill(0x5a)]
      expect(node.hmacSha256(key, message)).toEqual(browser.hmacSha256(key, message))
    }
})

test('both platforms hash alike, and give plain arrays that nothing else writes to', () => {
  const bytes = fc.uint8Array({ maxLength: 300 })
  fc.assert(
    fc.property(bytes, bytes, (key, message) => {
      for (const [one, other] of [
        [node.sha256(message), browser.sha256(message)],
        [node.sha512(message), browser.sha512(message)],
        [node.hmacSha256(key, message), browser.hmacSha256(key, message)],
      ] as const) {
        expect(one).toEqual(other)
        expect(Object.getPrototypeOf(one)).toBe(Uint8Array.prototype)
        expect(one.byteLength).toBe(one.buffer.byteLength)
      }
    }),
  )
})

test('randomness has the asked length, also above what WebCrypto gives at once, and does not repeat', () => {
  for (const random of [node.randomBytes, browser.randomBytes, systemRandom]) {
    const long = random(70_000)
    expect(long.length).toBe(70_000)
    expect(long.subarray(69_968)).not.toEqual(new Uint8Array(32))
    expect(random(32)).not.toEqual(random(32))
    expect(random(0)).toEqual(fromHex(''))
  }
})
