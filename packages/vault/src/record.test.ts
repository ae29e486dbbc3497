import { expect, test } from 'vitest'
import { openRecord, sealRecord } from './record.ts'

const key = new Uint8Array(32).fill(1)
const record = new Uint8Array(16).fill(2)
const plaintext = new Uint8Array(Buffer.from('{"value":1.10}'))
const context = { custodian: 'clinic-a', record, contentType: 'application/fhir+json' }
const ciphertext = sealRecord({ ...context, key, plaintext })
const refused = { ok: false, reason: { type: 'verification-failed' } }

test('who holds the data key reads the bytes as they were received', () => {
  expect(openRecord({ ...context, key, ciphertext })).toEqual({ ok: true, value: plaintext })
})

test('an empty record opens to an empty record', () => {
  const empty = sealRecord({ ...context, key: new Uint8Array(32).fill(9), plaintext: new Uint8Array(0) })
  expect(empty).toHaveLength(16)
  expect(openRecord({ ...context, key: new Uint8Array(32).fill(9), ciphertext: empty })).toEqual({
    ok: true,
    value: new Uint8Array(0),
  })
})

test('each single flipped bit of a ciphertext is noticed', () => {
  for (let bit = 0; bit < ciphertext.length * 8; bit++) {
    const flipped = ciphertext.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(openRecord({ ...context, key, ciphertext: flipped })).toEqual(refused)
  }
})

test('a ciphertext that was cut short is refused at every length', () => {
  for (let length = 0; length < ciphertext.length; length++) {
    expect(openRecord({ ...context, key, ciphertext: ciphertext.slice(0, length) })).toEqual(refused)
  }
})

test('a ciphertext opens only as the record, custodian and content type it was sealed as', () => {
  const other = new Uint8Array(16).fill(3)
  expect(openRecord({ ...context, key, ciphertext, record: other })).toEqual(refused)
  expect(openRecord({ ...context, key, ciphertext, custodian: 'clinic-b' })).toEqual(refused)
  expect(openRecord({ ...context, key, ciphertext, contentType: 'text/plain' })).toEqual(refused)
  expect(openRecord({ ...context, key: new Uint8Array(32), ciphertext })).toEqual(refused)
})

test('a byte moved from one part of the context to the next makes another context', () => {
  const moved = { custodian: 'clinic-', record: new Uint8Array([97, ...record]), contentType: context.contentType }
  expect(openRecord({ ...moved, key, ciphertext })).toEqual(refused)
})

test('the sealed form is the one that receivers already know', () => {
  // Computed with two other implementations of AES-256-GCM; a change here closes every vault that exists.
  expect(Buffer.from(ciphertext).toString('hex')).toBe('c417eebd194e669da948bc7441598cf1dba65f0cf21e6149c5af773c0d9c')
})
