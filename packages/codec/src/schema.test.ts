import { isDeepStrictEqual } from 'node:util'
import { cdeDecodeOptions, cdeEncodeOptions, decode as decodeByCbor2, encode as encodeByCbor2 } from 'cbor2'
import { decode as decodeByCborg, encode as encodeByCborg } from 'cborg'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  amount,
  boolean,
  bytes,
  concatBytes,
  decode,
  encode,
  equalBytes,
  fromHex,
  list,
  object,
  oneOf,
  option,
  type Schema,
  sortedList,
  text,
  toHex,
  uint,
  utf8,
  variant,
} from './index.ts'
import { mutate, mutations, shapes } from './schema-shapes.testing.ts'

const shapesWithValues = shapes.chain((shape) => shape.values.map((value) => ({ ...shape, value })))

/** Neither library is canonical alone: what it reads is written again by its own deterministic rules. */
const rewrittenByOthers = (source: Uint8Array): readonly Uint8Array[] => [
  encodeByCborg(decodeByCborg(source, { strict: true, allowIndefinite: false, useMaps: true })),
  encodeByCbor2(decodeByCbor2(source, { ...cdeDecodeOptions, preferMap: true }), cdeEncodeOptions),
]

describe('one value, one encoding', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(shapesWithValues, ({ schema, value }) => {
        const read = decode(schema, encode(schema, value))
        return read.ok && isDeepStrictEqual(sorted(read.value), sorted(value))
      }),
      { numRuns: 3000 },
    )
  })

  test('T-12: two other libraries write the same bytes for the same data', () => {
    fc.assert(
      fc.property(shapesWithValues, ({ schema, value, generic }) => {
        const encoded = encode(schema, value)
        const others = [encodeByCborg(generic(value)), encodeByCbor2(generic(value), cdeEncodeOptions)]
        return others.every((other) => equalBytes(encoded, other))
      }),
      { numRuns: 2000 },
    )
  })

  test('T-12: whatever is accepted is the one encoding of what was read, and others agree that it is canonical', () => {
    const seen = { accepted: 0, changed: 0, refused: 0 }
    fc.assert(
      fc.property(shapesWithValues, fc.array(mutations, { minLength: 24, maxLength: 24 }), (of, series) => {
        const encoded = encode(of.schema, of.value)
        for (const changes of series) {
          const source = mutate(encoded, changes)
          const read = decode(of.schema, source)
          if (!read.ok) {
            seen.refused++
            expect(Object.keys(read.reason)).toEqual(['type', 'path', 'expected', 'came'])
            continue
          }
          seen.accepted++
          if (!equalBytes(source, encoded)) seen.changed++
          for (const again of [encode(of.schema, read.value), ...rewrittenByOthers(source)])
            if (!equalBytes(again, source)) throw new Error(`${toHex(source)} is also written ${toHex(again)}`)
        }
      }),
      { numRuns: 1000 },
    )
    expect(seen.accepted + seen.refused).toBeGreaterThanOrEqual(20_000)
    expect(seen.changed).toBeGreaterThan(1000)
    expect(seen.refused).toBeGreaterThan(5000)
  })

  test('T-12: random bytes never make a reader throw', () => {
    fc.assert(
      fc.property(shapes, fc.uint8Array({ maxLength: 40 }), ({ schema }, source) => {
        const read = decode(schema, source)
        return !read.ok || equalBytes(encode(schema, read.value), source)
      }),
      { numRuns: 3000 },
    )
  })
})

/** Fields in one order, since a variant is read with its type first. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  )
}

const refusal = (schema: Schema<unknown>, hex: string, bytesMax?: number) => {
  const read = decode(schema, fromHex(hex), bytesMax)
  if (read.ok) throw new Error('was accepted')
  const { type, ...facts } = read.reason
  expect(type).toBe('malformed')
  return facts
}

describe('what is not canonical is refused, with its place', () => {
  const shortest = { expected: 'the shortest form of a number', came: 'a longer one' }
  const pair = object({ a: uint(), b: uint() })

  test('a number in more bytes than it needs', () => {
    for (const hex of ['1817', '190017', '1900ff', '1a0000ffff', '1b00000000ffffffff'])
      expect(refusal(uint(), hex)).toEqual({ path: '', ...shortest })
    expect(refusal(amount(), '3817')).toEqual({ path: '', ...shortest })
    expect(refusal(list(uint(), { max: 3 }), '8301181702')).toMatchObject({ path: '1', ...shortest })
  })

  test('a length in more bytes than it needs', () => {
    expect(refusal(bytes({ max: 9 }), '580100')).toEqual({ path: '', ...shortest })
    expect(refusal(text({ max: 9 }), '780161')).toEqual({ path: '', ...shortest })
    expect(refusal(list(uint(), { max: 9 }), '980101')).toEqual({ path: '', ...shortest })
    expect(refusal(pair, 'b802616101616202')).toEqual({ path: '', ...shortest })
  })

  test('fields out of order, repeated, missing, unknown or too many', () => {
    const other = (name: string) => ({ path: '', expected: `the field ${name}`, came: 'another field, or none' })
    expect(refusal(pair, 'a2616201616102')).toEqual(other('a'))
    expect(refusal(pair, 'a2616101616102')).toEqual(other('b'))
    expect(refusal(pair, 'a2616101616302')).toEqual(other('b'))
    expect(refusal(pair, 'a1616101')).toEqual({ path: '', expected: 'an object of a, b', came: '1 fields' })
    expect(refusal(pair, 'a3616101616202616303')).toMatchObject({ came: '3 fields' })
  })

  test('floats, undefined, other simple values and tags', () => {
    for (const hex of ['f93c00', 'fa3f800000', 'fb3ff0000000000000', 'f7', 'e0', 'f820'])
      expect(refusal(uint(7), hex)).toEqual({ path: '', expected: 'an integer from 0 to 7', came: 'a simple value' })
    expect(refusal(uint(7), 'c101')).toMatchObject({ came: 'a tag' })
    expect(refusal(amount(), 'c24101')).toMatchObject({ came: 'a tag' })
    expect(refusal(boolean(), 'f7')).toEqual({ path: '', expected: 'a boolean', came: 'a simple value' })
    expect(refusal(option(boolean()), 'f7')).toMatchObject({ came: 'a simple value' })
  })

  test('indefinite lengths and reserved heads', () => {
    const cases: readonly (readonly [Schema<unknown>, string])[] = [
      [bytes({ max: 9 }), '5f4101ff'],
      [text({ max: 9 }), '7f6161ff'],
      [list(uint(), { max: 9 }), '9f01ff'],
      [pair, 'bf616101616202ff'],
      [uint(), '1c'],
      [uint(), '1f'],
    ]
    for (const [schema, hex] of cases)
      expect(refusal(schema, hex)).toMatchObject({ came: 'an indefinite or reserved length' })
  })

  test('bytes after the value, and a value cut short anywhere', () => {
    expect(refusal(uint(), '0100')).toEqual({ path: '', expected: 'the end of the input', came: '1 more bytes' })
    const whole = encode(pair, { a: 1000, b: 2 })
    for (let length = 0; length < whole.length; length++) expect(decode(pair, whole.subarray(0, length)).ok).toBe(false)
    expect(refusal(pair, '')).toEqual({ path: '', expected: 'more bytes', came: 'the end of the input' })
  })

  test('text that is not UTF-8', () => {
    for (const hex of ['61ff', '62c080', '63eda080', '64f4908080', '61c3', '63e28228'])
      expect(refusal(text({ max: 9, says: 'a name' }), hex)).toEqual({
        path: '',
        expected: 'a name',
        came: 'bytes that are not UTF-8',
      })
  })

  test('another type, another choice, a number or a size outside its bounds', () => {
    expect(refusal(uint(9), '0a')).toMatchObject({ came: 'a larger integer' })
    expect(refusal(uint(), '1b0020000000000000')).toMatchObject({ came: 'a larger integer' })
    expect(refusal(uint(9), '20')).toMatchObject({ came: 'a negative integer' })
    expect(refusal(bytes({ length: 2 }), '4101')).toEqual({ path: '', expected: '2 bytes', came: '1 bytes' })
    expect(refusal(text({ min: 1, max: 2 }), '60')).toMatchObject({ came: 'text of 0 bytes' })
    expect(refusal(text({ max: 2, pattern: /^[a-z]+$/ }), '6141')).toMatchObject({ came: 'other text' })
    expect(refusal(oneOf('yes', 'no'), '626e65')).toEqual({
      path: '',
      expected: 'one of yes, no',
      came: 'another text',
    })
    expect(refusal(list(uint(), { max: 1 }), '820102')).toMatchObject({ came: '2 items' })
    expect(refusal(list(uint(), { min: 1, max: 2 }), '80')).toMatchObject({ came: '0 items' })
    expect(refusal(sortedList(uint(), { max: 3, order: (a, b) => a - b }), '820202')).toMatchObject({
      came: 'items out of order or repeated',
    })
  })

  test('a variant of another type or frame', () => {
    const answer = variant({ yes: { because: text({ max: 9 }) }, no: {} })
    expect(refusal(answer, '8262796561a0')).toMatchObject({ path: 'type', came: 'another text' })
    expect(refusal(answer, '81626e6f')).toMatchObject({ path: '', came: 'an array of another length' })
    expect(refusal(answer, '82626e6fa1616100')).toEqual({ path: 'no', expected: 'an object of ', came: '1 fields' })
    expect(refusal(answer, 'a0')).toMatchObject({ came: 'a map' })
  })

  test('the path leads through lists, objects and variants to the place', () => {
    const order = object({ lines: list(variant({ item: { count: option(uint(9)) } }), { max: 9 }) })
    const good = encode(order, {
      lines: [
        { type: 'item', count: null },
        { type: 'item', count: 7 },
      ],
    })
    const bad = Uint8Array.from(good)
    bad[bad.length - 1] = 0x61
    expect(refusal(order, toHex(bad))).toEqual({
      path: 'lines.1.item.count',
      expected: 'an integer from 0 to 9',
      came: 'text',
    })
  })

  test('a refusal never shows what the bytes say', () => {
    const secret = object({ name: text({ max: 40, pattern: /^[0-9]+$/ }) })
    const said = JSON.stringify(
      refusal(secret, toHex(concatBytes(fromHex('a1646e616d65'), fromHex('65'), utf8('Smith')))),
    )
    expect(said).not.toContain('Smith')
  })
})

describe('bounds', () => {
  test('more bytes than the message may have are not read at all', () => {
    expect(refusal(uint(), '190100', 2)).toEqual({ path: '', expected: 'at most 2 bytes', came: '3 bytes' })
    const large = bytes({ max: 100_000 })
    const encoded = encode(large, new Uint8Array(100_000))
    expect(decode(large, encoded)).toMatchObject({ ok: false, reason: { expected: 'at most 65536 bytes' } })
    expect(decode(large, encoded, 200_000).ok).toBe(true)
  })

  test('nesting is bounded by the schema, however deep the input', () => {
    const nested = list(list(uint(), { max: 2 }), { max: 2 })
    expect(refusal(nested, `${'81'.repeat(60_000)}00`)).toMatchObject({ path: '0.0', came: 'an array' })
  })

  test('a length beyond the input is refused before anything is set aside for it', () => {
    const most = Number.MAX_SAFE_INTEGER
    const claims: readonly (readonly [Schema<unknown>, string])[] = [
      [bytes({ max: most }), '5affffffff'],
      [bytes({ max: most }), '5b001fffffffffffff'],
      [bytes({ max: most }), '5bffffffffffffffff'],
      [text({ max: most }), '7affffffff'],
      [list(uint(), { max: most }), '9affffffff'],
      [list(uint(), { max: most }), '9bffffffffffffffff'],
      [object({ a: uint() }), 'baffffffff'],
    ]
    const before = process.memoryUsage().arrayBuffers
    for (const [schema, hex] of claims)
      expect(refusal(schema, hex)).toMatchObject({ came: 'a length beyond the end of the input' })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024)
  })

  test('what is read is a copy of its own, also when a Node Buffer is read', () => {
    const source = Buffer.from('43010203', 'hex')
    const read = decode(bytes({ length: 3 }), source)
    source.fill(0)
    expect(read).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) })
  })
})

describe('a value outside its schema is a bug of the caller', () => {
  test('and throws instead of being written', () => {
    const wrong: readonly (() => Uint8Array)[] = [
      () => encode(uint(9), 10),
      () => encode(uint(), -1),
      () => encode(uint(), -0),
      () => encode(uint(), 0.5),
      () => encode(uint(), 2 ** 53),
      () => encode(amount(), 2n ** 64n),
      () => encode(amount(), -(2n ** 64n) - 1n),
      () => encode(bytes({ length: 2 }), new Uint8Array(3)),
      () => encode(text({ max: 2 }), 'ünü'),
      () => encode(text({ max: 9, pattern: /^[a-z]+$/ }), 'A'),
      () => encode(text({ max: 9 }), '\ud800'),
      () => encode(oneOf('yes', 'no') as Schema<string>, 'maybe'),
      () => encode(list(uint(), { max: 1 }), [1, 2]),
      () => encode(sortedList(uint(), { max: 3, order: (a, b) => a - b }), [2, 1]),
      () => encode(variant({ yes: {} }) as Schema<{ type: string }>, { type: 'no' }),
    ]
    for (const write of wrong) expect(write).toThrow()
  })
})

test('an object tells its fields and a variant the fields of each type, as documents are made from them', () => {
  const moved = variant({ moved: { by: uint(9), note: option(text({ max: 4 })) }, stayed: {} })
  expect(Object.keys(moved.types ?? {})).toEqual(['moved', 'stayed'])
  expect(moved.types?.['moved']?.['by']?.says).toBe('an integer from 0 to 9')
  expect(Object.keys(object({ b: uint(), a: uint() }).fields ?? {})).toEqual(['b', 'a'])
})
