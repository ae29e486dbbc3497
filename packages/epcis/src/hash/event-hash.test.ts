import { readFileSync } from 'node:fs'
import { isJsonList, isJsonObject, type JsonObject, readJson, toHex, utf8 } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { dataBytes, dataPresent, dataText, namesIn } from '../data.testing.ts'
import { documentLimits, openForm } from '../documents/document.ts'
import { expandedName, namespacesOfEpcis, namespacesUnder } from '../documents/namespaces.ts'
import { readXmlForm } from '../xml/document-in.ts'
import { eventHash, type HashedEvent, preHashText } from './event-hash.ts'

interface Opened {
  readonly events: readonly HashedEvent[]
  readonly ignored: ReadonlySet<string>
}

/** Events as they are, checked or not: the oracle hashes some that the schema refuses. */
function opened(form: JsonObject): Opened {
  const open = openForm(form)
  if (!open) throw new Error('no document')
  const { namespaces } = open
  const events = open.forms.map((each) => ({
    form: each,
    namespaces: namespacesUnder(namespaces, each.get('@context')),
  }))
  const body = form.get('epcisBody')
  const results = isJsonObject(body) ? body.get('queryResults') : undefined
  const own =
    form.get('repository-x:ignoreFields') ?? (isJsonObject(results) && results.get('repository-x:ignoreFields'))
  const names = isJsonObject(own || null)
    ? [...(own as JsonObject).keys()]
    : isJsonList(own || null)
      ? (own as string[])
      : []
  const ignored = names.map((name) => {
    const { namespace, local } = expandedName(namespaces, name)
    return `{${namespace}}${local}`
  })
  return { events, ignored: new Set(ignored) }
}

function openJson(bytes: Uint8Array): Opened {
  const read = readJson(bytes)
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('no JSON')
  return opened(read.value.value)
}

function openXml(bytes: Uint8Array): Opened {
  const read = readXmlForm(bytes, documentLimits)
  if (!read.ok) throw new Error(`no XML: ${read.reason.expected}`)
  return opened(read.value)
}

const linesOf = (path: string) =>
  dataText(path)
    .split('\n')
    .filter((line) => line !== '')
const identifierOf = (text: string) => `ni:///sha-256;${toHex(sha256(utf8(text)))}?ver=CBV2.0`

describe.skipIf(!dataPresent)('the oracle (needs ../shared/data)', () => {
  const names = dataPresent ? namesIn('event-hash/') : []
  const inputs = names.filter((name) => /\.(?:jsonld|xml)$/.test(name))

  test.each(inputs)('%s has the identifiers of the reference implementation', (name) => {
    const bytes = dataBytes(`event-hash/${name}`)
    const { events, ignored } = name.endsWith('.xml') ? openXml(bytes) : openJson(bytes)
    const base = name.replace(/\.\w+$/, '')
    const expected = linesOf(`event-hash/${base}.hashes`)
    if (names.includes(`${base}.prehashes`)) {
      // Texts that are out of date hash to something else; all others must be ours to the letter.
      const texts = linesOf(`event-hash/${base}.prehashes`)
      const current = expected.map((identifier, index) => identifier === identifierOf(texts[index] ?? ''))
      const ours = events.map((event) => preHashText(event, ignored))
      expect(ours.filter((_, index) => current[index])).toEqual(texts.filter((_, index) => current[index]))
    }
    expect(events.map((event) => eventHash(event, ignored))).toEqual(expected)
  })

  test('39 inputs were compared; 59 of 62 texts are up to date', () => {
    const texts = names
      .filter((name) => name.endsWith('.prehashes') && names.includes(name.replace('.prehashes', '.hashes')))
      .flatMap((name) => {
        const hashes = linesOf(`event-hash/${name.replace('.prehashes', '.hashes')}`)
        return linesOf(`event-hash/${name}`).map((text, index) => identifierOf(text) === hashes[index])
      })
    expect([inputs.length, texts.length, texts.filter(Boolean).length]).toEqual([39, 62, 59])
  })
})

const form = (event: object): HashedEvent => {
  const read = readJson(utf8(JSON.stringify(event)))
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('no JSON')
  return { form: read.value.value, namespaces: namespacesOfEpcis }
}
const event = {
  type: 'ObjectEvent',
  eventTime: '2026-11-21T10:00:00+01:00',
  eventTimeZoneOffset: '+01:00',
  epcList: ['urn:epc:id:sgtin:030002.0143380.A1', 'https://id.gs1.org/01/00300021433802/21/A0'],
  action: 'OBSERVE',
  bizStep: 'shipping',
}

interface Vector {
  readonly says: string
  readonly event: object
  readonly text: string
  readonly identifier: string
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../../vectors/epcis/event-identifiers.json', import.meta.url), 'utf8'),
) as readonly Vector[]

test.each(vectors)('$says', ({ event, text, identifier }) => {
  expect([preHashText(form(event)), eventHash(form(event))]).toEqual([text, identifier])
})

describe('an identifier by content', () => {
  test('is that of one text, which says everything once and in one way', () => {
    expect(preHashText(form(event))).toBe(
      'eventType=ObjectEventeventTime=2026-11-21T09:00:00.000ZeventTimeZoneOffset=+01:00epcList' +
        'epc=https://id.gs1.org/01/00300021433802/21/A0epc=https://id.gs1.org/01/00300021433802/21/A1' +
        'action=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-shipping',
    )
  })

  test.each([
    ['the order of members', Object.fromEntries(Object.entries(event).toReversed())],
    ['the order of units', { ...event, epcList: event.epcList.toReversed() }],
    ['the zone that a time is told in', { ...event, eventTime: '2026-11-21T09:00:00.0000Z' }],
    ['the notation of words', { ...event, bizStep: 'https://ref.gs1.org/cbv/BizStep-shipping' }],
    ['the notation of words in the edition before', { ...event, bizStep: 'urn:epcglobal:cbv:bizstep:shipping' }],
    [
      'name, record time, remark and declaration',
      { ...event, eventID: 'urn:x:y', recordTime: event.eventTime, 'rdfs:comment': 'x', errorDeclaration: {} },
    ],
    ['empty lists', { ...event, quantityList: [] }],
  ])('does not depend on %s', (_, same) => expect(eventHash(form(same))).toBe(eventHash(form(event))))

  test.each([
    ['the unit', { ...event, epcList: [event.epcList[0]] }],
    ['the millisecond', { ...event, eventTime: '2026-11-21T10:00:00.001+01:00' }],
    ['the offset', { ...event, eventTimeZoneOffset: '+02:00' }],
    ['an extension', { ...event, 'cbvmda:lotNumber': 'L1' }],
    ['the kind', { ...event, type: 'TransactionEvent' }],
  ])('depends on %s', (_, other) => expect(eventHash(form(other))).not.toBe(eventHash(form(event))))

  test('writes numbers without what they do not need', () => {
    const written = (value: unknown) => preHashText(form({ type: 'X', 'cbvmda:n': value })).split('n=')[1]
    expect(
      ['007', '+1.50', '1e3', '-0.0', '0.00012', '0.000012', '12345678901234567890', '1.5E-7', '123.456'].map(written),
    ).toEqual(['7', '1.5', '1000', '0', '0.00012', '1.2e-05', '12345678901234567168', '1.5e-07', '123.456'])
    expect(['0x10', '1_000', 'NaN', '', '1e999'].map(written)).toEqual(['0x10', '1_000', 'NaN', undefined, '1e999'])
  })

  test('leaves out extensions of a repository that says so', () => {
    const own = form({ ...event, 'cbvmda:captured': 'c-1' })
    expect(eventHash(own, new Set(['{urn:epcglobal:cbv:mda:}captured']))).toBe(eventHash(form(event)))
    expect(eventHash(own)).not.toBe(eventHash(form(event)))
  })

  test('sorts by code points, as languages do that have no surrogates', () => {
    const text = preHashText(form({ type: 'X', 'cbvmda:n': ['\u{1f48a}', '\uff21'] }))
    expect(text.indexOf('\uff21')).toBeLessThan(text.indexOf('\u{1f48a}'))
  })
})
