/** What the times of handles tell: two heads that one patient closes, and a handle that is opened at a visit. */
import { highest, type Score, sample, scoreOf } from './attacker.ts'
import { chanceOf, daysPerYear, secondsPerDay, type Year } from './population.ts'

const half = (daysPerYear / 2) * secondsPerDay
const triesMax = 1_000
/** A wallet closes its heads one after the other, each when the one before is in a block; measured by the suite `directive`. */
const closingSeconds = 0.06
/** Within what a closing is looked for: a patient changes directives everywhere in one sitting. */
const sittingSeconds = secondsPerDay
const visitSecondsMax = 3_600

/** Where a step stands: at once, or at the sponsor's next tick. */
const shownAt = (time: number, tickSeconds: number | null): number =>
  tickSeconds === null ? time : Math.ceil(time / tickSeconds) * tickSeconds

/** A closing is given: which other closing is the same patient's? Whoever guesses takes any of that day. */
export function linkClosings(year: Year, tickSeconds: number | null): Score {
  const chance = chanceOf(21)
  const closings = year.changes
    .flatMap(({ time, custodians }, change) =>
      Array.from({ length: custodians }, (_, each) => ({
        change,
        time: shownAt(time + each * closingSeconds, tickSeconds),
      })),
    )
    .sort((a, b) => a.time - b.time)
  const numbers = closings.flatMap(({ time }, number) => (time > half ? [number] : []))
  let right = 0
  let guessing = 0
  const tries = sample(numbers, triesMax, chance)
  for (const number of tries) {
    const own = closings[number] as (typeof closings)[number]
    const others = closings.filter(
      (each, other) =>
        other !== number && Math.abs(each.time - own.time) <= Math.max(sittingSeconds / 2, tickSeconds ?? 0),
    )
    const rightOnes = (of: readonly (typeof closings)[number][]): number =>
      of.filter(({ change }) => change === own.change).length
    const best = highest(others, ({ time }) => -Math.abs(time - own.time))
    right += best.length === 0 ? 0 : rightOnes(best) / best.length
    guessing += others.length === 0 ? 0 : rightOnes(others) / others.length
  }
  return scoreOf(right, guessing, tries.length)
}

/** Handles are opened at a visit: which of the clicks in the hour that follows is that patient's? */
export function linkOpenings(year: Year, tickSeconds: number | null): Score {
  const chance = chanceOf(22)
  const classSeconds = 120
  const classOf = (delay: number): number => Math.floor(delay / classSeconds)
  const delays = Array<number>(Math.ceil((visitSecondsMax * 2) / classSeconds)).fill(0.5)
  const delayOf = (enrolment: Year['enrolments'][number]): number =>
    (year.asks[enrolment.ask]?.time ?? 0) - shownAt(enrolment.time, tickSeconds)
  for (const each of year.enrolments) {
    const at = classOf(delayOf(each))
    if (each.time < half && at >= 0 && at < delays.length) delays[at] = (delays[at] ?? 0) + 1
  }
  let right = 0
  let guessing = 0
  const tries = sample(
    year.enrolments.filter(({ time }) => time > half),
    triesMax,
    chance,
  )
  for (const each of tries) {
    const from = shownAt(each.time, tickSeconds)
    // A click before the opening was shown is possible only at a late tick; it is looked for, too.
    const clicks = year.asks
      .slice(firstAfter(year, from - visitSecondsMax), firstAfter(year, from + visitSecondsMax))
      .filter(({ time }) => time > from - (tickSeconds ?? 0))
    const best = highest(clicks, ({ time }) => delays[Math.max(0, classOf(time - from))] ?? 0)
    const own = year.asks[each.ask]
    right += own && best.includes(own) ? 1 / best.length : 0
    guessing += own && clicks.includes(own) ? 1 / clicks.length : 0
  }
  return scoreOf(right, guessing, tries.length)
}

function firstAfter({ asks }: Year, time: number): number {
  let low = 0
  let high = asks.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((asks[middle]?.time ?? 0) <= time) low = middle + 1
    else high = middle
  }
  return low
}
