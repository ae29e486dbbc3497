import { JsonNumber, type JsonValue } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { answerForm, captureForm, readEpcisJson, writeEpcisJson } from '../documents/document.ts'
import { epcisContext, namespacesOfEpcis } from '../documents/namespaces.ts'
import { readEpcisXml } from '../xml/document-in.ts'
import { writeEpcisXml } from '../xml/document-out.ts'
import { capture } from './capture.ts'
import { MemoryRepository } from './memory.ts'
import { queryEvents, readEventQuery } from './query.ts'
import { restoredEvent, storedEvent } from './stored-event.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const now = Date.UTC(2026, 10, 21, 12)
const unit = (serial: string) => `urn:epc:id:sgtin:030002.0143380.${serial}`
const wholesaler = 'urn:epc:id:pgln:0614141.00000'

const shared = { eventTimeZoneOffset: '+00:00' }
const commission = {
  type: 'ObjectEvent',
  eventTime: '2026-11-20T08:00:00Z',
  ...shared,
  action: 'ADD',
  bizStep: 'commissioning',
  disposition: 'active',
  epcList: [unit('A1'), unit('A2'), unit('A3')],
  readPoint: { id: 'urn:epc:id:sgln:030002.100000.0' },
  ilmd: { 'cbvmda:lotNumber': 'L7' },
}
const pack = {
  type: 'AggregationEvent',
  eventTime: '2026-11-20T09:00:00Z',
  ...shared,
  action: 'ADD',
  bizStep: 'packing',
  parentID: 'urn:epc:id:sscc:030002.00000000007',
  childEPCs: [unit('A1'), unit('A2')],
}
const ship = {
  type: 'ObjectEvent',
  eventTime: '2026-11-20T10:00:00Z',
  ...shared,
  action: 'OBSERVE',
  bizStep: 'shipping',
  disposition: 'in_transit',
  epcList: ['urn:epc:id:sscc:030002.00000000007'],
  quantityList: [{ epcClass: 'urn:epc:class:lgtin:030002.0143380.L7', quantity: 2 }],
  bizTransactionList: [{ type: 'po', bizTransaction: 'urn:epcglobal:cbv:bt:0614141000005:PO1' }],
  sourceList: [{ type: 'owning_party', source: 'urn:epc:id:pgln:030002.000000' }],
  destinationList: [{ type: 'owning_party', destination: wholesaler }],
}
const documentOf = (...eventList: readonly object[]) =>
  bytesOf(
    JSON.stringify({
      '@context': [epcisContext],
      type: 'EPCISDocument',
      schemaVersion: '2.0',
      creationDate: '2026-11-21T10:00:00Z',
      epcisBody: { eventList },
    }),
  )

function filled(...events: readonly object[]): MemoryRepository {
  const repository = new MemoryRepository()
  const done = capture(repository, { bytes: documentOf(...events), mediaType: 'application/json', now })
  if (!done.ok) throw new Error(`refused: ${done.reason.type} ${done.reason.path}`)
  return repository
}

const formOf = (value: unknown): JsonValue => {
  if (typeof value === 'number') return new JsonNumber(String(value))
  if (Array.isArray(value)) return value.map(formOf)
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([name, member]) => [name, formOf(member)]))
  return value as JsonValue
}

function found(repository: MemoryRepository, parameters: object): readonly number[] | string {
  const query = readEventQuery(formOf(parameters))
  if (!query.ok) return `${query.reason.type} ${query.reason.path}`
  const page = queryEvents(repository, query.value)
  return page.ok ? page.value.events.map(({ position }) => position) : `${page.reason.type} ${page.reason.path}`
}

describe('capture', () => {
  test('records when, and gives an event without a name the identifier of its content', () => {
    const [first] = filled(commission).events()
    expect(first?.event).toMatchObject({ recordTime: now, eventID: first?.contentHash })
    expect(first?.event.form.get('recordTime')).toBe('2026-11-21T12:00:00.000Z')
    expect(first?.contentHash).toMatch(/^ni:\/\/\/sha-256;[0-9a-f]{64}\?ver=CBV2\.0$/)
  })

  test('takes the same event once, whichever form it comes in', () => {
    const repository = filled(commission, pack)
    const read = readEpcisJson(documentOf(pack, ship, commission))
    const xml = read.ok ? writeEpcisXml(read.value) : read
    if (!xml.ok) throw new Error('not written')
    const again = capture(repository, { bytes: xml.value, mediaType: 'application/xml', now: now + 1 })
    expect(again).toMatchObject({ ok: true, value: { knownCount: 2, events: [{ position: 2 }] } })
    expect(repository.count).toBe(3)
  })

  test('takes nothing of a document with one wrong event', () => {
    const repository = new MemoryRepository()
    const bytes = documentOf(commission, pack, { ...ship, bizStep: 'sending' })
    const refused = capture(repository, { bytes, mediaType: 'application/json', now })
    expect(refused).toMatchObject({ ok: false, reason: { path: '/epcisBody/eventList/2/bizStep' } })
    expect(repository.count).toBe(0)
  })

  test('refuses a name that another event has, in the repository or in the same document', () => {
    const named = { ...commission, eventID: 'urn:uuid:e1' }
    const other = { ...ship, eventID: 'urn:uuid:e1' }
    const again = capture(filled(named), { bytes: documentOf(other), mediaType: 'application/json', now })
    const both = capture(new MemoryRepository(), {
      bytes: documentOf(named, other),
      mediaType: 'application/json',
      now,
    })
    expect(again).toMatchObject({
      ok: false,
      reason: { type: 'contradiction', path: '/epcisBody/eventList/0/eventID' },
    })
    expect(both).toMatchObject({ ok: false, reason: { type: 'contradiction', path: '/epcisBody/eventList/1/eventID' } })
  })

  test('keeps a declaration that an event was wrong beside the event, if it repeats it and was made after it', () => {
    const named = { ...ship, eventID: 'urn:uuid:e2' }
    const declared = (declarationTime: string, more = {}) => ({
      ...named,
      ...more,
      errorDeclaration: { declarationTime, reason: 'did_not_occur' },
    })
    const outcome = (event: object) => {
      const done = capture(filled(named), { bytes: documentOf(event), mediaType: 'application/json', now })
      return done.ok
        ? done.value.events.length
        : `${done.reason.type} ${done.reason.path.replace(/^\/epcisBody\/eventList/, '')}`
    }
    expect(outcome(declared('2026-11-21T09:00:00Z'))).toBe(1)
    expect(outcome(declared('2026-11-20T09:59:59Z'))).toBe('contradiction /0/errorDeclaration/declarationTime')
    expect(outcome(declared('2026-11-21T12:16:00Z'))).toBe('contradiction /0/errorDeclaration/declarationTime')
    expect(outcome(declared('2026-11-21T09:00:00Z', { disposition: 'in_progress' }))).toBe('contradiction /0/eventID')
  })

  test('refuses what is no document to capture, and media that it does not read', () => {
    const outcome = (bytes: Uint8Array, mediaType: string) => capture(new MemoryRepository(), { bytes, mediaType, now })
    expect(outcome(documentOf(ship), 'text/csv')).toMatchObject({
      ok: false,
      reason: { type: 'wrong-value', path: '' },
    })
    const answer = JSON.parse(new TextDecoder().decode(documentOf())) as object
    const query = {
      ...answer,
      type: 'EPCISQueryDocument',
      epcisBody: { queryResults: { queryName: 'q', resultsBody: { eventList: [] } } },
    }
    expect(outcome(bytesOf(JSON.stringify(query)), 'application/ld+json')).toMatchObject({
      ok: false,
      reason: { path: '/type' },
    })
  })

  test('what was kept goes out as a document that another repository takes', () => {
    const events = [...filled(commission, pack, ship).events()].map(({ event }) => event.form)
    const head = { creationDate: '2026-11-21T12:00:00Z', namespaces: namespacesOfEpcis }
    const bytes = writeEpcisJson(captureForm(head, events))
    const done = capture(new MemoryRepository(), { bytes, mediaType: 'application/json', now })
    expect(done).toMatchObject({ ok: true, value: { knownCount: 0, events: [{}, {}, {}] } })
  })
})

test('what is kept as bytes reads back as the same event, extensions and prefixes included', () => {
  const own = { ...commission, ilmd: { 'md:lotNumber': 'L7', 'md:count': 1.5 } }
  const bytes = bytesOf(
    new TextDecoder().decode(documentOf(own)).replace('"@context":[', '"@context":[{"md":"https://example.com/md/"},'),
  )
  const repository = new MemoryRepository()
  expect(capture(repository, { bytes, mediaType: 'application/json', now }).ok).toBe(true)
  const [kept] = repository.events()
  if (!kept) throw new Error('nothing was kept')
  expect(restoredEvent(storedEvent(kept.event))).toEqual(kept.event)
  expect(kept.event.namespaces.get('md')).toBe('https://example.com/md/')
})

test('times of recording never go down, though the clock was set back', () => {
  const repository = filled(commission)
  capture(repository, { bytes: documentOf(pack), mediaType: 'application/json', now: now - 60_000 })
  expect([...repository.events()].map(({ event }) => event.recordTime)).toEqual([now, now])
})

describe('a query', () => {
  const repository = filled(commission, pack, ship, {
    ...ship,
    eventTime: '2026-11-20T11:00:00Z',
    bizStep: 'receiving',
  })

  test.each<[string, object, readonly number[]]>([
    ['nothing asked', {}, [3, 2, 1, 0]],
    ['kinds', { eventType: ['AggregationEvent'] }, [1]],
    ['a span, its end left out', { GE_eventTime: '2026-11-20T09:00:00Z', LT_eventTime: '2026-11-20T10:00:00Z' }, [1]],
    ['a span in another zone', { GE_eventTime: '2026-11-20T12:00:00+01:00' }, [3]],
    ['steps, in any notation', { EQ_bizStep: ['urn:epcglobal:cbv:bizstep:shipping', 'packing'] }, [2, 1]],
    ['a disposition', { EQ_disposition: 'active' }, [0]],
    ['actions', { EQ_action: ['ADD'] }, [1, 0]],
    ['a unit, wherever it stands', { MATCH_epc: [unit('A1')] }, [1, 0]],
    ['a unit by its Digital Link', { MATCH_epc: ['https://id.gs1.org/01/00300021433802/21/A3'] }, [0]],
    ['a product, any serial', { MATCH_epc: ['urn:epc:idpat:sgtin:030002.0143380.*'] }, [1, 0]],
    ['a parent', { MATCH_parentID: ['https://id.gs1.org/00/003000200000000074'] }, [1]],
    ['any role', { MATCH_anyEPC: ['urn:epc:id:sscc:030002.00000000007'] }, [3, 2, 1]],
    ['a lot', { MATCH_epcClass: ['urn:epc:class:lgtin:030002.0143380.L7'] }, [3, 2]],
    ['a count', { GE_quantity: 2, LT_quantity: 3 }, [3, 2]],
    ['a place', { EQ_readPoint: ['https://id.gs1.org/414/0300021000004'] }, [0]],
    ['a purchase order', { EQ_bizTransaction_po: ['urn:epcglobal:cbv:bt:0614141000005:PO1'] }, [3, 2]],
    ['a new owner', { EQ_destination_owning_party: [wholesaler] }, [3, 2]],
    ['an old owner that is the new one', { EQ_source_owning_party: [wholesaler] }, []],
    ['a lot that units were commissioned with', { 'EQ_ILMD_cbvmda:lotNumber': ['L7', 'L8'] }, [0]],
    ['another lot', { 'EQ_ILMD_cbvmda:lotNumber': ['L8'] }, []],
    ['a lot where instance data do not stand', { 'EQ_cbvmda:lotNumber': ['L7'] }, []],
    [
      'a lot under a prefix of its own',
      { '@context': { md: 'urn:epcglobal:cbv:mda:' }, 'EQ_ILMD_md:lotNumber': 'L7' },
      [0],
    ],
    ['declared wrong', { EXISTS_errorDeclaration: null }, []],
    ['all of several', { EQ_action: ['OBSERVE'], EQ_bizStep: ['receiving'] }, [3]],
    ['the oldest two', { orderDirection: 'ASC', eventCountLimit: 2 }, [0, 1]],
    ['recorded since', { GE_recordTime: '2026-11-21T12:00:00Z', orderBy: 'recordTime' }, [0, 1, 2, 3]],
    ['recorded before', { LT_recordTime: '2026-11-21T12:00:00Z' }, []],
  ])('for %s', (_, parameters, positions) => expect(found(repository, parameters)).toEqual(positions))

  test.each<[string, object, string]>([
    ['a parameter that nobody knows', { EQ_colour: ['red'] }, 'unknown-member '],
    ['an extension of nobody', { 'EQ_ILMD_who:lotNumber': ['L7'] }, 'unknown-member '],
    ['an extension compared', { 'GT_cbvmda:count': 1 }, 'unknown-member '],
    ['master data', { WD_readPoint: ['urn:epc:id:sgln:030002.100000.0'] }, 'unknown-member '],
    ['a time that is none', { GE_eventTime: 'yesterday' }, 'wrong-value /GE_eventTime'],
    ['a pattern open in its middle', { MATCH_epc: ['urn:epc:idpat:sgtin:030002.*.*'] }, 'wrong-value /MATCH_epc'],
    ['no values', { EQ_bizStep: [] }, 'wrong-value /EQ_bizStep'],
    ['a page of none', { perPage: 0 }, 'wrong-value /perPage'],
    ['half a page', { perPage: 1.5 }, 'wrong-value /perPage'],
    ['another order', { orderBy: 'colour' }, 'wrong-value /orderBy'],
    ['both bounds', { eventCountLimit: 1, maxEventCount: 1 }, 'contradiction /maxEventCount'],
    ['a forged token', { nextPageToken: '../../1' }, 'wrong-value /nextPageToken'],
    ['more than it wants', { maxEventCount: 3 }, 'too-large /maxEventCount'],
    ['a party that is no URI', { EQ_source_owning_party: ['wholesaler'] }, 'wrong-value '],
  ])('with %s is refused', (_, parameters, expected) => expect(found(repository, parameters)).toBe(expected))

  test('pages of one answer fit together while events go on being captured', () => {
    const growing = filled(commission, pack, ship)
    const first = readEventQuery(formOf({ perPage: 2 }))
    const page = first.ok ? queryEvents(growing, first.value) : first
    if (!page.ok) throw new Error('no page')
    expect(page.value.events.map(({ position }) => position)).toEqual([2, 1])
    capture(growing, {
      bytes: documentOf({ ...ship, eventTime: '2026-11-21T11:00:00Z' }),
      mediaType: 'application/json',
      now,
    })
    const next = found(growing, { perPage: 2, nextPageToken: page.value.nextPageToken })
    expect(next).toEqual([0])
    expect(found(growing, {})).toEqual([3, 2, 1, 0])
  })

  test('about more events than are looked at must say when they were recorded', () => {
    const large = new MemoryRepository()
    const [one] = filled(commission).events()
    if (!one) throw new Error('nothing was kept')
    large.append(
      Array.from({ length: 20_001 }, (_, position) => ({
        ...one,
        position,
        event: { ...one.event, recordTime: now + position },
      })),
    )
    expect(found(large, {})).toBe('too-large /GE_recordTime')
    const since = new Date(now + 20_000).toISOString()
    expect(found(large, { GE_recordTime: since })).toEqual([20_000])
    expect(found(large, { LT_recordTime: since, maxEventCount: 1 })).toBe('too-large /maxEventCount')
  })

  test('a list of values has an end', () => {
    expect(found(repository, { MATCH_epc: Array.from({ length: 1_001 }, (_, n) => unit(`S${n}`)) })).toBe(
      'wrong-value /MATCH_epc',
    )
    expect(
      found(repository, Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`EQ_source_t:${n}`, ['urn:x:y']]))),
    ).toBe('too-large ')
  })

  test('an answer is a query document, which reads as one', () => {
    const query = readEventQuery(formOf({ EQ_bizStep: ['packing'] }))
    const page = query.ok ? queryEvents(repository, query.value) : query
    const forms = page.ok ? page.value.events.map(({ event }) => event.form) : []
    const head = { creationDate: '2026-11-21T12:00:00Z', namespaces: namespacesOfEpcis }
    const read = readEpcisJson(writeEpcisJson(answerForm(head, 'SimpleEventQuery', forms)))
    expect(read).toMatchObject({ ok: true, value: { type: 'EPCISQueryDocument', events: [{ bizStep: 'packing' }] } })
    const xml = read.ok ? writeEpcisXml(read.value) : read
    const again = xml.ok ? readEpcisXml(xml.value) : xml
    expect(again).toMatchObject({ ok: true, value: { type: 'EPCISQueryDocument', events: [{ bizStep: 'packing' }] } })
  })
})
