import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { toHex } from '@plexus/codec'
import { expect, onTestFinished, test } from 'vitest'
import { type AheadFile, openAheadFile } from './ahead-file.ts'
import { temporaryDirectory } from './child.testing.ts'
import { StoreError } from './store-error.ts'
import { blockFiles, openWriteAhead, type WriteAhead } from './write-ahead.ts'

const chain = new Uint8Array(32).fill(1)
/** Sizes below, at and above the bounds of pages. */
const payloadOf = (height: number): Uint8Array =>
  new Uint8Array([10, 4032, 4033, 9000, 1][height % 5] ?? 0).fill(height + 1)

const open = (path: string): AheadFile => closedOnce(openAheadFile(path, chain))
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

function written(heights: readonly number[]): string {
  const path = join(temporaryDirectory(), blockFiles[0])
  const journal = open(path)
  for (const height of heights) journal.append({ number: height, payload: payloadOf(height) })
  journal.close()
  return path
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
  const journal = open(path)
  expect([...journal.recover(4)]).toEqual([])
  journal.restart()
  for (const height of [5, 6]) journal.append({ number: height, payload: payloadOf(height) })
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
  for (const height of first) journal.append({ number: height, payload: payloadOf(height) })
  journal.turn()
  for (const height of second) journal.append({ number: height, payload: payloadOf(height) })
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
  for (const height of [5, 6]) journal.append({ number: height, payload: payloadOf(height) })
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
  journal.append({ number: 3, payload: payloadOf(3) })
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
