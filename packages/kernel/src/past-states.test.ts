import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PastStates } from './past-states.ts'

const unbounded = { heightsMax: 1_000, heightsMin: 1, bytesMax: 1_000_000 }
const names = ['', 'a', 'b'] as const
const block = fc.record({
  tiles: fc.dictionary(fc.constantFrom(...names), fc.option(fc.nat(9)), { noNullPrototype: true }),
  values: fc.dictionary(fc.constantFrom(...names), fc.option(fc.nat(9)), { noNullPrototype: true }),
})

/** Applies blocks to plain maps and to the past beside them; answers the maps as they were at each height. */
function grown(past: PastStates, blocks: readonly { readonly tiles: object; readonly values: object }[]) {
  const newest = { tiles: new Map<string, Uint8Array>(), values: new Map<string, Uint8Array>() }
  const states = [{ tiles: new Map(newest.tiles), values: new Map(newest.values) }]
  const write = (what: 'tiles' | 'values', changes: object) =>
    Object.entries(changes).map(([name, value]: [string, number | null]) => {
      const before = newest[what].get(name) ?? null
      if (value === null) newest[what].delete(name)
      else newest[what].set(name, Uint8Array.of(value))
      return [name, before] as const
    })
  for (const [index, { tiles, values }] of blocks.entries()) {
    past.take(index + 1, {
      tiles: write('tiles', tiles).map(([place, before]) => ({ place, before })),
      values: write('values', values),
    })
    states.push({ tiles: new Map(newest.tiles), values: new Map(newest.values) })
  }
  const state = { tile: (place: string) => newest.tiles.get(place), get: (key: string) => newest.values.get(key) }
  return { states, state }
}

test('every height inside the bounds is told as it was, and none outside them', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), fc.integer({ min: 1, max: 6 }), (blocks, heightsMax) => {
      const past = new PastStates(0, { ...unbounded, heightsMax })
      const { states, state } = grown(past, blocks)
      const newest = states.length - 1
      for (const height of [-1, newest + 1, 0.5, Number.NaN]) expect(past.at(height, state)).toBeUndefined()
      for (const [height, was] of states.entries()) {
        const told = past.at(height, state)
        expect(told !== undefined).toBe(height > newest - heightsMax)
        if (!told) continue
        for (const name of names) {
          expect(told.tile(name)).toEqual(was.tiles.get(name))
          expect(told.get(name)).toEqual(was.values.get(name))
        }
      }
    }),
  )
})

test('what takes more room than allowed shortens the past, though never below the heights that must be there', () => {
  const past = new PastStates(0, { heightsMax: 100, heightsMin: 3, bytesMax: 1_000 })
  const before = new Uint8Array(400)
  const take = (height: number) => past.take(height, { tiles: [{ place: '', before }], values: [] })
  for (let height = 1; height <= 2; height++) take(height)
  expect(past.from).toBe(0)
  for (let height = 3; height <= 10; height++) take(height)
  // Two blocks of 400 bytes tell three heights.
  expect(past.from).toBe(8)
  const large = new Uint8Array(5_000)
  for (let height = 11; height <= 14; height++) past.take(height, { tiles: [{ place: '', before: large }], values: [] })
  expect(past.from).toBe(12)
})
