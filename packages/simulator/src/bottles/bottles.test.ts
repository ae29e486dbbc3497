/** Random markets: makers to patients to payers, with thieves, counterfeiters, lost and repeated envelopes, on two replicas. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Outcome } from '../run.ts'
import { simulateBottles } from './run.ts'

const seeds = 16
const outcomes: Outcome[] = []
const counts = new Map<string, number>()

beforeAll(() => {
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = simulateBottles(seed)
    outcomes.push(outcome)
    for (const [what, times] of outcome.counts) counts.set(what, (counts.get(what) ?? 0) + times)
  }
}, 120_000)

test('the ledger says what is so in every market, and nothing is lost, made or claimed twice', () => {
  expect(outcomes.flatMap(({ seed, broken, lines }) => (broken === null ? [] : [[seed, broken, ...lines]]))).toEqual([])
})

test('a seed gives the same market again', () => {
  expect(new Set(outcomes.map(({ hash }) => hash)).size).toBe(seeds)
  expect(simulateBottles(3).hash).toBe(outcomes[2]?.hash)
})

describe('over all markets each of these came about', () => {
  test.each([
    'accepted: supply/commission',
    'accepted: supply/dispense',
    'accepted: supply/pack',
    'accepted: supply/recall',
    'accepted: supply/report',
    'accepted: supply/resolve',
    'accepted: supply/return-to-stock',
    'accepted: supply/take-out',
    'accepted: supply/unpack',
    'accepted: prescriptions/cancel',
    'accepted: prescriptions/fill',
    'accepted: prescriptions/return-item',
    'accepted: prescriptions/reverse-fill',
    'accepted: rebates/reverse-fill',
    'accepted: rebates/settle',
    'copy reported: elsewhere',
    'copy reported: ended',
    'fault: envelope doubled',
    'fault: envelope late',
    'fault: envelope lost',
    'refused: exclusivity-spent',
    'refused: replayed',
    'rogue: a bottle forged into a case',
    'rogue: a bottle let out twice',
    'rogue: a copied label shipped',
    'rogue: a guessed tag',
    'rogue: a lot without a licence',
    'stolen on its way',
    'told: cancelled before it was filled',
    'told: with another',
  ])('%s', (what) => {
    expect(counts.get(what) ?? 0).toBeGreaterThan(0)
  })

  test.each([
    'clock',
    'conservation',
    'discounts',
    'exclusivity',
    'holders',
    'invariants',
    'items',
    'joins',
    'money',
    'one holder',
    'quantities',
    'recall',
    'replicas',
    'rogues',
    'shelves',
  ])('a look at %s', (rule) => {
    expect(counts.get(`check: ${rule}`) ?? 0).toBeGreaterThan(0)
  })
})
