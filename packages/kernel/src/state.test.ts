import { boolean, encode, list, text, uint } from '@plexus/codec'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collection } from './contract.ts'
import { draftOf, Overlay, type StateReader, viewOf } from './state.ts'

/** A store as the port asks for one: entries in rising key order. */
function storeOf(entries: ReadonlyMap<string, Uint8Array>): StateReader {
  return {
    get: (key) => entries.get(key),
    entries: (prefix) => [...entries].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1)),
  }
}
const empty = storeOf(new Map())

const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '~', '!', 'Z'), minLength: 1, maxLength: 3 })
const value = fc.uint8Array({ maxLength: 2 })
const writes = fc.array(fc.record({ key, value: fc.option(value, { freq: 3 }) }), { maxLength: 20 })

describe('an overlay', () => {
  test('reads, alone and nested, as a plain map with the same writes would, in key order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(key, value)),
        writes,
        writes,
        fc.oneof(key, fc.constant('')),
        (base, outer, inner, prefix) => {
          const model = new Map(base)
          const first = new Overlay(storeOf(new Map(base)))
          const second = new Overlay(first)
          for (const [overlay, changes] of [
            [first, outer],
            [second, inner],
          ] as const)
            for (const change of changes) {
              if (change.value) overlay.set(change.key, change.value)
              else overlay.delete(change.key)
              if (change.value) model.set(change.key, change.value)
              else model.delete(change.key)
            }
          const wanted = [...storeOf(model).entries(prefix)]
          expect([...second.entries(prefix)]).toEqual(wanted)
          for (const [each] of [...base, ...model]) expect(second.get(each)).toEqual(model.get(each))
          first.take(second)
          expect([...first.entries(prefix)]).toEqual(wanted)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('that is dropped leaves nothing behind', () => {
    const base = new Overlay(empty)
    base.set('a', Uint8Array.of(1))
    const dropped = new Overlay(base)
    dropped.set('b', Uint8Array.of(2))
    dropped.delete('a')
    expect([...base.entries('')]).toEqual([['a', Uint8Array.of(1)]])
  })
})

const contract = { name: 'rooms', state: { beds: collection(list(uint(), { max: 9 })), open: collection(boolean()) } }

describe('what a contract sees', () => {
  test('is its own collections alone, each in key order and narrowed by a prefix', () => {
    const overlay = new Overlay(empty)
    const draft = draftOf(contract, overlay)
    for (const name of ['b1', 'a2', 'b2', 'B1']) draft.beds.set(name, [1])
    draft.open.set('b1', true)
    overlay.set('roomsbeds/b1', Uint8Array.of(0xff))
    overlay.set('rooms/bedside/b1', Uint8Array.of(0xff))
    const view = viewOf(contract, overlay)
    expect([...view.beds.entries()].map(([name]) => name)).toEqual(['B1', 'a2', 'b1', 'b2'])
    expect([...view.beds.entries('b')]).toEqual([
      ['b1', [1]],
      ['b2', [1]],
    ])
    expect(view.open.get('a2')).toBeUndefined()
    draft.beds.delete('b1')
    expect([...draft.beds.entries('b')]).toEqual([['b2', [1]]])
  })

  test('cannot reach the state: what a view handed out may be changed without effect', () => {
    const overlay = new Overlay(empty)
    draftOf(contract, overlay).beds.set('b1', [1, 2])
    const view = viewOf(contract, overlay)
    const handed = view.beds.get('b1') as number[]
    handed.push(3)
    expect(view.beds.get('b1')).toEqual([1, 2])
    expect(Reflect.ownKeys(view.beds)).toEqual([])
    expect('set' in view.beds).toBe(false)
  })

  test('has keys that every language sorts alike; another key is a bug of the contract', () => {
    const draft = draftOf(contract, new Overlay(empty))
    for (const wrong of ['', 'with blank', 'ümlaut', '\u007f', 'x'.repeat(161)])
      expect(() => draft.open.set(wrong, true)).toThrow('printable ASCII')
    draft.open.set('x'.repeat(160), true)
  })

  test('stops the replica when the store gives back something else, without showing it', () => {
    const damaged = storeOf(new Map([['rooms/beds/b1', encode(text({ max: 20 }), 'something told')]]))
    expect(() => viewOf(contract, damaged).beds.get('b1')).toThrow('the store is damaged')
    expect(() => viewOf(contract, damaged).beds.get('b1')).not.toThrow('something told')
  })
})
