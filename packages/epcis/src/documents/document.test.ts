import { describe, expect, test } from 'vitest'
import { dataBytes, dataPresent, namesIn } from '../data.testing.ts'
import { readEpcisJson, writeEpcisJson } from './document.ts'
import { epcisContext } from './namespaces.ts'
import { sensorReadings } from './sensors.ts'

const outcome = (bytes: Uint8Array): string => {
  const read = readEpcisJson(bytes)
  return read.ok ? 'taken' : `${read.reason.type} ${read.reason.path}`
}
const event = '/epcisBody/eventList'

describe.skipIf(!dataPresent)('documents of others (needs ../shared/data)', () => {
  test('36 of 38 are taken; two report with a sensor type that is neither a word nor a URI', () => {
    const refused = namesIn('json/good/').flatMap((name) => {
      const came = outcome(dataBytes(`json/good/${name}`))
      return came === 'taken' ? [] : [[name, came]]
    })
    expect(refused).toEqual([
      ['SensorData_with_combined_events.json', expect.stringMatching(/^wrong-value .*\/sensorReport\/\d+\/type$/)],
      ['TransactionEvent_with_userExtensions.json', expect.stringMatching(/^wrong-value .*\/sensorReport\/\d+\/type$/)],
    ])
    expect(namesIn('json/good/')).toHaveLength(38)
  })

  test('all 15 that are wrong are refused, each at its first fault', () => {
    const faults = Object.fromEntries(
      namesIn('json/bad/').map((name) => [name, outcome(dataBytes(`json/bad/${name}`))]),
    )
    expect(faults).toEqual({
      'Combination_of_events_with_missing_mandatory_fields.json': `missing ${event}/0/action`,
      'Combination_of_multiple_invalid_fields.json': `wrong-value ${event}/0/bizStep`,
      'Combination_of_non_standard_bizStep_and_disposition.json': `wrong-value ${event}/0/bizStep`,
      'EPCISDocument_without_context.json': 'missing /@context',
      'ObjectEvent_with_ilmd_field_without_namespace.json': `unknown-member ${event}/0/ilmd`,
      'ObjectEvent_with_invalid_action.json': `wrong-value ${event}/0/action`,
      'ObjectEvent_with_invalid_certificationInfo.json': `wrong-type ${event}/0/certificationInfo/0`,
      'ObjectEvent_with_invalid_eventTime_format.json': `wrong-value ${event}/0/eventTime`,
      'ObjectEvent_with_non_standard_bizStep.json': `wrong-value ${event}/0/bizStep`,
      'ObjectEvent_with_non_standard_bizStep_in_second_event.json': `wrong-value ${event}/1/bizStep`,
      'ObjectEvent_with_non_standard_disposition.json': `wrong-value ${event}/0/disposition`,
      'ObjectEvent_with_quantity_as_text.json': `wrong-type ${event}/0/quantityList/0/quantity`,
      'ObjectEvent_with_unknown_field_in_quantityList.json': `unknown-member ${event}/0/quantityList/0`,
      'ObjectEvent_without_action_and_eventTime.json': `missing ${event}/0/eventTime`,
      'ObjectEvent_without_identifier_list.json': `missing ${event}/0`,
    })
  })

  test('what was taken is written so that it reads the same', () => {
    for (const name of namesIn('json/good/')) {
      const read = readEpcisJson(dataBytes(`json/good/${name}`))
      if (!read.ok) continue
      expect(readEpcisJson(writeEpcisJson(read.value.form))).toEqual(read)
    }
  })
})

const bytesOf = (text: string) => new TextEncoder().encode(text)
const times = { eventTime: '2026-11-21T09:00:00Z', eventTimeZoneOffset: '+00:00' }
const unit = 'https://id.gs1.org/01/00300021433802/21/A1'
const object = { type: 'ObjectEvent', ...times, action: 'OBSERVE', epcList: [unit] }
const head = {
  '@context': [epcisContext],
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: '2026-11-21T10:00:00Z',
}
const documentOf = (...eventList: readonly object[]) => bytesOf(JSON.stringify({ ...head, epcisBody: { eventList } }))
const of = (changes: object) => outcome(documentOf({ ...object, ...changes }))
const at = (place: string) => `${event}/0${place}`

describe('one event', () => {
  test('is taken out of its form once: absent texts are null, absent lists empty, words bare', () => {
    const read = readEpcisJson(
      documentOf({
        ...object,
        bizStep: 'https://ref.gs1.org/cbv/BizStep-shipping',
        readPoint: { id: 'urn:epc:id:sgln:0614141.00001.0' },
      }),
    )
    expect(read.ok && read.value.events[0]).toMatchObject({
      type: 'ObjectEvent',
      eventTime: Date.UTC(2026, 10, 21, 9),
      recordTime: null,
      action: 'OBSERVE',
      bizStep: 'shipping',
      disposition: null,
      epcs: [unit],
      childEPCs: [],
      readPoint: 'urn:epc:id:sgln:0614141.00001.0',
      errorDeclaration: null,
    })
  })

  test('tells the readings of its sensors, each with what is said for all of them', () => {
    const sensorMetadata = { startTime: '2026-11-21T08:00:00Z', endTime: '2026-11-21T09:00:00Z', deviceID: 'urn:x:all' }
    const sensorReport = [
      { type: 'Temperature', minValue: 2.5, maxValue: 8.1, uom: 'CEL', exception: 'gs1:ALARM_CONDITION' },
      { type: 'https://example.com/Tilt', value: 4, deviceID: 'urn:x:own' },
    ]
    const read = readEpcisJson(documentOf({ ...object, sensorElementList: [{ sensorMetadata, sensorReport }] }))
    const [event] = read.ok ? read.value.events : []
    const startTime = Date.UTC(2026, 10, 21, 8)
    expect(event && sensorReadings(event)).toMatchObject([
      {
        type: 'Temperature',
        minValue: '2.5',
        maxValue: '8.1',
        exception: 'ALARM_CONDITION',
        deviceID: 'urn:x:all',
        startTime,
      },
      { type: 'https://example.com/Tilt', value: '4', deviceID: 'urn:x:own', uom: null, time: null, startTime },
    ])
  })

  test('travels alone when it brings its context', () => {
    expect(outcome(bytesOf(JSON.stringify({ '@context': epcisContext, ...object })))).toBe('taken')
    expect(outcome(bytesOf(JSON.stringify(object)))).toBe('missing /@context')
  })

  test('of another kind than the five has a URI for its type, and the times of all', () => {
    expect(of({ type: 'https://example.com/LostEvent', anything: 1 })).toBe('taken')
    expect(of({ type: 'LostEvent' })).toBe(`wrong-value ${at('/type')}`)
    expect(outcome(documentOf({ type: 'https://example.com/LostEvent' }))).toBe(`missing ${at('/eventTime')}`)
  })

  test.each([
    ['instance data without the action ADD', { ilmd: { 'cbvmda:lotNumber': 'L1' } }, 'contradiction', '/ilmd'],
    ['the same unit twice', { epcList: [unit, unit] }, 'repeated', '/epcList'],
    ['a unit that is a number', { epcList: [1] }, 'wrong-type', '/epcList/0'],
    ['a space in a URI', { epcList: ['urn:x:a b'] }, 'wrong-value', '/epcList/0'],
    ['a broken escape', { epcList: ['urn:x:%G0'] }, 'wrong-value', '/epcList/0'],
    [
      'a word in the notation of another edition',
      { bizStep: 'urn:epcglobal:cbv:bizstep:shipping' },
      'wrong-value',
      '/bizStep',
    ],
    ['a day that does not exist', { eventTime: '2026-02-29T09:00:00Z' }, 'wrong-value', '/eventTime'],
    ['a time without an offset', { eventTime: '2026-11-21T09:00:00' }, 'wrong-value', '/eventTime'],
    ['an offset beyond the day line', { eventTimeZoneOffset: '+14:30' }, 'wrong-value', '/eventTimeZoneOffset'],
    ['a disposition set and unset to nothing', { persistentDisposition: {} }, 'missing', '/persistentDisposition'],
    [
      'a sensor without reports',
      { sensorElementList: [{ sensorReport: [] }] },
      'missing',
      '/sensorElementList/0/sensorReport',
    ],
    ['a declaration without its time', { errorDeclaration: {} }, 'missing', '/errorDeclaration/declarationTime'],
    ['a name without a namespace', { colour: 'red' }, 'unknown-member', ''],
    ['a source without its type', { sourceList: [{ source: 'urn:x:y' }] }, 'missing', '/sourceList/0/type'],
    ['a name of the language', JSON.parse('{"__proto__":1}') as object, 'unknown-member', ''],
  ])('with %s is refused', (_, changes, type, place) => expect(of(changes)).toBe(`${type} ${at(place)}`))

  test.each([
    ['an aggregation without children', { type: 'AggregationEvent', ...times, action: 'ADD', parentID: unit }, ''],
    [
      'an association without its parent',
      { type: 'AssociationEvent', ...times, action: 'ADD', childEPCs: [unit] },
      '/parentID',
    ],
    [
      'a transaction without documents',
      { type: 'TransactionEvent', ...times, action: 'ADD', epcList: [unit] },
      '/bizTransactionList',
    ],
    ['a transformation that makes nothing', { type: 'TransformationEvent', ...times, inputEPCList: [unit] }, ''],
  ])('that is %s is refused', (_, given, place) => expect(outcome(documentOf(given))).toBe(`missing ${at(place)}`))

  test('an aggregation that ends needs no children, and a transformation in parts has an identifier', () => {
    const ended = { type: 'AggregationEvent', ...times, action: 'DELETE', parentID: unit }
    const part = { type: 'TransformationEvent', ...times, inputEPCList: [unit], transformationID: 'urn:x:t' }
    expect(outcome(documentOf(ended, part))).toBe('taken')
  })
})

describe('bounds', () => {
  test('bytes, levels and events have each an end', () => {
    const limits = { bytesMax: 4_000, eventsMax: 2, depthMax: 12 }
    const came = (bytes: Uint8Array) => {
      const read = readEpcisJson(bytes, limits)
      return read.ok ? 'taken' : `${read.reason.type} ${read.reason.path}`
    }
    expect(came(documentOf(object, { ...object, action: 'ADD' }))).toBe('taken')
    expect(came(documentOf(object, object, object))).toBe('too-large /epcisBody/eventList')
    expect(came(bytesOf(`${'['.repeat(13)}${']'.repeat(13)}`))).toBe('too-large ')
    expect(came(new Uint8Array(4_001))).toBe('too-large ')
  })

  test('what is no JSON, or no document, is refused as that', () => {
    expect(outcome(bytesOf('{'))).toBe('not-json ')
    expect(outcome(bytesOf('[]'))).toBe('wrong-type ')
    expect(outcome(bytesOf('{"type":"Bundle"}'))).toBe('wrong-value /type')
    expect(outcome(bytesOf(JSON.stringify({ ...head, schemaVersion: '1.2', epcisBody: { eventList: [] } })))).toBe(
      'unsupported-version /schemaVersion',
    )
  })

  test('no refusal repeats what a document says', () => {
    const secret = 'https://example.com/secret-drug-name'
    for (const changes of [
      { [secret]: undefined, colour: secret },
      { bizStep: 'secret-drug-name' },
      { ilmd: { 'secret-drug-name': 1 } },
      { epcList: [{ [secret]: 1 }] },
    ]) {
      const read = readEpcisJson(documentOf({ ...object, action: 'ADD', ...changes }))
      expect(read.ok).toBe(false)
      expect(JSON.stringify(read)).not.toContain('secret')
    }
  })
})
