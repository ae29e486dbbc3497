import { describe, expect, test } from 'vitest'
import type { BlobStore } from './blob-store.ts'

/** What every blob store must do, whatever it is made of; `open` gives an empty one, and again the same after `reopen`. */
export function blobStoreConformance(name: string, open: () => { store: BlobStore; reopen(): BlobStore }): void {
  const bytes = new Uint8Array(100_000).map((_, index) => (index * 31) % 251)

  describe(name, () => {
    test('an object is read back in any range, also after reopening', () => {
      const { store, reopen } = open()
      store.put('a1', bytes)
      for (const blobs of [store, reopen()]) {
        expect(blobs.read('a1', 0, bytes.length)).toEqual(bytes)
        expect(blobs.read('a1', 65_530, 12)).toEqual(bytes.slice(65_530, 65_542))
        expect(blobs.read('a1', bytes.length, 0)).toEqual(new Uint8Array(0))
      }
    })

    test('an empty object is an object', () => {
      const { store } = open()
      store.put('empty', new Uint8Array(0))
      expect(store.read('empty', 0, 0)).toEqual(new Uint8Array(0))
      expect([...store.list()]).toEqual(['empty'])
    })

    test('what is not there is undefined, also the end of an object that is too short', () => {
      const { store } = open()
      store.put('a1', bytes)
      expect(store.read('b2', 0, 1)).toBeUndefined()
      expect(store.read('a1', bytes.length - 1, 2)).toBeUndefined()
      expect(store.read('a1', bytes.length + 1, 0)).toBeUndefined()
    })

    test('what is read is the reader’s own', () => {
      const { store } = open()
      store.put('a1', bytes)
      store.read('a1', 0, 10)?.fill(255)
      expect(store.read('a1', 0, 10)).toEqual(bytes.slice(0, 10))
    })

    test('an object is never replaced', () => {
      const { store } = open()
      store.put('a1', bytes)
      expect(() => store.put('a1', new Uint8Array(3))).toThrow()
      expect(store.read('a1', 0, bytes.length)).toEqual(bytes)
    })

    test('all names are listed, and a removed one is gone', () => {
      const { store, reopen } = open()
      for (const object of ['a1', 'b2', 'c3']) store.put(object, bytes)
      store.remove('b2')
      store.remove('b2')
      for (const blobs of [store, reopen()]) {
        expect([...blobs.list()].sort()).toEqual(['a1', 'c3'])
        expect(blobs.read('b2', 0, 1)).toBeUndefined()
      }
    })

    test('a name that could leave the store is refused', () => {
      const { store } = open()
      for (const object of ['', '../a', 'a/b', 'A', 'a.partial', 'a'.repeat(65)]) {
        expect(() => store.put(object, bytes)).toThrow(RangeError)
        expect(() => store.read(object, 0, 1)).toThrow(RangeError)
        expect(() => store.remove(object)).toThrow(RangeError)
      }
      expect([...store.list()]).toEqual([])
    })
  })
}
