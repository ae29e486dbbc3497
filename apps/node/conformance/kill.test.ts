/** Kill -9 at a durable write of ledger, journal or vault: whatever was acknowledged is durable, and the rest goes on. */
import { expect, test } from 'vitest'
import { type SweptPoint, sweepKills } from './sweep.testing.ts'

/** Every sixteenth write from the fifth; `sweep.ts` beside this file takes all. */
const from = 5
const stride = 16

test('an access that is killed before or after a durable write goes on to its end: no ask hangs, the wallet holds a gapless chain, the replicas agree', async () => {
  const points: SweptPoint[] = []
  for await (const point of sweepKills({ from, stride })) points.push(point)
  expect(points.filter(({ wrong }) => wrong.length > 0)).toEqual([])
  const killed = points.filter(({ killed: at }) => at !== null)
  expect(killed.length).toBeGreaterThanOrEqual(6)
  expect(points.at(-1)?.killed).toBeNull()
}, 120_000)
