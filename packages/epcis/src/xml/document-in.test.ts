import { toPlain } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { dataBytes, dataPresent, namesIn } from '../data.testing.ts'
import { documentLimits, readEpcisJson, writeEpcisJson } from '../documents/document.ts'
import { readEpcisXml } from './document-in.ts'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const outcome = (bytes: Uint8Array): string => {
  const read = readEpcisXml(bytes)
  return read.ok ? 'taken' : `${read.reason.type} ${read.reason.path}`
}

describe.skipIf(!dataPresent)('documents of others in XML (needs ../shared/data)', () => {
  test('all 8 are taken, and are the same documents when written as JSON', () => {
    for (const name of namesIn('xml/good/')) {
      const read = readEpcisXml(dataBytes(`xml/good/${name}`))
      expect(read, name).toMatchObject({ ok: true })
      if (read.ok) expect(readEpcisJson(writeEpcisJson(read.value.form))).toEqual(read)
    }
  })

  test('all 3 that are wrong are refused', () => {
    const faults = Object.fromEntries(namesIn('xml/bad/').map((name) => [name, outcome(dataBytes(`xml/bad/${name}`))]))
    expect(faults).toEqual({
      'ObjectEvent_with_invalid_action.xml': 'wrong-value /epcisBody/eventList/0/action',
      'ObjectEvent_with_unknown_element.xml': 'unknown-member /epcisBody/eventList/0',
      'ObjectEvent_without_eventTime.xml': 'missing /epcisBody/eventList/0/eventTime',
    })
  })
})

const xml = (events: string, root = 'xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:ext="https://example.com/ext/"') =>
  bytesOf(
    `<epcis:EPCISDocument ${root} schemaVersion="2.0" creationDate="2026-11-21T10:00:00Z"><EPCISBody><EventList>${events}</EventList></EPCISBody></epcis:EPCISDocument>`,
  )
const times = '<eventTime>2026-11-21T09:00:00Z</eventTime><eventTimeZoneOffset>+00:00</eventTimeZoneOffset>'
const object = (more: string) => `<ObjectEvent>${times}<epcList/><action>OBSERVE</action>${more}</ObjectEvent>`

describe('a document in XML', () => {
  test('says the same as one in JSON, words of the vocabulary in any notation', () => {
    const forms = ['urn:epcglobal:cbv:bizstep:', 'cbv:BizStep-', 'https://ref.gs1.org/cbv/BizStep-'].map((prefix) => {
      const read = readEpcisXml(xml(object(`<bizStep>${prefix}shipping</bizStep>`)))
      return read.ok && read.value.events[0]?.bizStep
    })
    expect(forms).toEqual(['shipping', 'shipping', 'shipping'])
  })

  test('of EPCIS 1.2 is refused as what it is', () => {
    expect(outcome(xml('', 'xmlns:epcis="urn:epcglobal:epcis:xsd:1"'))).toBe('unsupported-version ')
  })

  test('keeps what repeats as a list, attributes as members, and two meanings of one prefix apart', () => {
    const twice = '<ext:a>1</ext:a><ext:a unit="u">2</ext:a><ext:b xmlns:ext="https://example.com/other/">3</ext:b>'
    const read = readEpcisXml(xml(object(twice)))
    const form = read.ok ? read.value.events[0]?.form : undefined
    expect(form?.get('ext:a')).toEqual([
      '1',
      new Map([
        ['#text', '2'],
        ['unit', 'u'],
      ]),
    ])
    expect(form?.get('ext2:b')).toBe('3')
    expect(read.ok && read.value.namespaces.get('ext2')).toBe('https://example.com/other/')
  })

  test('master data of its header are kept', () => {
    const header =
      '<EPCISHeader><EPCISMasterData><VocabularyList><Vocabulary type="urn:epcglobal:epcis:vtype:Location"><VocabularyElementList><VocabularyElement id="urn:epc:id:sgln:0614141.00001.0"><attribute id="cbvmda:name">Dock</attribute></VocabularyElement></VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData></EPCISHeader>'
    const text = new TextDecoder().decode(xml(object(''))).replace('<EPCISBody>', `${header}<EPCISBody>`)
    const read = readEpcisXml(bytesOf(text))
    expect(read.ok && JSON.stringify(toPlain(read.value.form.get('epcisHeader') ?? null))).toContain(
      '"attribute":"Dock"',
    )
  })

  const bomb = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;&x;">]>'
  test.each([
    [
      'an attribute that an event has not',
      xml(object('').replace('<ObjectEvent>', '<ObjectEvent colour="red">')),
      'unknown-member /epcisBody/eventList/0',
    ],
    ['an element twice', xml(object('<action>ADD</action>')), 'wrong-type /epcisBody/eventList/0/action'],
    [
      'a stranger in a list',
      xml(object('<sourceList><destination type="urn:epcglobal:cbv:sdt:location">urn:x:y</destination></sourceList>')),
      'wrong-type /epcisBody/eventList/0/sourceList/0',
    ],
    ['an entity bomb', bytesOf(`${bomb}<a>&y;</a>`), 'not-xml '],
    ['a file from outside', bytesOf('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'), 'not-xml '],
    ['an entity nobody declared', xml(object('<ext:a>&who;</ext:a>')), 'not-xml '],
    ['a tag left open', bytesOf('<a><b></a>'), 'not-xml '],
    ['a prefix nobody declared', xml(object('<who:a/>')), 'not-xml '],
    ['two roots', bytesOf('<a/><b/>'), 'not-xml '],
    ['nothing', new Uint8Array(), 'not-xml '],
    ['other bytes', Uint8Array.of(0xff, 0xfe, 0x3c, 0x00), 'not-xml '],
    ['another encoding', bytesOf('<?xml version="1.0" encoding="UTF-16"?><a/>'), 'not-xml '],
    ['a thousand levels', bytesOf('<a>'.repeat(1_000) + '</a>'.repeat(1_000)), 'too-large '],
    ['another document', bytesOf('<a/>'), 'wrong-value /type'],
    ['more bytes than are taken', new Uint8Array(documentLimits.bytesMax + 1), 'too-large '],
    [
      'a number that is none',
      xml(
        object(
          '<quantityList><quantityElement><epcClass>urn:x:y</epcClass><quantity>0x10</quantity></quantityElement></quantityList>',
        ),
      ),
      'wrong-type /epcisBody/eventList/0/quantityList/0/quantity',
    ],
    [
      'no body',
      bytesOf(
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0" creationDate="2026-11-21T10:00:00Z"/>',
      ),
      'missing /epcisBody/eventList',
    ],
    [
      'more namespaces than are taken',
      xml(object(Array.from({ length: 300 }, (_, n) => `<e${n}:a xmlns:e${n}="https://example.com/${n}/"/>`).join(''))),
      'too-large ',
    ],
  ])('%s is refused', (_, bytes, expected) => expect(outcome(bytes)).toBe(expected))

  test('keeps attributes of its own namespaces as extensions', () => {
    const marked = object('').replace('<ObjectEvent>', '<ObjectEvent ext:colour="red">')
    const read = readEpcisXml(xml(marked))
    expect(read.ok && read.value.events[0]?.form.get('ext:colour')).toBe('red')
  })

  test('only white space of XML is left away around a text', () => {
    const read = readEpcisXml(xml(object('<ext:a>\n  \u00a0a  b\u00a0\t</ext:a>')))
    expect(read.ok && read.value.events[0]?.form.get('ext:a')).toBe('\u00a0a  b\u00a0')
    const wide = readEpcisXml(xml(object(`<ext:a>${' '.repeat(1_000_000)}a${' '.repeat(1_000_000)}</ext:a>`)))
    expect(wide.ok && wide.value.events[0]?.form.get('ext:a')).toBe('a')
  })

  test('numbers are those of JSON afterwards', () => {
    const quantity = (text: string) => {
      const element = `<quantityList><quantityElement><epcClass>urn:x:y</epcClass><quantity>${text}</quantity></quantityElement></quantityList>`
      const read = readEpcisXml(xml(object(element)))
      return read.ok && read.value.events[0]?.quantities[0]?.quantity
    }
    expect(['+007.50', '.5', '-0.25', '12.', '1e3'].map(quantity)).toEqual(['7.50', '0.5', '-0.25', '12', '1e3'])
  })
})
