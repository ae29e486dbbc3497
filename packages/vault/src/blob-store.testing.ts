import { describe, expect, test } from 'vitest'
import type { BlobStore } from './blob-store.ts'
import type { StreamedBlobStore } from './streamed-blob-store.ts'

export interface OpenedStore {
  readonly store: StreamedBlobStore
  /** The same again, as after a crash of whoever had it open. */
  reopen(): Promise<StreamedBlobStore>
}

/** A store of whole objects, seen as one of streams, so that one suite holds for all. */
export function lifted(store: BlobStore): StreamedBlobStore {
  const lengthOf = (name: string) => {
    let [low, high] = [0, 2 ** 26]
    if (store.read(name, 0, 0) === undefined) return undefined
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if (store.read(name, middle, 0) === undefined) high = middle - 1
      else low = middle
    }
    return low
  }
  return {
    put: async (name, bytes) => {
      const whole = Buffer.concat(await collected(bytes))
      store.put(name, whole)
      return whole.length
    },
    length: async (name) => lengthOf(name),
    read: async (name, offset, length) => store.read(name, offset, length),
    stream: async (name, offset, length) => {
      const bytes = store.read(name, offset, length)
      return bytes && pieces(bytes)
    },
    async *list() {
      yield* store.list()
    },
    remove: async (name) => store.remove(name),
  }
}

/** Pieces of uneven lengths, as they come from a network. */
export async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const lengths = [1, 70_000, 0, 300_000, 4_097]
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1
    yield bytes.subarray(at, at + length)
    at += length
  }
}

export async function collected<Item>(items: AsyncIterable<Item> | Iterable<Item>): Promise<Item[]> {
  const list: Item[] = []
  for await (const item of items) list.push(item)
  return list
}

export async function gathered(stream: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array | undefined> {
  return stream && new Uint8Array(Buffer.concat(await collected(stream)))
}

/** Bytes in which no two places look alike. */
export function sample(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  for (let index = 0; index < words.length; index++) words[index] = Math.imul(index + seed, 0x9e3779b1) ^ (index >>> 7)
  return new Uint8Array(words.buffer, 0, length)
}

/** More than two parts of an upload to S3, and no multiple of anything. */
export const largeLength = 17 * 1024 * 1024 + 5

/** What every blob store must do, whatever it is made of; `open` gives an empty one. */
export function blobStoreConformance(name: string, open: () => Promise<OpenedStore>): void {
  const bytes = sample(100_000)
  const large = sample(largeLength, 7)

  describe(name, () => {
    test('an object is read back in any range, also after reopening', async () => {
      const { store, reopen } = await open()
      expect(await store.put('a1', [bytes])).toBe(bytes.length)
      for (const blobs of [store, await reopen()]) {
        expect(await blobs.length('a1')).toBe(bytes.length)
        expect(await blobs.read('a1', 0, bytes.length)).toEqual(bytes)
        expect(await blobs.read('a1', 65_530, 12)).toEqual(bytes.slice(65_530, 65_542))
        expect(await blobs.read('a1', bytes.length, 0)).toEqual(new Uint8Array(0))
        expect(await gathered(await blobs.stream('a1', 3, 99_990))).toEqual(bytes.slice(3, 99_993))
        expect(await gathered(await blobs.stream('a1', 3, 0))).toEqual(new Uint8Array(0))
      }
    })

    test('a large object comes and goes in pieces, whole and in ranges', async () => {
      const { store, reopen } = await open()
      expect(await store.put('large', pieces(large))).toBe(largeLength)
      const blobs = await reopen()
      expect(await blobs.length('large')).toBe(largeLength)
      const whole = await gathered(await blobs.stream('large', 0, largeLength))
      expect(whole && Buffer.compare(whole, large)).toBe(0)
      const part = 8 * 1024 * 1024
      expect(await blobs.read('large', part - 3, 6)).toEqual(large.slice(part - 3, part + 3))
      expect(await blobs.read('large', largeLength - 2, 2)).toEqual(large.slice(-2))
      expect(await blobs.read('large', largeLength - 1, 2)).toBeUndefined()
      expect(await blobs.stream('large', 1, largeLength)).toBeUndefined()
    })

    test('an object of exactly one part, and of exactly two, are whole', async () => {
      const { store } = await open()
      for (const parts of [1, 2]) {
        const length = parts * 8 * 1024 * 1024
        expect(await store.put(`p${parts}`, [large.subarray(0, length)])).toBe(length)
        expect(await store.read(`p${parts}`, length - 9, 9)).toEqual(large.slice(length - 9, length))
        expect(await store.read(`p${parts}`, length - 9, 10)).toBeUndefined()
      }
    })

    test('an empty object is an object', async () => {
      const { store } = await open()
      expect(await store.put('empty', [])).toBe(0)
      expect(await store.length('empty')).toBe(0)
      expect(await store.read('empty', 0, 0)).toEqual(new Uint8Array(0))
      expect(await store.read('empty', 0, 1)).toBeUndefined()
      expect(await collected(store.list())).toEqual(['empty'])
    })

    test('what is not there is undefined, also the end of an object that is too short', async () => {
      const { store } = await open()
      await store.put('a1', [bytes])
      expect(await store.length('b2')).toBeUndefined()
      expect(await store.read('b2', 0, 1)).toBeUndefined()
      expect(await store.read('b2', 0, 0)).toBeUndefined()
      expect(await store.stream('b2', 0, 1)).toBeUndefined()
      expect(await store.read('a1', bytes.length - 1, 2)).toBeUndefined()
      expect(await store.read('a1', bytes.length, 1)).toBeUndefined()
      expect(await store.read('a1', bytes.length + 1, 0)).toBeUndefined()
    })

    test('what is read is the reader’s own', async () => {
      const { store } = await open()
      await store.put('a1', [bytes])
      ;(await store.read('a1', 0, 10))?.fill(255)
      expect(await store.read('a1', 0, 10)).toEqual(bytes.slice(0, 10))
    })

    test('an object is never replaced, neither by a short one nor by a large one', async () => {
      const { store } = await open()
      await store.put('a1', [bytes])
      await expect(store.put('a1', [sample(3, 9)])).rejects.toThrow('stored once')
      await expect(store.put('a1', [large])).rejects.toThrow('stored once')
      expect(await store.read('a1', 0, bytes.length)).toEqual(bytes)
      expect(await store.length('a1')).toBe(bytes.length)
    })

    test('all names are listed, and a removed one is gone and free again', async () => {
      const { store, reopen } = await open()
      for (const object of ['a1', 'b2', 'c3']) await store.put(object, [bytes])
      await store.remove('b2')
      await store.remove('b2')
      for (const blobs of [store, await reopen()]) {
        expect((await collected(blobs.list())).sort()).toEqual(['a1', 'c3'])
        expect(await blobs.read('b2', 0, 1)).toBeUndefined()
      }
      await store.put('b2', [sample(3, 9)])
      expect(await store.read('b2', 0, 3)).toEqual(sample(3, 9))
    })

    test('a name that could leave the store is refused', async () => {
      const { store } = await open()
      for (const object of ['', '../a', 'a/b', 'A', 'a.partial', 'a'.repeat(65)]) {
        await expect(store.put(object, [bytes])).rejects.toThrow(RangeError)
        await expect(store.read(object, 0, 1)).rejects.toThrow(RangeError)
        await expect(store.remove(object)).rejects.toThrow(RangeError)
      }
      expect(await collected(store.list())).toEqual([])
    })

    test('nobody sees an object that is half written, and a source that breaks leaves none', async () => {
      const { store } = await open()
      const { source, reached, release } = stalling(large)
      const storing = store.put('half', source)
      await reached
      expect(await store.length('half')).toBeUndefined()
      expect(await store.read('half', 0, 1)).toBeUndefined()
      expect(await collected(store.list())).toEqual([])
      release(new Error('the source broke'))
      await expect(storing).rejects.toThrow('the source broke')
      expect(await store.length('half')).toBeUndefined()
      expect(await collected(store.list())).toEqual([])
      await store.put('half', [bytes])
      expect(await store.read('half', 0, bytes.length)).toEqual(bytes)
    })

    test('whoever opens the store after a crash finds nothing of what was half written, and its name free', async () => {
      const { store, reopen } = await open()
      const { source, reached, release } = stalling(large)
      const storing = store.put('half', source)
      await reached
      const again = await reopen()
      expect(await again.length('half')).toBeUndefined()
      expect(await collected(again.list())).toEqual([])
      await again.put('half', [bytes])
      release(new Error('long dead'))
      await expect(storing).rejects.toThrow('long dead')
      expect(await again.read('half', 0, bytes.length)).toEqual(bytes)
    })

    test('several writers at once are each whole; of several of one name, one wins and is whole', async () => {
      const { store } = await open()
      const names = ['a1', 'b2', 'c3', 'd4']
      await Promise.all(names.map((object, seed) => store.put(object, pieces(sample(400_000, seed)))))
      for (const [seed, object] of names.entries()) {
        expect(await store.read(object, 0, 400_000)).toEqual(sample(400_000, seed))
      }
      for (const length of [5_000, 9 * 1024 * 1024]) {
        const object = `one${length}`
        const written = await Promise.allSettled([1, 2, 3].map((seed) => store.put(object, [sample(length, seed)])))
        expect(written.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const winner = written.findIndex(({ status }) => status === 'fulfilled') + 1
        const stored = await store.read(object, 0, length)
        expect(stored && Buffer.compare(stored, sample(length, winner))).toBe(0)
        for (const each of written) if (each.status === 'rejected') expect(String(each.reason)).toContain('stored once')
      }
    })
  })
}

/** A source that stops behind its first ten MiB until it is told to break. */
function stalling(bytes: Uint8Array) {
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const { promise: broken, reject: release } = Promise.withResolvers<never>()
  async function* source() {
    yield bytes.subarray(0, 10 * 1024 * 1024)
    reach()
    yield await broken
  }
  return { source: source(), reached, release }
}
