import { expect, test } from 'vitest'
import { recentlyUsed } from './recently-used.ts'

test('a value is made once while it is used, and what was not used for longest is the first to go', () => {
  const made: string[] = []
  const cache = recentlyUsed<string>(2)
  const ask = (name: string) =>
    cache(name, () => {
      made.push(name)
      return name.toUpperCase()
    })
  expect(['a', 'b', 'a', 'c', 'a', 'b'].map(ask)).toEqual(['A', 'B', 'A', 'C', 'A', 'B'])
  expect(made).toEqual(['a', 'b', 'c', 'b'])
})
