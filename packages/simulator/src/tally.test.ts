import { expect, test } from 'vitest'
import type { Told } from './fleet.ts'
import { newReport, summaryOf, Tally } from './tally.ts'

const about = { commit: 'abc', node: 'v24', from: 5, seeds: 3 }
const told = (seed: number, broken: string | null = null): Told => ({
  seed,
  broken,
  lines: [],
  hash: String(seed).repeat(64).slice(0, 64),
  seconds: 1800,
  height: 10,
  took: seed,
  counts: [
    ['fault: line cut', 2],
    ['check: INV-R1', 3],
    ['permit', 1],
  ],
})

test('outcomes add up to the same report in whatever order they come, and after a new beginning', () => {
  const inOrder = new Tally(newReport(about))
  for (const seed of [5, 6, 7]) inOrder.take(told(seed))
  const mixed = new Tally(newReport(about))
  for (const seed of [7, 5, 6]) mixed.take(told(seed))
  expect(mixed.report).toEqual(inOrder.report)
  const killed = new Tally(newReport(about))
  killed.take(told(5))
  // Behind a gap: it is not in the report, and is run again.
  killed.take(told(7))
  expect(killed.report.done).toBe(1)
  const resumed = new Tally(JSON.parse(JSON.stringify(killed.report)))
  for (const seed of [6, 7]) resumed.take(told(seed))
  expect(resumed.report).toEqual(inOrder.report)
  expect(inOrder.report).toMatchObject({
    done: 3,
    simulatedHours: 1.5,
    blocks: 30,
    counts: { faults: { 'line cut': 6 }, checks: { 'INV-R1': 9 }, decisions: { permit: 3 } },
    slowest: [{ seed: 7 }, { seed: 6 }, { seed: 5 }],
  })
})

test('a seed that broke a rule is named with the rule, and another trace gives another hash', () => {
  const tally = new Tally(newReport(about))
  for (const seed of [5, 6, 7]) tally.take(told(seed, seed === 6 ? 'INV-R1: broken' : null))
  expect(tally.report.broken).toEqual([{ seed: 6, rule: 'INV-R1: broken' }])
  expect(summaryOf(tally.report)[0]).toContain('1 broken')
  const other = new Tally(newReport(about))
  for (const seed of [5, 6, 7]) other.take({ ...told(seed), hash: 'ab'.repeat(32) })
  expect(other.report.traceHash).not.toBe(tally.report.traceHash)
})
