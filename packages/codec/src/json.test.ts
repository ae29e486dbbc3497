import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonList, isJsonObject, JsonNumber, type JsonRefusalType, readJson, toPlain, writeJson } from './json.ts'

const data = new URL('../../../../shared/data/synthea/', import.meta.url)
const present = existsSync(data)

const bytesOf = (text: string) => new TextEncoder().encode(text)

function readValue(bytes: Uint8Array) {
  const read = readJson(bytes)
  if (!read.ok) throw new Error(`refused: ${read.reason.type} at ${read.reason.at}`)
  return read.value.value
}

function whyNot(bytes: Uint8Array | string, limits = {}) {
  const read = readJson(typeof bytes === 'string' ? bytesOf(bytes) : bytes, limits)
  if (read.ok) throw new Error('was accepted')
  return read.reason
}

describe('what is read', () => {
  test('a number is kept as it was written', () => {
    for (const text of [
      '0',
      '-0',
      '1.0',
      '1.00',
      '7.989023666038259',
      '1e400',
      '123456789012345678901234567890',
      '1E-7',
    ]) {
      const value = readValue(bytesOf(` ${text}\n`))
      expect(value).toBeInstanceOf(JsonNumber)
      expect((value as JsonNumber).text).toBe(text)
      expect(new TextDecoder().decode(writeJson(value))).toBe(text)
    }
  })

  test('members stay in source order, also those that look like indices', () => {
    const value = readValue(bytesOf('{"b":1,"2":2,"1":3,"a":4}'))
    expect(isJsonObject(value) && [...value.keys()]).toEqual(['b', '2', '1', 'a'])
  })

  test('T-16: the key __proto__ is a member like any other and changes no prototype', () => {
    const plain = toPlain(readValue(bytesOf('{"__proto__":{"admin":true},"constructor":1}'))) as Record<string, unknown>
    expect(Object.getPrototypeOf(plain)).toBe(Object.prototype)
    expect(plain['admin']).toBeUndefined()
    expect(Object.keys(plain)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  test('the span of an object or list is its exact bytes in the source', () => {
    const source = bytesOf('{ "é": [ {"a" : 1.50} , [] ] }')
    const read = readJson(source)
    if (!read.ok) throw new Error('refused')
    const list = isJsonObject(read.value.value) ? read.value.value.get('é') : undefined
    if (!isJsonList(list) || !isJsonObject(list[0]) || !isJsonList(list[1])) throw new Error('not as written')
    const textAt = ({ start, end }: { start: number; end: number }) =>
      new TextDecoder().decode(source.slice(start, end))
    expect(textAt(read.value.span(list[0]))).toBe('{"a" : 1.50}')
    expect(textAt(read.value.span(list[1]))).toBe('[]')
    expect(textAt(read.value.span(list))).toBe('[ {"a" : 1.50} , [] ]')
    expect(() => read.value.span(new Map())).toThrow()
  })

  test('strings of every length around the reader’s own limits survive', () => {
    for (const length of [0, 1, 95, 96, 97, 4095, 4096, 4097, 10_000]) {
      for (const filler of ['a', 'é', '€', '😀', '"', '\n', '\u0001']) {
        const text = filler.repeat(length)
        expect(readValue(bytesOf(JSON.stringify(text))) === text).toBe(true)
        expect(readValue(writeJson(text)) === text).toBe(true)
      }
    }
  })

  test('a text at a limit is taken, one beyond it is not', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(readJson(bytesOf(nested(64))).ok).toBe(true)
    expect(whyNot(nested(65))).toMatchObject({ type: 'too-deep', at: 64 })
    expect(readJson(bytesOf('[1]'), { bytesMax: 3 }).ok).toBe(true)
    expect(whyNot('[1 ]', { bytesMax: 3 }).type).toBe('too-large')
    expect(readJson(bytesOf('[[],[]]'), { containersMax: 3 }).ok).toBe(true)
    expect(whyNot('[[],[],[]]', { containersMax: 3 }).type).toBe('too-large')
  })
})

describe('what is refused, as what, and where', () => {
  const refusals: readonly (readonly [string, string | readonly number[], JsonRefusalType, number])[] = [
    ['nothing', '', 'truncated', 0],
    ['white space alone', ' \n', 'truncated', 2],
    ['an object that stops', '{"a":', 'truncated', 5],
    ['a list that stops', '[1,', 'truncated', 3],
    ['a string that stops', '"abc', 'truncated', 4],
    ['a string with an escape that stops', '"é\\', 'truncated', 4],
    ['an escape that stops', '"\\u00', 'truncated', 5],
    ['a word that stops', 'tru', 'truncated', 3],
    ['a number that stops', '[-', 'truncated', 2],
    ['a UTF-8 sequence that stops', [0x22, 0xe2, 0x82], 'truncated', 1],
    ['a duplicate key', '{"a":1,"a":1}', 'duplicate-key', 7],
    ['a duplicate key that is written differently', '{"a":1,"\\u0061":1}', 'duplicate-key', 7],
    ['a duplicate key further inside', '[{"k":{"é":1,"é":2}}]', 'duplicate-key', 14],
    ['a high surrogate alone', '"\\ud800"', 'lone-surrogate', 1],
    ['a high surrogate before a plain escape', '"\\ud800\\n"', 'lone-surrogate', 1],
    ['two high surrogates', '"\\ud800\\ud800"', 'lone-surrogate', 1],
    ['a low surrogate alone', '"x\\udc00"', 'lone-surrogate', 2],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22], 'not-utf8', 1],
    ['an overlong sequence of three', [0x22, 0xe0, 0x80, 0xaf, 0x22], 'not-utf8', 1],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22], 'not-utf8', 1],
    ['a character above U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], 'not-utf8', 1],
    ['Latin-1', [0x22, 0xe9, 0x22], 'not-utf8', 1],
    ['a stray continuation byte between values', [0x5b, 0x80, 0x5d], 'not-utf8', 1],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x31], 'syntax', 0],
    ['UTF-16', [0xff, 0xfe, 0x31, 0x00], 'not-utf8', 0],
    ['a comma too many in a list', '[1,]', 'syntax', 3],
    ['a comma too many in an object', '{"a":1,}', 'syntax', 7],
    ['a key without quotes', '{a:1}', 'syntax', 1],
    ['a leading zero', '[01]', 'syntax', 2],
    ['a plus sign', '+1', 'syntax', 0],
    ['a fraction without digits', '[1.]', 'syntax', 3],
    ['NaN', 'NaN', 'syntax', 0],
    ['a control character in a string', '"a\tb"', 'syntax', 2],
    ['an unknown escape', '"\\x41"', 'syntax', 2],
    ['a comment', '[1 /* */]', 'syntax', 3],
    ['a second value', '{} {}', 'trailing-bytes', 3],
    ['a zero byte at the end', '1\u0000', 'trailing-bytes', 1],
  ]
  for (const [name, source, type, at] of refusals) {
    test(name, () => {
      const bytes = typeof source === 'string' ? bytesOf(source) : Uint8Array.from(source)
      expect(whyNot(bytes)).toMatchObject({ type, at })
    })
  }

  test('a refusal never repeats what the text said', () => {
    const secret = '{"name":"Zyxwv" Qpons}'
    expect(JSON.stringify(whyNot(secret))).not.toMatch(/Zyxwv|Qpons/)
    expect(whyNot(secret).came).toBe('a letter')
  })

  test('T-14: a million open brackets are refused, not recursed into', () => {
    expect(whyNot('['.repeat(1_000_000)).type).toBe('too-deep')
    expect(whyNot('{"a":'.repeat(200_000)).type).toBe('too-deep')
  })

  test('a value that is written must have a UTF-8 form', () => {
    expect(() => writeJson('\ud800')).toThrow(RangeError)
    expect(() => writeJson('\udc00x')).toThrow(RangeError)
  })
})

describe('agreement with JSON.parse', () => {
  test('whatever JSON.stringify writes is read as the same value, and written back as one that JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), fc.boolean(), (original, indented) => {
        const text = JSON.stringify(original, null, indented ? 2 : 0)
        const value = readValue(bytesOf(text))
        expect(toPlain(value)).toEqual(JSON.parse(text))
        expect(JSON.parse(new TextDecoder().decode(writeJson(value)))).toEqual(JSON.parse(text))
      }),
      { numRuns: 300 },
    )
  })

  test('on damaged texts both accept the same, but for duplicate keys, lone surrogates and limits', () => {
    const damage = fc.record({
      at: fc.nat(),
      remove: fc.nat(3),
      insert: fc.constantFrom(
        '',
        '"',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '\\',
        '\\u',
        'd8',
        '0',
        '-',
        '.',
        'e',
        ' ',
        'null',
        '\t',
        'é',
      ),
    })
    let accepted = 0
    let refused = 0
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3 }),
        fc.array(damage, { minLength: 1, maxLength: 2 }),
        (original, damages) => {
          let text = JSON.stringify(original)
          for (const { at, remove, insert } of damages) {
            const from = at % (text.length + 1)
            text = text.slice(0, from) + insert + text.slice(from + remove)
          }
          if (!text.isWellFormed()) return
          const read = readJson(bytesOf(text))
          let plain: unknown
          let parses = true
          try {
            plain = JSON.parse(text)
          } catch {
            parses = false
          }
          if (read.ok) {
            accepted++
            expect(parses).toBe(true)
            expect(toPlain(read.value.value)).toEqual(plain)
          } else {
            refused++
            if (parses) expect(['duplicate-key', 'lone-surrogate']).toContain(read.reason.type)
          }
        },
      ),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(50)
  })

  test('arbitrary bytes are accepted only if a strict decoder and JSON.parse accept them', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const quoted = fc.array(
      fc.constantFrom(0x22, 0x5c, 0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0x9f, 0xa0),
      {
        maxLength: 8,
      },
    )
    fc.assert(
      fc.property(quoted, (inner) => {
        const bytes = Uint8Array.from([0x22, ...inner, 0x22])
        let expected: unknown
        try {
          expected = JSON.parse(decoder.decode(bytes))
        } catch {
          expected = undefined
        }
        const read = readJson(bytes)
        expect(read.ok ? read.value.value : undefined).toEqual(expected)
      }),
      { numRuns: 5000 },
    )
  })

  test.skipIf(!present)('on a real chart (needs ../shared/data)', () => {
    const name = readdirSync(data).find((file) => file.startsWith('d0190651'))
    const bytes = new Uint8Array(readFileSync(new URL(name ?? '', data)))
    const value = readValue(bytes)
    expect(toPlain(value)).toEqual(JSON.parse(new TextDecoder().decode(bytes)))
    expect(readValue(writeJson(value))).toEqual(value)
  })
})
