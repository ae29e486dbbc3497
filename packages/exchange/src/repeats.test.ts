import { expect, test } from 'vitest'
import { Repeats } from './repeats.ts'

/** The seconds, of so many, in which it was sent. */
function sends(repeats: Repeats, from: number, seconds: number): readonly number[] {
  const at: number[] = []
  for (let now = from; now < from + seconds; now++)
    if (repeats.isDue('a', now)) {
      repeats.sent('a', now)
      at.push(now)
    }
  return at
}

test('what is not answered is sent ever slower, and never falls silent', () => {
  expect(sends(new Repeats(8), 100, 32)).toEqual([100, 101, 103, 107, 115, 123, 131])
})

test('what begins anew is sent at once, and soon again', () => {
  const repeats = new Repeats(8)
  sends(repeats, 100, 20)
  repeats.begin('a')
  expect(sends(repeats, 116, 8)).toEqual([116, 117, 119, 123])
})

test('a clock that was set back holds nothing up', () => {
  const repeats = new Repeats(8)
  sends(repeats, 1_000, 20)
  expect(repeats.isDue('a', 100)).toBe(true)
})

test('keys stand in the order in which they began, until they end', () => {
  const repeats = new Repeats(8)
  for (const key of ['b', 'a', 'c']) repeats.begin(key)
  repeats.sent('b', 5)
  repeats.end('a')
  expect([repeats.keys(), repeats.size]).toEqual([['b', 'c'], 2])
})
