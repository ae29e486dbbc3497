import { concatBytes, utf8 } from '@plexus/codec'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collected, derived, sampleText, sealedChunk, sealedText } from './chunked-aead.testing.ts'
import { sealedLengthOf } from './chunked-aead.ts'
import { openChunkedReader, openChunkedReaderOn } from './chunked-reader.ts'
import { sha256 } from './hash.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'

const message = {
  key: new Uint8Array(sha256(utf8('key'))),
  context: utf8('context'),
  salt: sha256(utf8('salt')).slice(0, 24),
}
const text = sampleText(70 * 16_384 + 5)
const sealed = await sealedText(message, text)

/** A far store that counts what is asked of it. */
function farStore(bytes: Uint8Array) {
  const asked: [number, number][] = []
  return {
    asked,
    read: async (offset: number, length: number) => {
      asked.push([offset, length])
      return offset + length <= bytes.length ? bytes.subarray(offset, offset + length) : undefined
    },
  }
}

async function opened(bytes: Uint8Array, changes: object = {}) {
  return openChunkedReader({ ...message, sealedLength: bytes.length, read: farStore(bytes).read, ...changes })
}

async function readerOf(bytes: Uint8Array) {
  const reader = await opened(bytes)
  if (!reader.ok) throw new Error(reader.reason.type)
  return reader.value
}

test('any range comes out as it went in, on both platforms', async () => {
  const { read } = farStore(sealed)
  const readers = await Promise.all(
    [node, browser].map((on) => openChunkedReaderOn(on, { ...message, sealedLength: sealed.length, read })),
  )
  const place = fc.oneof(
    fc.nat(text.length),
    fc.integer({ min: 0, max: 70 }).map((chunk) => chunk * 16_384),
  )
  await fc.assert(
    fc.asyncProperty(place, fc.nat(40_000), async (from, length) => {
      const to = Math.min(text.length, from + length)
      for (const reader of readers) {
        if (!reader.ok) throw new Error(reader.reason.type)
        expect(reader.value.length).toBe(text.length)
        expect(await reader.value.range(from, to)).toEqual({ ok: true, value: text.subarray(from, to) })
      }
    }),
    { numRuns: 60 },
  )
})

test('a long range is read in pieces of at most one MiB', async () => {
  const store = farStore(sealed)
  const reader = await opened(sealed, { read: store.read })
  if (!reader.ok) throw new Error(reader.reason.type)
  const pieces = await collected(reader.value.stream(10, text.length))
  expect(concatBytes(...pieces.map((piece) => (piece.ok ? piece.value : new Uint8Array(0))))).toEqual(text.subarray(10))
  expect(store.asked).toEqual([
    [0, 56],
    [56 + 70 * 16_400, 21],
    [56, 64 * 16_400],
    [56 + 64 * 16_400, 6 * 16_400 + 21],
  ])
})

test('a range reads the chunks that it touches, and no more', async () => {
  const store = farStore(sealed)
  const reader = await opened(sealed, { read: store.read })
  if (!reader.ok) throw new Error(reader.reason.type)
  store.asked.length = 0
  await reader.value.range(16_384, 2 * 16_384)
  await reader.value.range(5 * 16_384 - 1, 5 * 16_384 + 1)
  await reader.value.range(7, 7)
  expect(store.asked).toEqual([
    [56 + 16_400, 16_400],
    [56 + 4 * 16_400, 2 * 16_400],
  ])
})

test('a length that is not that of the text is refused before any range', async () => {
  for (const length of [sealed.length - 1, sealed.length + 1, sealed.length - 21, 56 + 2 * 16_400 + 21, 56, 40]) {
    const longer = concatBytes(sealed, new Uint8Array(9))
    expect((await opened(longer.subarray(0, length))).ok).toBe(false)
  }
  expect(await opened(sealed, { sealedLength: 56 + 2 ** 38 * 16_400 + 16 })).toEqual({
    ok: false,
    reason: { type: 'too-long' },
  })
})

test('another key or context is refused before any range', async () => {
  for (const changes of [{ key: new Uint8Array(32) }, { context: utf8('other') }]) {
    expect(await opened(sealed, changes)).toEqual({ ok: false, reason: { type: 'commitment-mismatch' } })
  }
})

test('a chunk that was changed spoils the ranges that touch it, and no other', async () => {
  const changed = sealed.slice()
  changed[56 + 3 * 16_400 + 77] = (changed[56 + 3 * 16_400 + 77] as number) ^ 4
  const reader = await readerOf(changed)
  const refused = { ok: false, reason: { type: 'chunk-not-authentic', chunk: 3 } }
  expect(await reader.range(3 * 16_384, 3 * 16_384 + 1)).toEqual(refused)
  expect(await reader.range(0, text.length)).toEqual(refused)
  expect(await reader.range(0, 3 * 16_384)).toEqual({ ok: true, value: text.subarray(0, 3 * 16_384) })
})

test('what a store no longer has is a truncated text', async () => {
  let gone = false
  const read = async (offset: number, length: number) => (gone ? undefined : sealed.subarray(offset, offset + length))
  const reader = await opened(sealed, { read })
  gone = true
  if (!reader.ok) throw new Error(reader.reason.type)
  expect(await reader.value.range(0, 1)).toEqual({ ok: false, reason: { type: 'truncated' } })
})

test('a range outside the text, backwards or too long to hold is a mistake of the caller', async () => {
  const reader = await readerOf(sealed)
  for (const [from, to] of [
    [-1, 1],
    [2, 1],
    [0, text.length + 1],
    [0.5, 1],
  ] as const) {
    await expect(reader.range(from, to)).rejects.toThrow(RangeError)
  }
  await expect(reader.range(0, 64 * 1024 * 1024 + 1)).rejects.toThrow('a range has at most')
})

test.each([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 38 - 1])(
  'chunk %i has the nonce of the specification',
  async (lastChunk) => {
    const last = sampleText(33)
    const sealedLast = await sealedChunk(message, BigInt(lastChunk), last)
    const header = concatBytes(message.salt, (await derived(message)).commitment)
    const length = lastChunk * 16_384 + last.length
    const read = async (offset: number) => (offset === 0 ? header : sealedLast)
    const reader = await opened(sealed, { sealedLength: sealedLengthOf(length), read })
    if (!reader.ok) throw new Error(reader.reason.type)
    expect(reader.value.length).toBe(length)
    expect(await reader.value.range(length - 33, length)).toEqual({ ok: true, value: last })
  },
)
