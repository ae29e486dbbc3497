import { afterAll, expect, test } from 'vitest'
import { throwMutants } from './mutated-intents.testing.ts'
import { removeFolders } from './three-members.testing.ts'

afterAll(removeFolders)

test('T-08: of twelve hundred mutated, forged, stale and uncommitted requests none is granted, and the honest one after them is', async () => {
  const { thrown, weighed, released, grantsTheHonest } = await throwMutants('test', 1_200)
  expect({ thrown, released, grantsTheHonest }).toEqual({ thrown: 1_200, released: 0, grantsTheHonest: true })
  // Most were not turned away at the door: they were weighed, refused, and have a receipt that says why.
  expect(weighed).toBeGreaterThan(thrown / 8)
})
