import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalKey } from './decimal.ts'
import { compareMoments, momentKey, momentOf, newestFirst } from './moment.ts'

test('an instant is the same instant under any offset', () => {
  expect(momentKey('1954-08-01T03:44:08-04:00')).toBe(momentKey('1954-08-01T07:44:08Z'))
  expect(momentKey('1998-12-21T07:44:08.50Z')).toBe(momentKey('1998-12-21T07:44:08.5+00:00'))
})

test('a day is no instant, and a time without an offset equals only itself', () => {
  expect(momentKey('1998-12-21')).not.toBe(momentKey('1998-12-21T00:00:00Z'))
  expect(momentKey('1998-12-21T07:44:08')).not.toBe(momentKey('1998-12-21T07:44:08Z'))
})

test('texts that are no date have no moment', () => {
  for (const text of [
    '',
    'spring 1998',
    '1998-13',
    '1999-02-29',
    '1998-12-21T25:00:00Z',
    '1998-12-21T07:44:08+15:00',
  ]) {
    expect(momentOf(text)).toBeUndefined()
  }
  expect(momentOf('2000-02-29')).toBeDefined()
})

test('what has no readable date stands after everything that has one', () => {
  const [older, newer] = [momentOf('1998'), momentOf('1998-02')]
  expect(newestFirst(newer, older)).toBeLessThan(0)
  expect(newestFirst(undefined, older)).toBeGreaterThan(0)
  expect(newestFirst(older, undefined)).toBeLessThan(0)
  expect(newestFirst(undefined, undefined)).toBe(0)
})

test('moments order as the calendar of the language does, from year 1 to 9999', () => {
  const instants = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 })
  fc.assert(
    fc.property(instants, (seconds) => {
      const text = new Date(seconds * 1000).toISOString()
      expect(momentOf(text)).toEqual({ seconds, fraction: '', exact: true })
    }),
  )
  expect(compareMoments({ seconds: 1, fraction: '45', exact: true }, { seconds: 1, fraction: '5', exact: true })).toBe(
    -1,
  )
})

test('decimals that are equal have one key, whatever their digits', () => {
  for (const text of ['1.1', '1.10', '11e-1', '0.11E+1', '01.1']) expect(decimalKey(text)).toBe('11e-1')
  expect(decimalKey('-0.0')).toBe(decimalKey('0'))
  expect(decimalKey('-1')).not.toBe(decimalKey('1'))
  expect(decimalKey('100')).toBe(decimalKey('1e2'))
  expect(decimalKey('1e9999999')).toBeUndefined()
  expect(decimalKey('one')).toBeUndefined()
})

test('two decimals have one key exactly when they are equal as fractions', () => {
  const part = fc.tuple(fc.integer({ min: -200, max: 200 }), fc.integer({ min: 0, max: 3 }))
  const textOf = ([digits, places]: readonly [number, number]) => {
    const padded = String(Math.abs(digits)).padStart(places + 1, '0')
    const cut = padded.length - places
    return `${digits < 0 ? '-' : ''}${padded.slice(0, cut)}${places > 0 ? `.${padded.slice(cut)}` : ''}`
  }
  fc.assert(
    fc.property(part, part, (a, b) => {
      const equal = a[0] * 10 ** b[1] === b[0] * 10 ** a[1]
      expect(decimalKey(textOf(a)) === decimalKey(textOf(b))).toBe(equal)
    }),
  )
})
