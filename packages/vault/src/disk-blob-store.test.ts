import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { blobStoreConformance, lifted } from './blob-store.testing.ts'
import { openDiskBlobStore } from './disk-blob-store.ts'
import { copyOf, dyingAt, PowerCut, temporaryFolder } from './fixtures.testing.ts'

blobStoreConformance('a folder as a blob store', async () => {
  const folder = join(temporaryFolder(), 'below', 'blobs')
  const opened = () => lifted(openDiskBlobStore({ folder }))
  return { store: opened(), reopen: async () => opened() }
})

const bytes = new Uint8Array(10_000).fill(3)

test.each([0, 1, 2].flatMap((nth) => (['before', 'after'] as const).map((moment) => ({ nth, moment }))))(
  'a process that dies $moment durable write $nth of an object leaves it whole or not at all',
  ({ nth, moment }) => {
    const folder = join(temporaryFolder(), 'blobs')
    const death = dyingAt(nth, moment)
    const store = openDiskBlobStore({ folder, step: death.step })
    death.arm()
    expect(() => store.put('a1', bytes)).toThrow(PowerCut)
    expect(death.written).toHaveLength(nth + 1)

    const left = openDiskBlobStore({ folder: copyOf(folder) })
    const names = [...left.list()]
    expect(names).toEqual(nth === 0 || (nth === 1 && moment === 'before') ? [] : ['a1'])
    for (const name of names) expect(left.read(name, 0, bytes.length)).toEqual(bytes)
  },
)

test('an object whose writing was cut off is neither listed nor kept', () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'a1.partial'), bytes)
  const store = openDiskBlobStore({ folder })
  expect([...store.list()]).toEqual([])
  expect(readdirSync(folder)).toEqual([])
})
