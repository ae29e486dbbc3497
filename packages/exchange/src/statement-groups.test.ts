import { decode, encode, toHex } from '@plexus/codec'
import { leafOf, statementHash } from '@plexus/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupRow, OpenGroup, StatementGroup, statementsIn } from './statement-groups.ts'

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

test('a group gives back each statement, its type, its key and its leaf, in the order in which they were added', () => {
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 20 }), (of) => {
      const { places, row, leaves } = packed(of)
      expect(places).toEqual(of.map((_, index) => ({ group: 3, index })))
      const read = decode(groupRow, encode(groupRow, row))
      if (!read.ok) throw new Error('a group does not decode')
      const group = new StatementGroup(read.value)
      expect(group.size).toBe(of.length)
      const keys = counting(32 * of.length)
      for (const [index, { type, bytes }] of of.entries()) {
        const leafKey = keys.slice(32 * index, 32 * index + 32)
        expect(group.at(index)).toEqual({ type, statement: bytes, leafKey })
        const leaf = leafOf(leafKey, statementHash(type, chain, bytes))
        expect(toHex(leaves.subarray(32 * index, 32 * index + 32))).toBe(toHex(leaf))
      }
      expect(statementsIn(chain, encode(groupRow, row)).map(({ hash }) => hash)).toEqual(
        of.map(({ type, bytes }) => statementHash(type, chain, bytes)),
      )
    }),
  )
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
  const { row } = packed([
    { type: 'receipt', bytes: new Uint8Array(5) },
    { type: 'evidence', bytes: new Uint8Array(7) },
  ])
  const none = new Uint8Array(0)
  for (const part of ['kinds', 'lengths', 'leafKeys', 'statements'] as const)
    expect(() => new StatementGroup({ ...row, [part]: none })).toThrow('does not add up')
  expect(() => new StatementGroup({ ...row, types: [] }).at(0)).toThrow('no such statement')
  expect(() => new StatementGroup(row).at(2)).toThrow('no such statement')
  expect(() => statementsIn(chain, none)).toThrow('does not decode')
})
