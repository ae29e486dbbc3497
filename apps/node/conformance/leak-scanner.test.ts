/** What the scanner takes for a finding, and what chance puts into the text of a hash. */
import { systemRandom } from '@plexus/crypto'
import { expect, test } from 'vitest'
import { LeakScanner } from './leak-scanner.testing.ts'

const digits = '81342'
const scanner = new LeakScanner(
  [
    { kind: 'lot', bytes: Buffer.from(digits) },
    { kind: 'serial', bytes: Buffer.from('84975503267') },
  ],
  [],
)
const found = (text: string): readonly string[] =>
  scanner.scan([{ name: 'canary', bytes: Buffer.from(text), shortest: 5 }]).map(({ what }) => what)

/** A hash in hexadecimal in which the digits at 20 are the ones given. */
function hashWith(given: string): string {
  const hash = Buffer.from(systemRandom(32)).toString('hex').replaceAll(/[0-9]/g, 'a')
  return hash.slice(0, 20) + given + hash.slice(20 + given.length)
}

test.each(['', '/', 'row/a7', '20261122-', '0'.repeat(20)])('five digits of a chart after “%s”', (before) => {
  expect(found(`${before}${digits}/`)).toEqual(['lot plain'])
})

test('five digits are not a finding where chance puts them into a hash', () => {
  expect(found(`handles/${hashWith(digits)}/`)).toEqual([])
})

test('eleven digits are a finding wherever they stand', () => {
  expect(found(`handles/${hashWith('84975503267')}/`)).toEqual(['serial plain'])
})
