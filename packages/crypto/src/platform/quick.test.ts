import { utf8 } from '@plexus/codec'
import { expect, test } from 'vitest'
import { openOn, sealOn } from '../seal.ts'
import { platform as real } from './node.ts'
import { inTheMiddle, platform as quick } from './quick.testing.ts'

const seed = new Uint8Array(32).fill(5)
const message = utf8('message')

test('the quick platform signs and verifies as the real one, the first time and every time after', () => {
  const publicKey = real.ed25519PublicKey(seed)
  const signature = real.ed25519Sign(seed, message)
  for (let time = 0; time < 2; time++) {
    expect(quick.ed25519PublicKey(seed)).toEqual(publicKey)
    expect(quick.ed25519Sign(seed, message)).toEqual(signature)
    expect(quick.ed25519Verify(publicKey, message, signature)).toBe(true)
    expect(quick.ed25519Verify(publicKey, utf8('messages'), signature)).toBe(false)
  }
})

test('the quick platform waits in the middle of a seal as the real one, and gives as many bytes', async () => {
  const input = {
    publicKey: real.xWingPublicKey(seed),
    info: utf8('info'),
    context: utf8('context'),
    plaintext: message,
  }
  const told: string[] = []
  inTheMiddle.of = (info, plaintext) => told.push(`${info.length} ${plaintext.length}`)
  const sealing = sealOn(quick, input)
  expect(told).toEqual([])
  const sealed = await sealing
  expect(told).toEqual(['4 7'])
  expect(sealed.length).toBe((await sealOn(real, input)).length)
  const opened = await openOn(quick, { seed, info: input.info, context: input.context, sealed })
  expect(opened).toEqual({ ok: true, value: message })
})
