import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toHex } from '@plexus/codec'
import { expect, onTestFinished, test } from 'vitest'
import { openAheadFile } from './ahead-file.ts'
import { temporaryDirectory } from './child.testing.ts'
import { StoreError } from './store-error.ts'
import { blockFiles, openWriteAhead, type WriteAhead } from './write-ahead.ts'

const chain = new Uint8Array(32).fill(1)
/** Sizes below, at and above the bounds of pages. */
const payloadOf = (height: number): Uint8Array =>
  new Uint8Array([10, 4032, 4033, 9000, 1][height % 5] ?? 0).fill(height + 1)

const openBoth = (directory: string): WriteAhead => closedOnce(openWriteAhead(directory, chain, blockFiles))

function closedOnce<Opened extends { close(): void }>(journal: Opened): Opened {
  let closed = false
  const close = () => {
    if (!closed) journal.close()
    closed = true
  }
  onTestFinished(close)
  return Object.assign(Object.create(journal) as Opened, { close })
}

function append(journal: WriteAhead, heights: readonly number[]): void {
  for (const height of heights) {
    journal.append({ number: height, payload: payloadOf(height) })
    journal.sync()
  }
}

function written(heights: readonly number[]): string {
  const directory = temporaryDirectory()
  const journal = openBoth(directory)
  append(journal, heights)
  journal.close()
  return join(directory, blockFiles[0])
}

/** The heights behind `height` that come back whole, or the type of the refusal. */
function recovered(path: string, height: number): readonly number[] | string {
  const journal = openBoth(dirname(path))
  try {
    return Array.from(journal.recover(height), (block) => {
      expect(toHex(block.payload)).toBe(toHex(payloadOf(block.number)))
      return block.number
    })
  } catch (error) {
    if (error instanceof StoreError) return error.type
    throw error
  } finally {
    journal.close()
  }
}

test('what was appended comes back in order, from the height at which LMDB stands', () => {
  const path = written([0, 1, 2, 3, 4, 5, 6])
  expect(recovered(path, -1)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(recovered(path, 4)).toEqual([5, 6])
  expect(recovered(path, 6)).toEqual([])
})

test('after a restart of the journal older records behind the new ones count no more', () => {
  const path = written([0, 1, 2, 3, 4])
  const journal = openBoth(dirname(path))
  expect([...journal.recover(4)]).toEqual([])
  journal.restart()
  append(journal, [5, 6])
  journal.close()
  expect(recovered(path, 4)).toEqual([5, 6])
})

test('T-25: a flipped bit in any sector of the journal is found, or costs the very last block alone', () => {
  const heights = [0, 1, 2, 3, 4, 5, 6, 7]
  const path = written(heights)
  const whole = readFileSync(path)
  const seen = new Map<string, number>()
  for (let sector = 0; sector < whole.length; sector += 512) {
    for (const at of [0, 40, 511]) {
      const damaged = Buffer.from(whole)
      damaged[sector + at] = (damaged[sector + at] ?? 0) ^ 0x10
      writeFileSync(path, damaged)
      let found: readonly number[] | string
      try {
        found = recovered(path, -1)
      } catch (error) {
        found = error instanceof StoreError ? error.type : 'other'
      }
      expect(['damaged', 'other-content', 'other-format', heights, heights.slice(0, -1)]).toContainEqual(found)
      seen.set(`${found}`, (seen.get(`${found}`) ?? 0) + 1)
    }
  }
  // Padding and room that holds nothing change nothing; everything else was noticed.
  expect(seen.get('damaged')).toBeGreaterThan(20)
  expect(seen.get(`${heights.slice(0, -1)}`)).toBeGreaterThan(0)
})

test('T-25: a journal torn at any page gives a beginning of what was appended', () => {
  const path = written([0, 1, 2, 3, 4, 5])
  const whole = readFileSync(path)
  for (let pages = 1; pages * 4096 <= whole.length; pages++) {
    writeFileSync(path, whole)
    truncateSync(path, pages * 4096)
    const found = recovered(path, -1)
    expect(found).toEqual([0, 1, 2, 3, 4, 5].slice(0, found.length))
  }
})

test('a journal of another chain, and a file that is none, are refused', () => {
  const path = written([0])
  expect(() => openAheadFile(path, new Uint8Array(32))).toThrow('other-content')
  writeFileSync(path, Buffer.alloc(10_000, 3))
  expect(() => openAheadFile(path, chain)).toThrow('damaged')
})

/** Heights of the first file, then of the second; the journal is closed, as a process that ends leaves it. */
function inTurns(first: readonly number[], second: readonly number[]): string {
  const directory = temporaryDirectory()
  const journal = openBoth(directory)
  append(journal, first)
  journal.turn()
  append(journal, second)
  journal.close()
  return directory
}

const heightsBehind = (directory: string, height: number) => {
  const journal = openBoth(directory)
  try {
    return Array.from(journal.recover(height), (block) => block.number)
  } finally {
    journal.close()
  }
}

test('blocks of both files come back in order, whichever holds the older ones', () => {
  const directory = inTurns([0, 1, 2], [3, 4])
  expect(heightsBehind(directory, -1)).toEqual([0, 1, 2, 3, 4])
  expect(heightsBehind(directory, 1)).toEqual([2, 3, 4])

  const journal = openBoth(directory)
  expect([...journal.recover(2)].length).toBe(2)
  // What the first file held is in LMDB: blocks turn to it again.
  expect(journal.canTurn).toBe(true)
  journal.turn()
  append(journal, [5, 6])
  expect(journal.canTurn).toBe(false)
  expect(() => journal.turn()).toThrow(/LMDB lacks/)
  journal.close()
  expect(heightsBehind(directory, 2)).toEqual([3, 4, 5, 6])
})

test('what was released is free, and what was not released is kept', () => {
  const directory = inTurns([0, 1], [2])
  const journal = openBoth(directory)
  expect([...journal.recover(-1)].length).toBe(3)
  expect(journal.canTurn).toBe(false)
  journal.release()
  expect(journal.canTurn).toBe(true)
  append(journal, [3])
  journal.close()
  expect(heightsBehind(directory, 1)).toEqual([2, 3])
})

test('T-25: blocks that are missing at the end of the older file are named, since the newer one goes on', () => {
  const directory = inTurns([0, 1, 2], [3, 4])
  const path = join(directory, blockFiles[0])
  const whole = readFileSync(path)
  writeFileSync(path, whole.subarray(0, 2 * 4096))
  expect(() => heightsBehind(directory, -1)).toThrow(/damaged.*record 1 is not readable, though 3 is/)
  expect(heightsBehind(directory, 2)).toEqual([3, 4])
})

/** Where each record stands in the first file, which has nothing else. */
function placesOf(heights: readonly number[]): ReadonlyMap<number, readonly [from: number, to: number]> {
  let at = 4096
  return new Map(
    heights.map((height) => {
      const from = at
      at += Math.ceil((64 + payloadOf(height).length) / 4096) * 4096
      return [height, [from, at] as const]
    }),
  )
}

test('T-25: of what nobody was told is durable a power cut may take anything, and a beginning stays', () => {
  const [durable, appended] = [
    [0, 1],
    [2, 3, 4, 5],
  ]
  const places = placesOf([...durable, ...appended])
  for (let taken = 0; taken < 1 << appended.length; taken++) {
    const directory = temporaryDirectory()
    const journal = openBoth(directory)
    append(journal, durable)
    for (const height of appended) journal.append({ number: height, payload: payloadOf(height) })
    journal.close()
    const path = join(directory, blockFiles[0])
    const bytes = readFileSync(path)
    const lost = appended.filter((_, index) => taken & (1 << index))
    for (const height of lost) bytes.fill(0, ...(places.get(height) as [number, number]))
    writeFileSync(path, bytes)
    const left = [...durable, ...appended].filter((height) => height < (lost[0] ?? Number.POSITIVE_INFINITY))
    expect(heightsBehind(directory, -1)).toEqual(left)

    // What stood behind the gap never comes back, whatever is written in its place.
    const again = openBoth(directory)
    expect([...again.recover(-1)].length).toBe(left.length)
    append(again, [left.length])
    again.close()
    expect(heightsBehind(directory, -1)).toEqual([...left, left.length])
  }
})

test('T-25: what was durable when a later record was written is damage when it is missing', () => {
  const path = written([0, 1, 2])
  const bytes = readFileSync(path)
  bytes.fill(0, ...(placesOf([0, 1, 2]).get(1) as [number, number]))
  writeFileSync(path, bytes)
  expect(recovered(path, -1)).toBe('damaged')
})

test('one wait for the disk is for all that came before it began', async () => {
  const journal = openBoth(temporaryDirectory())
  expect(journal.durable()).toBeUndefined()
  for (const height of [0, 1, 2]) journal.append({ number: height, payload: payloadOf(height) })
  const first = journal.durable()
  journal.append({ number: 3, payload: payloadOf(3) })
  const second = journal.durable()
  expect(second).not.toBe(first)
  journal.append({ number: 4, payload: payloadOf(4) })
  expect(journal.durable()).toBe(second)
  await first
  expect(journal.durable()).toBeDefined()
  await second
  expect(journal.durable()).toBeUndefined()
  journal.append({ number: 5, payload: payloadOf(5) })
  journal.sync()
  expect(journal.durable()).toBeUndefined()
})
