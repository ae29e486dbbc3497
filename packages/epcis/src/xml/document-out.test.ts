import { describe, expect, test } from 'vitest'
import { dataBytes, dataPresent, namesIn } from '../data.testing.ts'
import { readEpcisJson } from '../documents/document.ts'
import { epcisContext } from '../documents/namespaces.ts'
import { eventHash } from '../hash/event-hash.ts'
import { readEpcisXml } from './document-in.ts'
import { writeEpcisXml } from './document-out.ts'

describe.skipIf(!dataPresent)('documents of others (needs ../shared/data)', () => {
  test('what came in JSON goes out in XML, and comes back as events of the same identifiers', () => {
    let written = 0
    for (const name of namesIn('json/good/')) {
      const read = readEpcisJson(dataBytes(`json/good/${name}`))
      if (!read.ok) continue
      const out = writeEpcisXml(read.value)
      expect(out, name).toMatchObject({ ok: true })
      if (!out.ok) continue
      const again = readEpcisXml(out.value)
      expect(again, name).toMatchObject({ ok: true })
      if (!again.ok) continue
      expect(
        again.value.events.map((each) => eventHash(each)),
        name,
      ).toEqual(read.value.events.map((each) => eventHash(each)))
      written++
    }
    expect(written).toBe(36)
  })
})

const unit = 'https://id.gs1.org/01/00300021433802/21/A1'
const times = { eventTime: '2026-11-21T09:00:00Z', eventTimeZoneOffset: '+00:00' }
const written = (more: object) => {
  const event = { type: 'ObjectEvent', ...times, action: 'OBSERVE', epcList: [unit], ...more }
  const context = [epcisContext, { ext: 'https://example.com/ext/' }]
  const read = readEpcisJson(
    new TextEncoder().encode(
      JSON.stringify({
        '@context': context,
        type: 'EPCISDocument',
        schemaVersion: '2.0',
        creationDate: times.eventTime,
        epcisBody: { eventList: [event] },
      }),
    ),
  )
  if (!read.ok) throw new Error(`refused: ${read.reason.path}`)
  const out = writeEpcisXml(read.value)
  return out.ok ? new TextDecoder().decode(out.value) : out.reason.type
}

describe('a document in XML', () => {
  test('escapes what would be markup, in text and in attributes', () => {
    const text = written({
      'ext:note': `<b a="1">&amp;]]>\n`,
      sensorElementList: [{ sensorReport: [{ type: 'Temperature', stringValue: `"<&>\t` }] }],
    })
    expect(text).toContain('<ext:note>&lt;b a=&quot;1&quot;&gt;&amp;amp;]]&gt;&#10;</ext:note>')
    expect(text).toContain('stringValue="&quot;&lt;&amp;&gt;&#9;"')
  })

  test('writes words as that binding does', () => {
    const text = written({
      bizStep: 'shipping',
      sensorElementList: [{ sensorReport: [{ type: 'Temperature', component: 'x', value: 21.5 }] }],
    })
    expect(text).toContain('<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>')
    expect(text).toContain('<sensorReport type="gs1:Temperature" component="cbv:Comp-x" value="21.5"></sensorReport>')
  })

  test('cuts a whole address that is a name, and refuses names and characters that XML has not', () => {
    expect(written({ 'https://example.com/own/colour': 'red' })).toMatch(
      /xmlns:ext2?="https:\/\/example\.com\/own\/".*:colour>red</s,
    )
    expect(written({ 'ext:1st': 'red' })).toBe('wrong-value')
    expect(written({ 'ext:a': { 'a b': 1 } })).toBe('wrong-value')
    expect(written({ 'ext:a': '\u0000' })).toBe('wrong-value')
    expect(written({ 'ext:a': '\ufffe' })).toBe('wrong-value')
  })
})
