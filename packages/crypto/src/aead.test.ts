import { concatBytes, fromHex, toHex, utf8 } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openAead, openAeadOn, sealAead, sealAeadOn } from './aead.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'
import { sharedDataPresent, sharedJson, type Wycheproof } from './shared-data.testing.ts'

const key = node.sha256(utf8('key'))
const nonce = key.slice(0, 12)
const context = utf8('context')
const plaintext = utf8('plaintext')
const sealed = sealAead({ key, nonce, plaintext, context })

test('what was sealed opens with the same key, nonce and context', () => {
  expect(openAead({ key, nonce, sealed, context })).toEqual(plaintext)
  expect(sealed.length).toBe(plaintext.length + 16)
})

test('another key, nonce or context, and any changed, missing or added bit, opens nothing on either platform', () => {
  const flip = (bytes: Uint8Array, bit: number) => {
    const changed = Uint8Array.from(bytes)
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
    return changed
  }
  for (const on of [node, browser]) {
    const open = (changes: object) => openAeadOn(on, { key, nonce, sealed, context, ...changes })
    expect(open({})).toEqual(plaintext)
    for (let bit = 0; bit < 8 * key.length; bit++) expect(open({ key: flip(key, bit) })).toBeUndefined()
    for (let bit = 0; bit < 8 * nonce.length; bit++) expect(open({ nonce: flip(nonce, bit) })).toBeUndefined()
    for (let bit = 0; bit < 8 * context.length; bit++) expect(open({ context: flip(context, bit) })).toBeUndefined()
    for (let bit = 0; bit < 8 * sealed.length; bit++) expect(open({ sealed: flip(sealed, bit) })).toBeUndefined()
    for (let length = 0; length < sealed.length; length++) {
      expect(open({ sealed: sealed.subarray(0, length) })).toBeUndefined()
    }
    expect(open({ sealed: concatBytes(sealed, Uint8Array.of(0)) })).toBeUndefined()
    expect(open({ context: new Uint8Array(0) })).toBeUndefined()
  }
})

test('a key or nonce of another length is a bug of the caller', () => {
  expect(() => sealAead({ key: key.subarray(16), nonce, plaintext, context })).toThrow(
    'key: expected 32 bytes, came 16',
  )
  expect(() => openAead({ key, nonce: key, sealed, context })).toThrow('nonce: expected 12 bytes, came 32')
})

test('both platforms seal to the same bytes and open each other', () => {
  const bytes = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(bytes, bytes, (text, about) => {
      const one = sealAeadOn(node, { key, nonce, plaintext: text, context: about })
      expect(sealAeadOn(browser, { key, nonce, plaintext: text, context: about })).toEqual(one)
      for (const on of [node, browser])
        expect(openAeadOn(on, { key, nonce, sealed: one, context: about })).toEqual(text)
    }),
  )
})

test.skipIf(!sharedDataPresent)('both platforms give the answers of Wycheproof (needs ../shared/data)', () => {
  type Group = { ivSize: number; keySize: number; tagSize: number }
  type Test = { key: string; iv: string; aad: string; msg: string; ct: string; tag: string }
  const counts = { valid: 0, invalid: 0 }
  for (const group of sharedJson<Wycheproof<Group, Test>>('wycheproof/aes_gcm_test.json').testGroups) {
    if (group.keySize !== 256 || group.ivSize !== 96 || group.tagSize !== 128) continue
    for (const { tcId, result, ...vector } of group.tests) {
      const common = { key: fromHex(vector.key), nonce: fromHex(vector.iv), context: fromHex(vector.aad) }
      for (const on of [node, browser]) {
        const opened = openAeadOn(on, { ...common, sealed: fromHex(vector.ct + vector.tag) })
        const expected = result === 'valid' ? vector.msg : undefined
        expect({ tcId, opened: opened && toHex(opened) }).toEqual({ tcId, opened: expected })
        if (result !== 'valid') continue
        const again = sealAeadOn(on, { ...common, plaintext: fromHex(vector.msg) })
        expect({ tcId, sealed: toHex(again) }).toEqual({ tcId, sealed: vector.ct + vector.tag })
      }
      counts[result === 'valid' ? 'valid' : 'invalid']++
    }
  }
  expect(counts.valid).toBeGreaterThan(20)
  expect(counts.invalid).toBeGreaterThan(10)
})
