import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { blobStoreConformance, collected, gathered, pieces, sample } from './blob-store.testing.ts'
import { copyOf, dyingAt, PowerCut, temporaryFolder } from './fixtures.testing.ts'
import { openStreamedDiskBlobStore } from './streamed-disk-blob-store.ts'

blobStoreConformance('a folder as a store of large objects', async () => {
  const folder = join(temporaryFolder(), 'below', 'large')
  const opened = () => openStreamedDiskBlobStore({ folder })
  return { store: opened(), reopen: async () => opened() }
})

const bytes = sample(3_000_000)

test.each([0, 1, 2].flatMap((nth) => (['before', 'after'] as const).map((moment) => ({ nth, moment }))))(
  'a process that dies $moment durable write $nth of a large object leaves it whole or not at all',
  async ({ nth, moment }) => {
    const folder = join(temporaryFolder(), 'large')
    const death = dyingAt(nth, moment)
    const store = openStreamedDiskBlobStore({ folder, step: death.step })
    death.arm()
    await expect(store.put('a1', pieces(bytes))).rejects.toThrow(PowerCut)
    expect(death.written).toHaveLength(nth + 1)

    const left = openStreamedDiskBlobStore({ folder: copyOf(folder) })
    const names = await collected(left.list())
    expect(names).toEqual(nth === 0 || (nth === 1 && moment === 'before') ? [] : ['a1'])
    for (const name of names) expect(await left.read(name, 0, bytes.length)).toEqual(bytes)
  },
)

test('what a dead writer left is neither listed nor kept', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'a1.partial'), bytes)
  const store = openStreamedDiskBlobStore({ folder })
  expect(await collected(store.list())).toEqual([])
  expect(readdirSync(folder)).toEqual([])
})

test('a file that becomes shorter while it is read is an error, not an end', async () => {
  const folder = temporaryFolder()
  const store = openStreamedDiskBlobStore({ folder })
  await store.put('a1', [bytes])
  const stream = await store.stream('a1', 0, bytes.length)
  truncateSync(join(folder, 'a1'), 2_000_000)
  await expect(gathered(stream)).rejects.toThrow('ended before its length')
})

test('a range that would not fit into memory, or is none, is a mistake of the caller', async () => {
  const store = openStreamedDiskBlobStore({ folder: temporaryFolder() })
  for (const [offset, length] of [
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, 2 ** 26 + 1],
    [2 ** 53, 1],
  ] as const) {
    await expect(store.read('a1', offset, length)).rejects.toThrow(RangeError)
  }
})
