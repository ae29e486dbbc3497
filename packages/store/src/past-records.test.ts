import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openPast, packPast } from './past-records.ts'
import { StoreError } from './store-error.ts'

const before = fc.option(fc.uint8Array({ maxLength: 40 }))
const name = fc.stringMatching(/^[0-9a-f/!~]{0,20}$/)
const past = fc.record(
  {
    tiles: fc.array(fc.record({ place: name, before }, { noNullPrototype: true }), { maxLength: 6 }),
    values: fc.array(fc.tuple(name, before), { maxLength: 6 }),
  },
  { noNullPrototype: true },
)

test('what was packed is read again', () => {
  fc.assert(
    fc.property(past, (each) => {
      expect(openPast(new Uint8Array(packPast(each)))).toEqual(each)
    }),
  )
})

test('what was torn, or goes on behind its end, is damage, and any other bytes are that or a past', () => {
  fc.assert(
    fc.property(past, fc.nat(), (each, cut) => {
      const record = packPast(each)
      expect(() => openPast(record.subarray(0, cut % record.length))).toThrow(StoreError)
      expect(() => openPast(Uint8Array.of(...record, 0))).toThrow(StoreError)
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(new Uint8Array(packPast(openPast(bytes)))).toEqual(bytes)
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
      }
    }),
  )
})
