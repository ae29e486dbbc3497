import { expect, test } from 'vitest'
import { DirectoryAnswers, type KeyDirectory } from './directory.ts'

const state = { get: () => undefined, entries: () => [] }
const running = new Map()

function answers(changesAt: number | null): DirectoryAnswers {
  const directory: KeyDirectory = {
    contract: 'members',
    holderOf: () => undefined,
    isActive: () => false,
    quotaOf: () => ({ envelopesPerMinuteMax: 0, objectsPerMinuteMax: 0 }),
    versionsAt: () => new Map(),
    versionsChangeAfter: () => changesAt,
  }
  return new DirectoryAnswers(directory)
}

test('what runs in a block runs in those after it, up to the height at which something else is decided to', () => {
  const until7 = answers(7)
  expect(until7.runningOn(4)).toBeUndefined()
  until7.keepRunning(state, 4, running)
  expect([3, 4, 5, 6, 7, 8].map((height) => until7.runningOn(height) === running)).toEqual([
    false,
    false,
    true,
    true,
    false,
    false,
  ])

  const forGood = answers(null)
  forGood.keepRunning(state, 4, running)
  expect(forGood.runningOn(1e9)).toBe(running)
})
