import { describe, expect, test } from 'vitest'
import { bundleOf, bytesOf, chartBytes, chartNames, chartsPresent, readOrThrow } from './charts.testing.ts'
import { readBundle } from './entries.ts'
import { readLines } from './lines.ts'
import { explainRefusal } from './refusals.ts'

function whyNot(text: string | Uint8Array, limits = {}) {
  const read = readBundle(typeof text === 'string' ? bytesOf(text) : text, limits)
  if (read.ok) throw new Error('was accepted')
  return read.reason
}

async function* chunksOf(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function linesIn(text: string, size: number, limits = {}) {
  const entries = []
  const refused = []
  for await (const batch of readLines(chunksOf(text, size), limits)) {
    entries.push(...batch.entries)
    refused.push(...batch.refused)
  }
  return { entries, refused }
}

describe('bundles and single resources', () => {
  test('an entry keeps the bytes of its resource exactly as received', () => {
    const resource = '{ "resourceType":"Observation" ,"id":"o1", "valueQuantity":{"value": 1.50} }'
    const { entries } = readOrThrow(
      bytesOf(
        `{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:x","resource":${resource}}]}`,
      ),
    )
    expect(new TextDecoder().decode(entries[0]?.raw)).toBe(resource)
    expect(entries[0]).toMatchObject({
      where: 'entry[0]',
      fullUrl: 'urn:uuid:x',
      resourceType: 'Observation',
      id: 'o1',
    })
  })

  test('a single resource is read as one entry', () => {
    const { entries } = readOrThrow(bytesOf('{"resourceType":"Patient","id":"p"}'))
    expect(entries).toMatchObject([{ where: 'file', resourceType: 'Patient', id: 'p', fullUrl: '' }])
  })

  test('a resource without id is known by the UUID of its entry, else by its content', () => {
    const uuid = '0A0b0c0d-0000-4000-8000-000000000001'
    const entries = `[{"fullUrl":"urn:uuid:${uuid}","resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Patient"}}]`
    const read = readOrThrow(bytesOf(`{"resourceType":"Bundle","type":"batch","entry":${entries}}`))
    expect(read.entries[0]?.id).toBe(uuid.toLowerCase())
    expect(read.entries[1]?.id).toMatch(/^content-[0-9a-f]{40}$/)
    const again = readOrThrow(bytesOf('{"resourceType":"Patient"}'))
    expect(again.entries[0]?.id).toBe(read.entries[1]?.id)
  })

  test('an entry without resource is refused by itself, and counted', () => {
    const read = readOrThrow(
      bytesOf(
        '{"resourceType":"Bundle","type":"history","entry":[{"request":{"method":"DELETE"}},7,{"resource":{"resourceType":"Patient"}}]}',
      ),
    )
    expect(read.entries).toHaveLength(1)
    expect(read.refused.map(({ type, where }) => [type, where])).toEqual([
      ['no-resource', 'entry[0]'],
      ['not-fhir', 'entry[1]'],
    ])
  })

  const refusals: readonly (readonly [string, string | Uint8Array, string])[] = [
    ['a truncated file', '{"resourceType":"Bundle","type":"batch","entry":[{"res', 'truncated'],
    ['a duplicate key', '{"resourceType":"Patient","id":"a","id":"b"}', 'duplicate-key'],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), 'not-utf8'],
    ['a file nested too deep', `{"resourceType":${'['.repeat(100)}`, 'too-deep'],
    ['a second value after the first', '{"resourceType":"Patient"}{}', 'trailing-bytes'],
    ['JSON that is no object', '[]', 'not-fhir'],
    ['an object without resource type', '{"id":"x"}', 'not-fhir'],
    ['a resource type that is a sentence', '{"resourceType":"Smith, John"}', 'not-fhir'],
    ['a bundle of an unknown type', '{"resourceType":"Bundle","type":"transaction-response","entry":[]}', 'not-fhir'],
    ['a bundle whose entries are no list', '{"resourceType":"Bundle","type":"batch","entry":{}}', 'not-fhir'],
  ]
  for (const [name, source, type] of refusals) {
    test(`${name} is refused as ${type}`, () => expect(whyNot(source).type).toBe(type))
  }

  test('an oversize file is refused before it is read', () => {
    expect(whyNot(bundleOf({ id: 'x' }), { bytesMax: 20 })).toMatchObject({ type: 'too-large', where: 'file' })
  })

  test('a refusal explains itself without repeating the source', () => {
    const why = explainRefusal(whyNot('{"resourceType":"Smith, John"}'))
    expect(why).toBe('not-fhir at resourceType: expected the name of a resource type, came another value')
  })

  test.skipIf(!chartsPresent)('every entry of every chart is read (needs ../shared/data)', () => {
    for (const name of chartNames()) {
      const bytes = chartBytes(name)
      const { entries, refused } = readOrThrow(bytes)
      const plain = JSON.parse(new TextDecoder().decode(bytes)) as { entry: { resource: unknown }[] }
      expect(refused).toEqual([])
      expect(entries).toHaveLength(plain.entry.length)
      const last = entries.at(-1)
      expect(JSON.parse(new TextDecoder().decode(last?.raw))).toEqual(plain.entry.at(-1)?.resource)
    }
  })
})

describe('NDJSON', () => {
  test('lines are found wherever the chunks are cut', async () => {
    const text =
      '{"resourceType":"Patient","id":"é"}\r\n\n{"resourceType":"Group","id":"g"}\n{"resourceType":"Patient","id":"last"}'
    for (const size of [1, 2, 7, 1000]) {
      const { entries, refused } = await linesIn(text, size)
      expect(refused).toEqual([])
      expect(entries.map(({ where, resourceType }) => `${where} ${resourceType}`)).toEqual([
        'line 1 Patient',
        'line 3 Group',
        'line 4 Patient',
      ])
    }
  })

  test('a bad line is refused with its number, and the others are read', async () => {
    const { entries, refused } = await linesIn(
      '{"resourceType":"Patient"}\n{"a":\n{"resourceType":"Patient","id":"2"}\n',
      5,
    )
    expect(entries.map(({ where }) => where)).toEqual(['line 1', 'line 3'])
    expect(refused).toMatchObject([{ type: 'truncated', where: 'line 2' }])
  })

  test('a line beyond the bound is refused and skipped', async () => {
    const long = `{"resourceType":"Patient","id":"${'x'.repeat(500)}"}`
    for (const size of [3, 64, 4096]) {
      const { entries, refused } = await linesIn(`${long}\n{"resourceType":"Patient"}\n${long}`, size, {
        bytesMax: 100,
      })
      expect(entries.map(({ where }) => where)).toEqual(['line 2'])
      expect(refused.map(({ type, where }) => `${type} ${where}`)).toEqual(['too-large line 1', 'too-large line 3'])
    }
  })

  test('more lines than a batch holds arrive in order', async () => {
    const text = Array.from({ length: 1200 }, (_, index) => `{"resourceType":"Patient","id":"p${index}"}\n`).join('')
    const { entries } = await linesIn(text, 10_000)
    expect(entries.map(({ id }) => id)).toEqual(Array.from({ length: 1200 }, (_, index) => `p${index}`))
  })
})
