import { utf8 } from '@plexus/codec'
import { generateSealingKey, openSealed, sealTo } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { oneShotHpke } from './quick-sealing.ts'

const seed = new Uint8Array(32).fill(7)
const other = new Uint8Array(32).fill(8)
const [info, context, plaintext] = [utf8('what it is for'), utf8('what it belongs to'), utf8('a message')]
const suiteLength = 1
const encapsulatedLength = 1120
const hpke = oneShotHpke()

async function sealedQuickly(): Promise<Uint8Array> {
  const { publicKey } = await generateSealingKey(seed)
  return hpke.seal({ publicKey, info, context, plaintext })
}

/** Opens with the stand-in; parts that are not given are those it was sealed with. */
function opened(sealed: Uint8Array, parts: { readonly [part in 'context' | 'info' | 'seed']?: Uint8Array } = {}) {
  const [encapsulated, ciphertext] = [sealed.slice(0, encapsulatedLength), sealed.slice(encapsulatedLength)]
  return hpke.open({ seed, info, context, ...parts, encapsulated, ciphertext })
}

test('the stand-in opens what it sealed, and its bytes are as many as those of the real one', async () => {
  const quick = await sealedQuickly()
  expect(await opened(quick)).toEqual({ type: 'opened', plaintext })
  const { publicKey } = await generateSealingKey(seed)
  const real = await sealTo({ publicKey, info, context, plaintext })
  expect(suiteLength + quick.length).toBe(real.length)
})

test('another seed, purpose or context, and any flipped bit, are refused as the real one refuses them', async () => {
  const { publicKey } = await generateSealingKey(seed)
  const real = await sealTo({ publicKey, info, context, plaintext })
  const refused = { type: 'not-authentic' }
  expect(await openSealed({ seed: other, info, context, sealed: real })).toEqual({ ok: false, reason: refused })
  const quick = await sealedQuickly()
  expect(await opened(quick, { seed: other })).toEqual(refused)
  expect(await opened(quick, { info: utf8('another') })).toEqual(refused)
  expect(await opened(quick, { context: utf8('another') })).toEqual(refused)
  for (const at of [0, 40, encapsulatedLength - 1, encapsulatedLength, quick.length - 1]) {
    const flipped = quick.slice()
    flipped[at] = (flipped[at] ?? 0) ^ 1
    expect(await opened(flipped)).toEqual(refused)
  }
})
