/**
 * One test for all contracts: random histories on two ledgers. After each step both agree, a refusal changed nothing,
 * every invariant holds, and a third ledger fed with the events alone is equal. An invariant cannot know who may do
 * what: a dropped check only makes a rejection disappear, so every rejection must have been seen too. `-t NAME` runs the
 * histories about one contract; what others alone ask of it, by calls, is then seen too seldom.
 */
import { describe, expect, test } from 'vitest'
import { emptyTally, runHistory } from './histories.testing.ts'
import { contracts } from './index.ts'
import { helpers, type Subject, subjects } from './worlds.testing.ts'

/** A contract that refuses for more reasons has more to be found. */
const historiesPerRejection = 2
const historiesMin = 20
/** A minute or two on a quiet machine. */
const historiesTimeout = 900_000
const steps = 100
const seenMin = 10

const countAbout = ({ contract, world }: Subject): number =>
  Math.max(
    historiesMin,
    (world.historiesPerRejection ?? historiesPerRejection) * Object.keys(contract.rejections).length,
  )

const seldom = (names: readonly string[], counts: ReadonlyMap<string, number>) =>
  names.filter((name) => (counts.get(name) ?? 0) < seenMin).map((name) => `${name}: ${counts.get(name) ?? 0}`)

const tally = emptyTally()

describe.each(subjects.map((about, index) => ({ name: about.contract.name, about, index })))(
  'histories about $name',
  ({ about, index }) => {
    const seedsBefore = subjects.slice(0, index).reduce((sum, other) => sum + countAbout(other), 0)

    test(
      'random histories keep twin ledgers equal, invariants true and refusals without effect',
      () => {
        for (let history = 1; history <= countAbout(about); history++)
          runHistory({ subjects: [...subjects, ...helpers], about, seed: seedsBefore + history, steps, tally })
      },
      historiesTimeout,
    )
  },
)

test.each(contracts)('every rule of $name was accepted at least ten times', ({ name, rules }) => {
  const names = Object.keys(rules).map((rule) => `${name}/${rule}`)
  expect(seldom(names, tally.accepted)).toEqual([])
})

test.each(contracts)('every rejection of $name was produced at least ten times', ({ name, rejections }) => {
  const names = Object.keys(rejections).map((rejection) => `${name}/${rejection}`)
  expect(seldom(names, tally.rejected)).toEqual([])
})

test.each(contracts)('the rejections of $name are numbered from 1, in order of precedence', ({ rejections }) => {
  const codes = Object.values(rejections).map(({ code }) => code)
  expect(codes).toEqual(codes.map((_, index) => index + 1))
})
