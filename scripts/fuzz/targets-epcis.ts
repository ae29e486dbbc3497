/** Doors for trading partners and scanners: labels, addresses, documents of EPCIS, queries, exceptions. */
import { isJsonObject, readJson, utf8 } from '@plexus/codec'
import { accepted, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'

const folder = 'packages/epcis/src'
const unit = 'urn:epc:id:sgtin:030002.0143380.A1'
const times = { eventTime: '2026-11-21T09:00:00Z', eventTimeZoneOffset: '+00:00' }
const events: readonly object[] = [
  {
    type: 'ObjectEvent',
    ...times,
    action: 'ADD',
    epcList: [unit],
    bizStep: 'commissioning',
    readPoint: { id: 'urn:epc:id:sgln:030002.100000.0' },
    ilmd: { 'cbvmda:lotNumber': 'L7' },
  },
  {
    type: 'AggregationEvent',
    ...times,
    action: 'ADD',
    parentID: 'urn:epc:id:sscc:030002.00000000007',
    childEPCs: [unit],
  },
  {
    type: 'ObjectEvent',
    ...times,
    action: 'OBSERVE',
    quantityList: [{ epcClass: 'urn:epc:class:lgtin:030002.0143380.L7', quantity: 2.5, uom: 'KGM' }],
    bizTransactionList: [{ type: 'po', bizTransaction: 'urn:x:po' }],
    sensorElementList: [
      { sensorMetadata: { time: times.eventTime }, sensorReport: [{ type: 'Temperature', value: 5 }] },
    ],
    errorDeclaration: { declarationTime: times.eventTime, reason: 'incorrect_data' },
  },
  { type: 'TransformationEvent', ...times, inputEPCList: [unit], outputQuantityList: [{ epcClass: unit }] },
]
const documents = events.map((event) => ({
  '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { ext: 'https://example.com/ext/' }],
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: times.eventTime,
  epcisBody: { eventList: [{ ...event, 'ext:note': ['a', { 'ext:b': 1 }] }] },
}))
const bytesOf = (value: unknown): Uint8Array => utf8(JSON.stringify(value))

const item = { exception_item_uuid: 'i', gtin: '00300021433802', quantity_ordered: 1, quantity_received: 2 }
const message = {
  message_uuid: 'm',
  exception_case_uuid: 'c',
  timestamp: 1,
  po_number: 'p',
  sender_information: { email: 'e', gln: '0614141000005' },
}

export const epcisTargets: readonly Target[] = [
  {
    name: 'epcis/label',
    reads: 'what a scanner reads from a package, or a person types',
    covers: [
      `${folder}/gs1/labels.ts#readLabel`,
      `${folder}/gs1/check-digit.ts#checkDigit`,
      `${folder}/gs1/check-digit.ts#checkDigitHolds`,
      `${folder}/gs1/keys.ts#parseGtin`,
      `${folder}/gs1/keys.ts#parseGs1Key`,
    ],
    async load() {
      const { dayOnLabel, parseGtin, readLabel } = await import('@plexus/epcis')
      const texts = ['(01)00300021433802(17)271100(10)A(1)B(21)X-7/9', ']d201003000214338021727110010AB\u001d21X']
      return {
        shape: 'text',
        seeds: texts.map(utf8),
        run(bytes) {
          const read = readLabel(Buffer.from(bytes).toString('latin1'))
          if (!read.ok) return answerOf(read)
          const gtin = read.value.get('01')
          if (gtin !== undefined && !parseGtin(gtin).ok) throw new Error('a label has a trade item that is none')
          const expiry = read.value.get('17')
          if (expiry !== undefined) dayOnLabel(expiry, 2026)
          return accepted
        },
      }
    },
  },
  {
    name: 'epcis/uri',
    reads: 'an identifier in a document of a partner: a URN or a Digital Link',
    covers: [`${folder}/gs1/epc-urns.ts#readEpcUrn`, `${folder}/gs1/digital-links.ts#readDigitalLink`],
    async load() {
      const { canonicalUri, readDigitalLink, readEpcUrn, writeDigitalLink, writeEpcUrn } = await import('@plexus/epcis')
      const texts = [
        unit,
        'urn:epc:id:sgtin:0614141.812345.6789%2F%26!',
        'urn:epc:id:gdti:4012345.00009.PO',
        'urn:epc:idpat:itip:4012345.012345.01.02.*',
        'urn:epc:id:cpi:0614141.11-A%23.1234',
        'https://example.com/a/gtin/09780345418913/lot/L1/ser/765tz?17=271130',
        'https://id.gs1.org/414/0614141000005/254/a%2Fb',
      ]
      return {
        shape: 'text',
        seeds: texts.map(utf8),
        run(bytes) {
          const text = Buffer.from(bytes).toString('latin1')
          const canonical = canonicalUri(text)
          if (canonical !== undefined && canonicalUri(canonical) !== canonical)
            throw new Error('canonical text changes')
          const urn = readEpcUrn(text)
          if (urn.ok) {
            for (let digits = 5; digits <= 13; digits++) writeEpcUrn(urn.value, digits)
            const again = readDigitalLink(writeDigitalLink(urn.value))
            if (!again.ok || JSON.stringify(again.value) !== JSON.stringify(urn.value))
              throw new Error('not read again')
          }
          return urn.ok ? accepted : answerOf(readDigitalLink(text))
        },
      }
    },
  },
  {
    name: 'epcis/json',
    reads: 'a document of EPCIS in JSON, from a trading partner',
    covers: [`${folder}/documents/document.ts#readEpcisJson`],
    async load() {
      const { eventHash, readEpcisJson, readEpcisXml, writeEpcisJson, writeEpcisXml } = await import('@plexus/epcis')
      return {
        shape: 'json',
        seeds: documents.map(bytesOf),
        run(bytes) {
          const read = readEpcisJson(bytes)
          if (!read.ok) return answerOf(read)
          if (!readEpcisJson(writeEpcisJson(read.value.form)).ok) throw new Error('what was read is not written')
          for (const event of read.value.events) eventHash(event)
          const xml = writeEpcisXml(read.value)
          if (xml.ok) readEpcisXml(xml.value)
          return accepted
        },
      }
    },
  },
  {
    name: 'epcis/xml',
    reads: 'a document of EPCIS in XML, from a trading partner',
    covers: [
      `${folder}/xml/document-in.ts#readEpcisXml`,
      `${folder}/xml/document-in.ts#readXmlForm`,
      `${folder}/xml/tree.ts#readXml`,
    ],
    async load() {
      const { eventHash, readEpcisJson, readEpcisXml, writeEpcisJson, writeEpcisXml } = await import('@plexus/epcis')
      const seeds = documents.flatMap((each) => {
        const read = readEpcisJson(bytesOf(each))
        const written = read.ok ? writeEpcisXml(read.value) : read
        return written.ok ? [written.value] : []
      })
      return {
        shape: 'text',
        seeds,
        run(bytes) {
          const read = readEpcisXml(bytes)
          if (!read.ok) return answerOf(read)
          if (!readEpcisJson(writeEpcisJson(read.value.form)).ok) throw new Error('what was read is not written')
          for (const event of read.value.events) eventHash(event)
          writeEpcisXml(read.value)
          return accepted
        },
      }
    },
  },
  {
    name: 'epcis/query',
    reads: 'parameters of a query, from whoever may ask',
    covers: [`${folder}/repository/query.ts#readEventQuery`],
    async load() {
      const { readEpcisJson, readEventQuery } = await import('@plexus/epcis')
      const captured = documents.flatMap((each) => {
        const read = readEpcisJson(bytesOf(each))
        return read.ok ? read.value.events : []
      })
      const queries = [
        { eventType: ['ObjectEvent'], GE_eventTime: times.eventTime, MATCH_epc: [unit], perPage: 10 },
        { EQ_bizTransaction_po: ['urn:x:po'], GE_quantity: 1, MATCH_anyEPC: ['urn:epc:idpat:sgtin:030002.0143380.*'] },
        {
          EQ_bizStep: ['commissioning'],
          'EQ_ILMD_cbvmda:lotNumber': ['L7'],
          orderBy: 'recordTime',
          orderDirection: 'ASC',
          nextPageToken: '4-2',
        },
      ]
      return {
        shape: 'json',
        seeds: queries.map(bytesOf),
        run(bytes) {
          const read = readJson(bytes)
          if (!read.ok) return refused(read.reason.type)
          if (!isJsonObject(read.value.value)) return refused('no object')
          const query = readEventQuery(read.value.value)
          if (query.ok) for (const event of captured) query.value.conditions.every((holds) => holds(event))
          return answerOf(query)
        },
      }
    },
  },
  {
    name: 'epcis/exception',
    reads: 'an exception report or response, from a trading partner',
    covers: [`${folder}/exceptions/messages.ts#readExceptionMessage`],
    async load() {
      const { caseAfter, readExceptionMessage, wrongKeysIn } = await import('@plexus/epcis')
      const report = {
        ...message,
        exceptions: { overages: [{ ...item, resolution_request: 'Return product' }] },
        case_resolved: false,
      }
      const answer = { exception_item_uuid: 'i', resolution_response: 'Accept', alternative_resolution: null }
      return {
        shape: 'json',
        seeds: [report, { ...message, response_items: [answer] }].map(bytesOf),
        run(bytes) {
          const read = readExceptionMessage(bytes)
          if (!read.ok) return answerOf(read)
          wrongKeysIn(read.value)
          caseAfter(null, read.value)
          return accepted
        },
      }
    },
  },
]
