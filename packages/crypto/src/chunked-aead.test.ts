import { readFileSync } from 'node:fs'
import { concatBytes, fromHex, type Result, toHex, utf8 } from '@plexus/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collected, derived, inPieces, sampleText, sealedText } from './chunked-aead.testing.ts'
import {
  openChunked,
  openChunkedOn,
  plaintextLengthOf,
  sealChunked,
  sealChunkedOn,
  sealedLengthOf,
} from './chunked-aead.ts'
import { sha256 } from './hash.ts'
import { platform as browser } from './platform/browser.ts'
import { platform as node } from './platform/node.ts'

const message = {
  key: new Uint8Array(sha256(utf8('key'))),
  context: utf8('context'),
  salt: sha256(utf8('salt')).slice(0, 24),
}

async function whole(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return concatBytes(...(await collected(pieces)))
}

/** All that came out, and what the refusal was, if there was one. */
async function outcome<Refusal>(pieces: AsyncIterable<Result<Uint8Array, Refusal>>) {
  const given: Uint8Array[] = []
  for await (const piece of pieces) {
    if (!piece.ok) return { given: concatBytes(...given), refused: piece.reason }
    given.push(piece.value)
  }
  return { given: concatBytes(...given), refused: null }
}

const open = (sealed: Uint8Array, changes: object = {}) => outcome(openChunked({ ...message, ...changes }, [sealed]))

const lengths = [0, 1, 16_383, 16_384, 16_385, 32_768, 50_000, 300_000]

test.each(lengths)('a text of %i bytes opens again, however it is cut on its way', async (length) => {
  const text = sampleText(length)
  const sealed = await whole(sealChunked(message, inPieces(text, 1_000, 16_384, 40_000)))
  expect(sealed).toEqual(await whole(sealChunked(message, [text])))
  expect(sealed.length).toBe(sealedLengthOf(length))
  expect(plaintextLengthOf(sealed.length)).toEqual({ ok: true, value: length })
  expect(await open(sealed)).toEqual({ given: text, refused: null })
  const cut = inPieces(sealed, 7, 16_400, 33_000)
  expect(await outcome(openChunked(message, cut))).toEqual({ given: text, refused: null })
})

test.each(lengths)(
  'both platforms and an implementation of its own over WebCrypto seal %i bytes alike',
  async (length) => {
    const text = sampleText(length)
    const expected = await sealedText(message, text)
    for (const on of [node, browser]) {
      expect(await whole(sealChunkedOn(on, message, [text]))).toEqual(expected)
      expect(await outcome(openChunkedOn(on, message, [expected]))).toEqual({ given: text, refused: null })
    }
  },
)

test('vectors/sealing/cobblestone-256.json: another implementation made these, ours makes and opens the same', async () => {
  const file = new URL('../../../vectors/sealing/cobblestone-256.json', import.meta.url)
  interface Case {
    readonly key: string
    readonly context: string
    readonly plaintextLength: number
    readonly salt: string
    readonly commitment: string
    readonly sealedLength: number
    readonly sealedHash: string
    readonly sealed?: string
  }
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly Case[] }
  expect(cases.length).toBeGreaterThan(10)
  for (const each of cases) {
    const input = { key: fromHex(each.key), context: fromHex(each.context), salt: fromHex(each.salt) }
    const text = sampleText(each.plaintextLength)
    const sealed = await whole(sealChunked(input, [text]))
    expect(toHex(sealed.slice(24, 56))).toBe(each.commitment)
    expect(sealed.length).toBe(each.sealedLength)
    expect(toHex(sha256(sealed))).toBe(each.sealedHash)
    if (each.sealed !== undefined) expect(toHex(sealed)).toBe(each.sealed)
    expect(await outcome(openChunked(input, [sealed]))).toEqual({ given: text, refused: null })
  }
})

describe('what was changed is refused', async () => {
  const text = sampleText(40)
  const small = await whole(sealChunked(message, [text]))
  const chunks = (sealed: Uint8Array) => ({
    header: sealed.subarray(0, 56),
    of: (index: number) => sealed.subarray(56 + index * 16_400, 56 + (index + 1) * 16_400),
  })

  test('every bit of a small text', async () => {
    for (let bit = 0; bit < 8 * small.length; bit++) {
      const changed = small.slice()
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      const refused = bit < 8 * 56 ? { type: 'commitment-mismatch' } : { type: 'chunk-not-authentic', chunk: 0 }
      expect(await open(changed)).toEqual({ given: new Uint8Array(0), refused })
    }
  })

  test('every shorter length of a small text, and a longer one', async () => {
    for (let length = 0; length < small.length; length++) {
      const { given, refused } = await open(small.subarray(0, length))
      expect(given.length).toBe(0)
      expect(refused?.type).toBe(length < 56 + 16 ? 'truncated' : 'chunk-not-authentic')
    }
    expect((await open(concatBytes(small, Uint8Array.of(0)))).refused).toEqual({
      type: 'chunk-not-authentic',
      chunk: 0,
    })
  })

  test('a cut behind, within and before the last chunk of a long text', async () => {
    const long = sampleText(3 * 16_384)
    const sealed = await whole(sealChunked(message, [long]))
    for (let missing = 1; missing < sealed.length - 56; missing += missing < 40 ? 1 : 997) {
      const { given, refused } = await open(sealed.subarray(0, sealed.length - missing))
      expect(given).toEqual(long.subarray(0, given.length))
      expect(['truncated', 'chunk-not-authentic']).toContain(refused?.type)
    }
    expect((await open(sealed.subarray(0, 56 + 16_400))).refused).toEqual({ type: 'truncated' })
    expect((await open(sealed.subarray(0, 56))).refused).toEqual({ type: 'truncated' })
  })

  test('chunks in another order, twice, left out, or of another text under the same key', async () => {
    const long = sampleText(3 * 16_384 + 9)
    const { header, of } = chunks(await whole(sealChunked(message, [long])))
    const other = chunks(await whole(sealChunked({ ...message, salt: message.salt.toReversed() }, [long])))
    const refusedAt = async (...parts: Uint8Array[]) => (await open(concatBytes(header, ...parts))).refused
    expect(await refusedAt(of(0), of(1), of(2), of(3))).toBeNull()
    expect(await refusedAt(of(1), of(0), of(2), of(3))).toEqual({ type: 'chunk-not-authentic', chunk: 0 })
    expect(await refusedAt(of(0), of(2), of(1), of(3))).toMatchObject({ type: 'chunk-not-authentic' })
    expect(await refusedAt(of(0), of(0), of(1), of(2), of(3))).toMatchObject({ type: 'chunk-not-authentic' })
    expect(await refusedAt(of(0), of(2), of(3))).toMatchObject({ type: 'chunk-not-authentic' })
    expect(await refusedAt(of(0), of(1), of(3))).toMatchObject({ type: 'chunk-not-authentic' })
    expect(await refusedAt(of(0), other.of(1), of(2), of(3))).toMatchObject({ type: 'chunk-not-authentic' })
    expect((await open(concatBytes(other.header, of(0), of(1), of(2), of(3)))).refused).toMatchObject({
      type: 'chunk-not-authentic',
    })
  })

  test('another key or context, before anything of the text is looked at', async () => {
    for (let bit = 0; bit < 256; bit++) {
      const key = message.key.slice()
      key[bit >> 3] = (key[bit >> 3] as number) ^ (1 << (bit & 7))
      expect((await open(small, { key })).refused).toEqual({ type: 'commitment-mismatch' })
    }
    for (const context of [utf8('contexu'), utf8('contex'), utf8(''), concatBytes(message.context, Uint8Array.of(0))]) {
      expect((await open(small, { context })).refused).toEqual({ type: 'commitment-mismatch' })
    }
    // A chunk that is authentic under the key is no help: the commitment is asked first.
    const { commitment } = await derived(message)
    commitment[0] = (commitment[0] as number) ^ 1
    const forged = concatBytes(message.salt, commitment, small.subarray(56))
    expect((await open(forged)).refused).toEqual({ type: 'commitment-mismatch' })
  })

  test('on both platforms alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: small.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const changed = small.slice()
        changed[at] = (changed[at] as number) ^ mask
        const [first, second] = await Promise.all(
          [node, browser].map((on) => outcome(openChunkedOn(on, message, [changed]))),
        )
        expect(first).toEqual(second)
        expect(first?.refused).not.toBeNull()
      }),
    )
  })
})

test('nothing is read ahead of what is asked for, and whoever stops ends the source', async () => {
  const asked: number[] = []
  let ended = false
  async function* source() {
    try {
      for (let piece = 0; piece < 100; piece++) {
        asked.push(piece)
        yield sampleText(16_384)
      }
    } finally {
      ended = true
    }
  }
  const sealed = sealChunked(message, source())
  await sealed.next()
  expect(asked).toEqual([])
  await sealed.next()
  expect(asked).toEqual([0])
  await sealed.return()
  expect([asked, ended]).toEqual([[0], true])
})

test('an error of the source passes through, and no end is sealed', async () => {
  async function* source() {
    yield sampleText(16_384)
    throw new Error('the source broke')
  }
  const given: Uint8Array[] = []
  const sealing = async () => {
    for await (const piece of sealChunked(message, source())) given.push(piece)
  }
  await expect(sealing()).rejects.toThrow('the source broke')
  expect((await open(concatBytes(...given))).refused).toEqual({ type: 'truncated' })
})

test('a key or salt of another length is a bug of the caller', async () => {
  const short = message.key.subarray(1)
  await expect(whole(sealChunked({ ...message, key: short }, []))).rejects.toThrow('key: expected 32 bytes, came 31')
  await expect(whole(sealChunked({ ...message, salt: short }, []))).rejects.toThrow('salt: expected 24 bytes, came 31')
  await expect(outcome(openChunked({ ...message, key: short }, []))).rejects.toThrow('key: expected 32 bytes, came 31')
})

test('a length of sealed bytes that no text has is refused', () => {
  for (const length of [0, 55, 56, 71, 56 + 16_400, 56 + 16_400 + 15]) {
    expect(plaintextLengthOf(length)).toEqual({ ok: false, reason: { type: 'truncated' } })
  }
  expect(plaintextLengthOf(72)).toEqual({ ok: true, value: 0 })
  expect(plaintextLengthOf(56 + 16_400 + 16)).toEqual({ ok: true, value: 16_384 })
  expect(plaintextLengthOf(56 + 2 ** 38 * 16_400 + 16)).toEqual({ ok: false, reason: { type: 'too-long' } })
})
