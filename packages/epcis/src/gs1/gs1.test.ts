import { describe, expect, test } from 'vitest'
import { dataPresent, dataText } from '../data.testing.ts'
import { canonicalUri } from './canonical-uris.ts'
import { checkDigit, checkDigitHolds } from './check-digit.ts'
import { readDigitalLink, writeDigitalLink } from './digital-links.ts'
import { readEpcUrn, writeEpcUrn } from './epc-urns.ts'
import { carriesDrugCode, drugCodeDigits, type Gs1KeyKind, gtinOfDrugCode, parseGs1Key, parseGtin } from './keys.ts'
import { dayOnLabel, readLabel } from './labels.ts'

const refusalOf = (result: { readonly ok: boolean; readonly reason?: { readonly type: string } }) =>
  result.ok ? 'taken' : result.reason?.type

describe('keys', () => {
  test.skipIf(!dataPresent)('44 keys are right and 43 are wrong by their check digit (needs ../shared/data)', () => {
    const keys = JSON.parse(dataText('check-digits.json')) as { kind: Gs1KeyKind; value: string; valid: boolean }[]
    const right = keys.filter(({ kind, value }) => parseGs1Key(kind, value).ok)
    expect(keys.filter(({ kind, value, valid }) => parseGs1Key(kind, value).ok !== valid)).toEqual([])
    expect([right.length, keys.length - right.length]).toEqual([44, 43])
    const wrong = keys.filter(({ valid }) => !valid).map(({ kind, value }) => refusalOf(parseGs1Key(kind, value)))
    expect(new Set(wrong)).toEqual(new Set(['wrong-check-digit']))
  })

  test('a key is refused for its characters before its length, and for its length before its check digit', () => {
    expect(refusalOf(parseGs1Key('SSCC', '0061414112345678x0'))).toBe('wrong-characters')
    expect(refusalOf(parseGs1Key('SSCC', '00614141123456789'))).toBe('wrong-length')
    expect(refusalOf(parseGs1Key('SSCC', '006141411234567891'))).toBe('wrong-check-digit')
    expect(refusalOf(parseGs1Key('SSCC', '006141411234567890'))).toBe('taken')
  })

  test('every single wrong digit, and most swaps, break a check digit', () => {
    const key = '00300021433802'
    for (let index = 0; index < key.length; index++)
      for (const digit of '0123456789')
        if (digit !== key[index])
          expect(checkDigitHolds(key.slice(0, index) + digit + key.slice(index + 1))).toBe(false)
    expect(checkDigit('0030002143380')).toBe('2')
  })

  test('short trade item numbers are the same number with zeros in front', () => {
    expect(parseGtin('48958547')).toEqual({ ok: true, value: '00000048958547' })
    expect(refusalOf(parseGtin('489585470'))).toBe('wrong-length')
  })

  test('drug code 0002-1433-80 is GTIN 00300021433802, and back as its ten digits', () => {
    expect(gtinOfDrugCode('0002-1433-80')).toEqual({ ok: true, value: '00300021433802' })
    expect(drugCodeDigits('00300021433802')).toEqual({ ok: true, value: '0002143380' })
    expect(carriesDrugCode('00300021433802', '0002-1433-80')).toBe(true)
    expect(carriesDrugCode('00300021433802', '0002-1433-81')).toBe(false)
    const shipper = gtinOfDrugCode('0002-1433-80', 5)
    expect(shipper.ok && carriesDrugCode(shipper.value, '0002-1433-80')).toBe(true)
  })

  test('a drug code without hyphens, of eleven digits, or with another indicator is refused', () => {
    for (const code of ['0002143380', '00002-1433-80', '0002-143-80'])
      expect(refusalOf(gtinOfDrugCode(code))).toBe('wrong-characters')
    expect(refusalOf(gtinOfDrugCode('0002-1433-80', 9))).toBe('wrong-characters')
    expect(refusalOf(drugCodeDigits('09521141012346'))).toBe('wrong-check-digit')
    expect(refusalOf(drugCodeDigits('09521141012345'))).toBe('unknown-identifier')
  })
})

describe('labels', () => {
  const elements = { '01': '00300021433802', '17': '271100', '10': 'A(1)B', '21': 'X-7/9' }

  test('what a person reads and what a scanner sends are the same label', () => {
    const written = readLabel('(01)00300021433802(17)271100(10)A(1)B(21)X-7/9')
    const scanned = readLabel(']d2010030002143380217271100' + '10A(1)B\u001d21X-7/9')
    const plain = readLabel('\u001d010030002143380217271100' + '10A(1)B\u001d21X-7/9')
    for (const read of [written, scanned, plain]) expect(read.ok && Object.fromEntries(read.value)).toEqual(elements)
  })

  test.each([
    ['', 'wrong-length'],
    ['(01)00300021433803', 'wrong-check-digit'],
    ['(01)0030002143380', 'wrong-length'],
    ['(21)A{B', 'wrong-characters'],
    ['(21)', 'wrong-length'],
    ['(17)271332', 'no-date'],
    ['(17)270231', 'no-date'],
    ['(17)270931', 'no-date'],
    ['(88)1', 'unknown-identifier'],
    ['8899', 'unknown-identifier'],
    ['(21)A(21)B', 'repeated-identifier'],
    ['0100300021433802\u001d', 'taken'],
    [`(21)${'A'.repeat(21)}`, 'wrong-length'],
    ['9'.repeat(3000), 'wrong-length'],
  ])('%j is %s', (label, expected) => expect(refusalOf(readLabel(label))).toBe(expected))

  test('an expiry of day 00 is the last of its month, in the century that is nearer', () => {
    expect(dayOnLabel('280200', 2026)).toEqual({ ok: true, value: { year: 2028, month: 2, day: 29 } })
    expect(dayOnLabel('270200', 2026)).toEqual({ ok: true, value: { year: 2027, month: 2, day: 28 } })
    expect(dayOnLabel('991231', 2026)).toEqual({ ok: true, value: { year: 1999, month: 12, day: 31 } })
    expect(dayOnLabel('020101', 2090)).toEqual({ ok: true, value: { year: 2102, month: 1, day: 1 } })
    expect(refusalOf(dayOnLabel('270229', 2026))).toBe('no-date')
  })
})

describe('addresses', () => {
  test.each([
    ['urn:epc:id:sgtin:4012345.011111.9876', 'https://id.gs1.org/01/04012345111118/21/9876'],
    [
      'urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()',
      'https://id.gs1.org/01/80614141123458/21/6789%2F%26%25%22%21%3F%28%29',
    ],
    ['urn:epc:id:sscc:4012345.3111111111', 'https://id.gs1.org/00/340123451111111111'],
    ['urn:epc:id:sgln:4012345.00005.122', 'https://id.gs1.org/414/4012345000054/254/122'],
    ['urn:epc:id:sgln:4012345.00005.0', 'https://id.gs1.org/414/4012345000054'],
    ['urn:epc:id:pgln:999999999999.', 'https://id.gs1.org/417/9999999999994'],
    ['urn:epc:id:grai:4012345.00022.334455', 'https://id.gs1.org/8003/04012345000221334455'],
    ['urn:epc:id:giai:4012345.ABC345', 'https://id.gs1.org/8004/4012345ABC345'],
    ['urn:epc:id:gsrn:4012345.0000006765', 'https://id.gs1.org/8018/401234500000067657'],
    ['urn:epc:id:gdti:987659999999..9', 'https://id.gs1.org/253/98765999999929'],
    [
      'urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234',
      'https://id.gs1.org/8010/061414111111111111111-A%23%2F/8011/1234',
    ],
    ['urn:epc:id:ginc:0614141.xyz47%2F11', 'https://id.gs1.org/401/0614141xyz47%2F11'],
    ['urn:epc:id:gsin:4012345.222333444', 'https://id.gs1.org/402/40123452223334442'],
    ['urn:epc:id:itip:4012345.011111.01.02.987', 'https://id.gs1.org/8006/040123451111180102/21/987'],
    [
      "urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7'SDB",
      "https://id.gs1.org/01/01234567987651/235/51qIgY%29%3C%26Jp3%2Aj7'SDB",
    ],
    ['urn:epc:class:lgtin:4012345.012345.Lot987', 'https://id.gs1.org/01/04012345123456/10/Lot987'],
  ])('%s is %s, and back with the length of its company prefix', (urn, link) => {
    const read = readEpcUrn(urn)
    expect(read.ok && writeDigitalLink(read.value)).toBe(link)
    const again = readDigitalLink(link)
    expect(again).toEqual(read)
    const prefix = urn.split(':')[4]?.split('.')[0]?.length ?? 0
    expect(again.ok && writeEpcUrn(again.value, prefix)).toBe(urn)
  })

  test('one unit has one canonical text, under any host, by any name, with any lot, variant or question', () => {
    const same = [
      'https://example.com/some/path/gtin/09780345418913/lot/L1/ser/765tz?17=271130#x',
      'http://id.gs1.org/01/9780345418913/22/2A/10/L1/21/765tz/',
      'urn:epc:id:sgtin:978034541891..765tz'.replace('978034541891.', '978034541891.0'),
    ]
    expect(new Set(same.map(canonicalUri))).toEqual(new Set(['https://id.gs1.org/01/09780345418913/21/765tz']))
  })

  test('a pattern stands for its class', () => {
    expect(canonicalUri('urn:epc:idpat:sgtin:4054739.099914.*')).toBe('https://id.gs1.org/01/04054739999148')
    expect(canonicalUri('urn:epc:idpat:grai:4012345.66666.*')).toBe('https://id.gs1.org/8003/04012345666663')
    expect(canonicalUri('urn:epc:idpat:itip:4012345.012345.01.02.*')).toBe('https://id.gs1.org/8006/040123451234560102')
  })

  test.each([
    'urn:epc:id:sgtin:4012345.01111.9876',
    'urn:epc:id:sgtin:4012345.011111.',
    'urn:epc:id:sgtin:4012345.011111.%zz',
    'urn:epc:id:sgtin:12345.01111111.1',
    'urn:epc:id:nothing:4012345.011111.9876',
    'urn:epc:idpat:sscc:4012345.*',
    'https://id.gs1.org/01/04012345111118/21',
    'https://id.gs1.org/01/04012345111118/21/1/10/1',
    'https://example.com/about',
    'mailto:someone@example.com',
    `https://id.gs1.org/01/04012345111118/21/${'9'.repeat(600)}`,
  ])('%s is no identifier of GS1', (uri) => expect(canonicalUri(uri)).toBeUndefined())

  test('a wrong check digit is refused in an address, and still has a canonical text for a hash', () => {
    const link = 'https://id.gs1.org/01/04012345111117/21/9876'
    expect(refusalOf(readDigitalLink(link))).toBe('wrong-check-digit')
    expect(canonicalUri(link)).toBe(link)
  })
})
