import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  parseBase64Url,
  parseHex,
  toBase64Url,
  toHex,
  utf8,
} from './index.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const byPlatform = (source: Uint8Array): string | undefined => {
  try {
    return strict.decode(source)
  } catch {
    return undefined
  }
}

describe('UTF-8', () => {
  test('is read as the platform reads it strictly: every sequence of two bytes', () => {
    const wrong: string[] = []
    for (let first = 0; first < 256; first++)
      for (let second = 0; second < 256; second++) {
        const source = Uint8Array.of(first, second)
        if (fromUtf8(source) !== byPlatform(source)) wrong.push(toHex(source))
      }
    expect(wrong).toEqual([])
  })

  test('is read as the platform reads it strictly: every head of a longer sequence', () => {
    const wrong: string[] = []
    for (let lead = 0xe0; lead < 0x100; lead++)
      for (let second = 0x70; second < 0xd0; second++)
        for (const rest of [[0x80], [0xbf], [0x80, 0x80], [0xbf, 0xbf], [0x80, 0x7f], [0xc0]]) {
          const source = Uint8Array.of(lead, second, ...rest)
          if (fromUtf8(source) !== byPlatform(source)) wrong.push(toHex(source))
        }
    expect(wrong).toEqual([])
  })

  test('of any text, also beyond one call of fromCharCode, is that of the platform and comes back', () => {
    const encoder = new TextEncoder()
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.constantFrom(0, 1, 3, 200), (part, times) => {
        const whole = part.repeat(times)
        const encoded = utf8(whole)
        return equalBytes(encoded, encoder.encode(whole)) && fromUtf8(encoded) === whole
      }),
      { numRuns: 60 },
    )
  })

  test('keeps a byte order mark, since text is compared by its bytes', () => {
    expect(fromUtf8(fromHex('efbbbf61'))).toBe('\ufeffa')
  })

  test('does not exist for a lone surrogate', () => {
    expect(() => utf8('a\udc00')).toThrow()
    expect(fromUtf8(fromHex('eda080'))).toBeUndefined()
  })
})

describe('hexadecimal and base64url', () => {
  test('are those of the platform, and each value has one text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (source) => {
        const [hex, base64] = [toHex(source), toBase64Url(source)]
        expect(hex).toBe(Buffer.from(source).toString('hex'))
        expect(base64).toBe(Buffer.from(source).toString('base64url'))
        expect(parseHex(hex)).toEqual(source)
        expect(parseBase64Url(base64)).toEqual(source)
      }),
      { numRuns: 300 },
    )
  })

  test('refuse every other text, leftover bits and padding included', () => {
    for (const other of ['A0', '0', '0g', '0x', ' 00']) expect(parseHex(other)).toBeUndefined()
    for (const other of ['A', 'AB', 'AAB', 'AA==', 'A+', 'A/', 'AAA ', 'AA\u{1f600}'])
      expect(parseBase64Url(other)).toBeUndefined()
    expect(() => fromHex('zz')).toThrow()
  })

  test('a base64url text that is accepted is the only text of its bytes', () => {
    const digits = 'ABCDQgw-_z09'
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...digits), maxLength: 6 }), (word) => {
        const read = parseBase64Url(word)
        return read === undefined || toBase64Url(read) === word
      }),
      { numRuns: 2000 },
    )
  })
})

describe('byte order', () => {
  const some = fc.uint8Array({ maxLength: 4 })

  test('sorts as the texts in hexadecimal do, and equals only itself', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [left, right] = [toHex(a), toHex(b)]
        expect(Math.sign(compareBytes(a, b))).toBe(left < right ? -1 : left > right ? 1 : 0)
        expect(equalBytes(a, b)).toBe(left === right)
        expect(toHex(concatBytes(a, b))).toBe(left + right)
      }),
    )
  })
})
