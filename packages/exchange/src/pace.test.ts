import { describe, expect, it } from 'vitest'
import { Pace } from './pace.ts'

/** How many are formed in `seconds` by whoever would form one each millisecond. */
function formed(pace: Pace, from: number, seconds: number): number {
  let count = 0
  for (let step = 0; step < 1000 * seconds; step++) {
    const now = from + step / 1000
    if (!pace.may(now)) continue
    pace.took(now)
    count += 1
  }
  return count
}

describe('the pace of batches', () => {
  it('lets five go in a row behind the first, and then one in each tenth of a second', () => {
    const pace = new Pace()
    expect(formed(pace, 1_000, 0.05)).toBe(6)
    expect(formed(pace, 1_000.1, 1)).toBe(10)
  })

  it('keeps the tenths that were not used, five of them at most', () => {
    const pace = new Pace()
    formed(pace, 1_000, 1)
    expect(formed(pace, 1_001.35, 0.01)).toBe(1 + 3)
    expect(formed(pace, 1_100, 0.01)).toBe(1 + 5)
  })

  it('is not held up by a clock that was set back', () => {
    const pace = new Pace()
    formed(pace, 1_000, 1)
    expect(pace.may(500)).toBe(true)
    expect(formed(pace, 500, 1)).toBe(10)
  })
})
