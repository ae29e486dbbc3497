import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { platformOfCrypto, quickPrimitives } from './quick-crypto.ts'

const [seed, other] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)]
const messages = [utf8('a message'), utf8('another message'), new Uint8Array(0)]

test('what is remembered of keys and signatures is what the platform answers, the first time and again, and nobody can change it', async () => {
  const real = await platformOfCrypto()
  const quick = quickPrimitives(real)
  for (let round = 0; round < 2; round++)
    for (const each of [seed, other]) {
      expect(quick.xWingPublicKey(each)).toEqual(real.xWingPublicKey(each))
      for (const message of messages) {
        const publicKey = quick.ed25519PublicKey(each)
        const signature = quick.ed25519Sign(each, message)
        expect(publicKey).toEqual(real.ed25519PublicKey(each))
        expect(signature).toEqual(real.ed25519Sign(each, message))
        expect(quick.ed25519Verify(publicKey, message, signature)).toBe(true)
        publicKey[0] = (publicKey[0] ?? 0) ^ 1
        signature[40] = (signature[40] ?? 0) ^ 1
        expect(quick.ed25519Verify(quick.ed25519PublicKey(each), message, signature)).toBe(false)
      }
    }
})

test('a signature that is good for one key and message is remembered for no other', async () => {
  const quick = quickPrimitives(await platformOfCrypto())
  const [message, another] = [utf8('a message'), utf8('another message')]
  const signature = quick.ed25519Sign(seed, message)
  expect(quick.ed25519Verify(quick.ed25519PublicKey(seed), message, signature)).toBe(true)
  expect(quick.ed25519Verify(quick.ed25519PublicKey(other), message, signature)).toBe(false)
  expect(quick.ed25519Verify(quick.ed25519PublicKey(seed), another, signature)).toBe(false)
})
