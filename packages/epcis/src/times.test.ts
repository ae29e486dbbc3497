import { expect, test } from 'vitest'
import { hashedTime, isTime, millisecondsOf } from './times.ts'

test('every day of four centuries is counted as the platform counts it', () => {
  const wrong: number[] = []
  for (let day = Date.UTC(1800, 0, 1); day < Date.UTC(2200, 0, 1); day += 86_400_000)
    if (millisecondsOf(new Date(day).toISOString()) !== day) wrong.push(day)
  expect(wrong).toEqual([])
})

test('what is finer than a millisecond goes to the nearer one, half to the even', () => {
  const rounded = (fraction: string) => hashedTime(`2026-11-21T10:00:59.${fraction}Z`)?.slice(17)
  expect(['1415', '1425', '14151', '1414', '9995', '9996', '0', '1425009'].map(rounded)).toEqual([
    '59.142Z',
    '59.142Z',
    '59.142Z',
    '59.141Z',
    '00.000Z',
    '00.000Z',
    '59.000Z',
    '59.142Z',
  ])
})

test.each([
  ['2026-11-21T10:00:00+14:00', true],
  ['2026-11-21t10:00:00z', true],
  ['2016-12-31T23:59:60Z', true],
  ['2017-01-01T00:59:60+01:00', true],
  ['2016-12-31T22:59:60Z', false],
  ['2026-02-29T10:00:00Z', false],
  ['2024-02-29T10:00:00Z', true],
  ['2026-13-01T10:00:00Z', false],
  ['2026-11-21T24:00:00Z', false],
  ['2026-11-21T10:00:00', false],
  ['2026-11-21', false],
  ['22-07-2026', false],
  ['2026-11-21T10:00:00.0000000000001Z', false],
])('%s is a time: %s', (text, expected) => expect(isTime(text)).toBe(expected))
