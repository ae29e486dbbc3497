import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BufferedTable } from './buffered-table.ts'
import { temporaryDirectory } from './child.testing.ts'
import { openEnvironment } from './environment.ts'
import { numberKeys } from './keys.ts'

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ key: fc.nat(40), value: fc.option(fc.nat(255)) }) },
  { weight: 2, arbitrary: fc.constantFrom('flush' as const, 'age' as const) },
)

test('what waits, what has aged and what was flushed read as one table, whatever was written, removed and flushed before', () => {
  const directory = temporaryDirectory()
  const environment = openEnvironment({ directory, kind: 'ledger', chain: new Uint8Array(32), durable: false })
  let tables = 0
  try {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: 'max' }), fc.nat(40), fc.nat(40), (steps, from, to) => {
        const stored = environment.table('values')
        environment.write(() => {
          for (const [key] of stored.range({})) stored.remove(key)
        })
        const table = new BufferedTable(stored, numberKeys)
        tables++
        const model = new Map<number, number>()
        let hasAged = false
        for (const each of steps) {
          if (each === 'flush') {
            environment.write(() => table.flush())
            table.forget()
            hasAged = false
          } else if (each === 'age') {
            // What has aged reaches LMDB only when more is to age: until then it is read from memory.
            if (hasAged) {
              environment.write(() => {
                for (const [key, value] of table.aged()) value ? stored.put(key, value) : stored.remove(key)
              })
              table.forgetAged()
            }
            table.ageAll()
            hasAged = true
          } else {
            // What was read before it is written must not be read after.
            if (each.key % 3 === 0) table.get(each.key)
            table.set(each.key, each.value === null ? null : Uint8Array.of(each.value))
            each.value === null ? model.delete(each.key) : model.set(each.key, each.value)
          }
        }
        const all = [...model].sort(([a], [b]) => a - b)
        const read = (entries: Iterable<readonly [number, Uint8Array]>) =>
          Array.from(entries, ([key, [value]]) => [key, value])
        expect(read(table.range({}))).toEqual(all)
        expect(read(table.range({ start: from, end: to }))).toEqual(all.filter(([key]) => key >= from && key < to))
        const below = table.atOrBelow(from)
        expect(below && read([below])[0]).toEqual(all.findLast(([key]) => key <= from))
        for (let key = 0; key <= 40; key++) expect(table.get(key)?.[0]).toBe(model.get(key))
      }),
      { numRuns: 150 },
    )
  } finally {
    environment.close()
  }
  expect(tables).toBeGreaterThan(100)
})

test('a queue of which most was taken out again reads as what is left in it', () => {
  const directory = temporaryDirectory()
  const environment = openEnvironment({ directory, kind: 'ledger', chain: new Uint8Array(32), durable: false })
  try {
    const stored = environment.table('queue')
    environment.write(() => stored.put(numberKeys.bytes(5), Uint8Array.of(5)))
    const table = new BufferedTable(stored, numberKeys)
    for (let key = 0; key < 1000; key++) table.set(key, Uint8Array.of(key % 256))
    for (let key = 0; key < 997; key++) table.set(key, null)
    const left = () => Array.from(table.range({ start: 0 }), ([key]) => key)
    expect([left(), left()]).toEqual([
      [997, 998, 999],
      [997, 998, 999],
    ])
    table.set(3, Uint8Array.of(3))
    expect(left()).toEqual([3, 997, 998, 999])
    expect(table.atOrBelow(900)?.[0]).toBe(3)
    environment.write(() => table.flush())
    table.forget()
    expect(left()).toEqual([3, 997, 998, 999])
  } finally {
    environment.close()
  }
})
