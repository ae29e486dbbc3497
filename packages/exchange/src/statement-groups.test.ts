import { decode, encode, type Infer, toHex } from '@plexus/codec'
import { leafOf, statementHash } from '@plexus/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupRow, OpenGroup, rowKeyOf, StatementRow, statementsIn } from './statement-groups.ts'

const chain = new Uint8Array(32).fill(1)
const statement = fc.record({
  type: fc.constantFrom('receipt', 'record-version', 'evidence'),
  bytes: fc.uint8Array({ maxLength: 60 }),
})
/** Bytes that are told apart by where they stand. */
const counting = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 7) % 251)

function packed(of: readonly { readonly type: string; readonly bytes: Uint8Array }[]) {
  const group = new OpenGroup(3)
  const places = of.map(({ type, bytes }) => group.add(type, bytes, statementHash(type, chain, bytes)))
  return { places, ...group.pack(counting) }
}

function reread(row: Infer<typeof groupRow>): StatementRow {
  const read = decode(groupRow, encode(groupRow, row))
  if (!read.ok) throw new Error('a row does not decode')
  return new StatementRow(read.value)
}

test('a group gives back each statement, its type, its key and its leaf, in the order in which they were added', () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 300, size: 'max' }), (of) => {
      const { places, rows, leaves } = packed(of)
      expect(places).toEqual(of.map((_, index) => ({ group: 3, index })))
      const read = new Map(rows.map(([key, row]) => [key, reread(row)]))
      expect([...read.values()].reduce((sum, { size }) => sum + size, 0)).toBe(of.length)
      const keys = counting(32 * of.length)
      for (const [index, { type, bytes }] of of.entries()) {
        const leafKey = keys.slice(32 * index, 32 * index + 32)
        const row = read.get(rowKeyOf({ group: 3, index }))
        expect(row?.at(index)).toEqual({ type, statement: bytes, leafKey })
        const leaf = leafOf(leafKey, statementHash(type, chain, bytes))
        expect(toHex(leaves.subarray(32 * index, 32 * index + 32))).toBe(toHex(leaf))
      }
      const stored = rows.flatMap(([, row]) => statementsIn(chain, encode(groupRow, row)))
      expect(stored.map(({ hash }) => hash)).toEqual(of.map(({ type, bytes }) => statementHash(type, chain, bytes)))
    }),
    { numRuns: 40 },
  )
})

test('a group stands in rows of 256 statements, each of which opens by itself', () => {
  const { rows } = packed(Array.from({ length: 600 }, (_, index) => ({ type: 'receipt', bytes: counting(index % 9) })))
  expect(rows.map(([key, row]) => [key, reread(row).size])).toEqual([
    ['000000000003-0000', 256],
    ['000000000003-0001', 256],
    ['000000000003-0002', 88],
  ])
  const last = rows[2]
  if (!last) throw new Error('a row is missing')
  expect(reread(last[1]).at(513).leafKey).toEqual(counting(600 * 32).slice(513 * 32, 514 * 32))
})

test('a group closes at 4,096 statements, at four megabytes, and at its thirty-second type', () => {
  const hash = new Uint8Array(32)
  const byCount = new OpenGroup(0)
  for (let index = 0; index < 4096; index++) {
    expect(byCount.takes('receipt')).toBe(true)
    byCount.add('receipt', new Uint8Array(0), hash)
  }
  expect(byCount.takes('receipt')).toBe(false)
  const byLength = new OpenGroup(0)
  for (let index = 0; index < 4; index++) {
    expect(byLength.takes('receipt')).toBe(true)
    byLength.add('receipt', new Uint8Array(1024 * 1024), hash)
  }
  expect(byLength.takes('receipt')).toBe(false)
  const byType = new OpenGroup(0)
  for (let index = 0; index < 32; index++) byType.add(`type-${index}`, new Uint8Array(0), hash)
  expect([byType.takes('type-31'), byType.takes('type-32')]).toEqual([true, false])
  expect(() => byType.add('type-1', new Uint8Array(1024 * 1024 + 1), hash)).toThrow('longer than')
})

test('a row whose parts do not add up is damage, never another statement', () => {
  const [[, row] = []] = packed([
    { type: 'receipt', bytes: new Uint8Array(5) },
    { type: 'evidence', bytes: new Uint8Array(7) },
  ]).rows
  if (!row) throw new Error('a group has no row')
  const none = new Uint8Array(0)
  for (const part of ['kinds', 'lengths', 'leafKeys', 'statements'] as const)
    expect(() => new StatementRow({ ...row, [part]: none })).toThrow('does not add up')
  expect(() => new StatementRow({ ...row, types: [] }).at(0)).toThrow('no such statement')
  expect(() => new StatementRow(row).at(2)).toThrow('no such statement')
  expect(() => statementsIn(chain, none)).toThrow('does not decode')
})
