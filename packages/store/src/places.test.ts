import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BufferedTable } from './buffered-table.ts'
import { type Environment, openEnvironment } from './environment.ts'
import { byteKeys } from './keys.ts'
import { Places } from './places.ts'

const idOf = (number: number): Uint8Array => new Uint8Array(createHash('sha256').update(`id ${number}`).digest())
const at = (number: number, validUntil: number, accepted = true) => ({
  id: idOf(number),
  validUntil,
  index: number,
  accepted,
})

let directory: string
let environment: Environment
let table: BufferedTable<string>

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plexus-places-'))
  environment = openEnvironment({ directory, kind: 'ledger', chain: new Uint8Array(32), durable: false })
  table = new BufferedTable(environment.table('places'), byteKeys)
})
afterEach(() => {
  environment.close()
  rmSync(directory, { recursive: true })
})

const flush = () => {
  environment.write(() => table.flush())
  table.forget()
}

test('an acceptance is found, never covered by a refusal of the same envelope, and remembered over a restart', () => {
  const places = new Places(table, 1_000)
  places.take(5, 1_000, [at(1, 1_200), at(2, 1_200, false), at(3, 1_201), at(5, 1_200, false)])
  flush()
  places.take(6, 1_001, [at(1, 1_200, false), at(2, 1_200), at(5, 1_200, false)])
  for (const each of [places, new Places(table, 1_001)]) {
    expect(each.find(idOf(1), 1_200)).toEqual({ height: 5, index: 1, accepted: true })
    expect(each.find(idOf(2), 1_200)).toEqual({ height: 6, index: 2, accepted: true })
    expect(each.find(idOf(3), 1_201)).toEqual({ height: 5, index: 3, accepted: true })
    expect(each.find(idOf(1), 1_201)).toBeUndefined()
    expect(each.find(idOf(5), 1_200)).toEqual({ height: 6, index: 5, accepted: false })
    expect([1, 2, 4].map((number) => each.wasAccepted(idOf(number), 1_200))).toEqual([true, true, false])
    expect(each.wasAccepted(idOf(3), 1_201)).toBe(true)
  }
})

test('a refusal alone is found as one', () => {
  const places = new Places(table, 0)
  places.take(1, 0, [at(7, 100, false)])
  expect(places.find(idOf(7), 100)).toEqual({ height: 1, index: 7, accepted: false })
  expect(places.wasAccepted(idOf(7), 100)).toBe(false)
  expect([places.find(new Uint8Array(3), 100), places.find(idOf(7), -1), places.find(idOf(7), 0.5)]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test('every one of many thousand is known, and no other', () => {
  const places = new Places(table, 0)
  const count = 20_000
  for (let block = 0; block < count / 1_000; block++)
    places.take(
      block + 1,
      block,
      Array.from({ length: 1_000 }, (_, index) => ({ ...at(block * 1_000 + index, 600 + block), index })),
    )
  for (let number = 0; number < count; number++)
    expect(places.wasAccepted(idOf(number), 600 + Math.floor(number / 1_000))).toBe(true)
  for (let number = count; number < 2 * count; number++) expect(places.wasAccepted(idOf(number), 610)).toBe(false)
})

test('what can no longer come again takes no memory, and is found all the same', () => {
  const places = new Places(table, 0)
  places.take(1, 0, [at(1, 59)])
  places.take(2, 59, [at(2, 120)])
  expect(places.wasAccepted(idOf(1), 59)).toBe(true)
  places.take(3, 60, [])
  expect(places.find(idOf(1), 59)).toEqual({ height: 1, index: 1, accepted: true })
  expect(places.wasAccepted(idOf(2), 120)).toBe(true)
})
