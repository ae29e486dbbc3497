/** Suite `linkage`: how far the times and places of a year's batches and handles tell whose they are. */
import type { Figure, Outcome, RunOptions, Suite } from '../suite.ts'
import { linkMembers, linkOneClick, linkReceipts, type Score } from './attacker.ts'
import { type Cadence, ledgerOf } from './cadence.ts'
import { linkClosings, linkOpenings } from './handles.ts'
import { daysPerYear, memberRoles, secondsPerDay, type Year, yearOf } from './population.ts'

const patients = 20_000
const smallPatients = 300
const seed = 1
/** The default, and what is not built. */
const cadences: readonly Cadence[] = [
  ...[null, 1, 10, 60, 120, 300, 900, 3_600].map((tickSeconds) => ({ tickSeconds })),
  ...[1, 10].map((tickSeconds) => ({ tickSeconds, cover: true })),
]
const smallCadences: readonly Cadence[] = [
  { tickSeconds: null },
  { tickSeconds: 3_600 },
  { tickSeconds: 1, cover: true },
]
/** What a national network writes (the soak's figure), through the same members. */
const busyReceiptsPerSecond = 250
const gainMax = 0.1

export const suite: Suite = {
  name: 'linkage',
  claim:
    'A synthetic year of 20,000 patients at 25 members, as it shows on the ledger: what a likelihood attacker gains over guessing for receipts of one patient, for handles, and for pairs of members, at the default cadence and at fixed ticks.',
  nonClaim:
    'A lower bound: a better attacker does better, and demographics, networks and members that pool what they know are outside. Ticks are a model; the product has the default alone.',
  oneCore: false,
  run,
}

async function run({ small, tell }: RunOptions): Promise<Outcome> {
  const year = yearOf(small ? smallPatients : patients, seed)
  const figures: Figure[] = []
  const gain = (what: string, { right, guessing, gain: value, tries }: Score, target = false): number => {
    tell(`${what}: right ${percent(right)}, guessing ${percent(guessing)}, of ${tries} tries`)
    const figure = { name: `${what}: gain over guessing`, value, unit: 'share' }
    figures.push(target ? { ...figure, target: { type: 'below', value: gainMax } } : figure)
    return value
  }
  const posts: number[] = []
  let enough: number | undefined
  for (const cadence of small ? smallCadences : cadences) {
    const { tickSeconds, cover = false } = cadence
    const at = tickSeconds === null ? 'at once (the default)' : `tick of ${tickSeconds} s${cover ? ' with cover' : ''}`
    const ledger = ledgerOf(year, cadence)
    posts.push(ledger.posts.length)
    const isDefault = tickSeconds === null
    const receipts = gain(`${at}, receipts`, linkReceipts(year, ledger, tickSeconds, 'time-and-company'), isDefault)
    gain(`${at}, pairs of members`, linkMembers(year, ledger, tickSeconds))
    if (cover) continue
    gain(`${at}, receipts by time alone`, linkReceipts(year, ledger, tickSeconds, 'time'))
    gain(`${at}, receipts of one click`, linkOneClick(year, ledger))
    gain(`${at}, handles closed together`, linkClosings(year, tickSeconds))
    gain(`${at}, a handle and the visit at which it was opened`, linkOpenings(year, tickSeconds))
    if (receipts <= gainMax) enough ??= tickSeconds ?? 0
  }
  const receiptsInAll = year.asks.reduce((sum, { custodians }) => sum + custodians.length, 0)
  const busy = hurried(year, receiptsInAll / busyReceiptsPerSecond)
  const crowd = `at once, ${busyReceiptsPerSecond} receipts/s`
  const crowded = ledgerOf(busy, { tickSeconds: null })
  gain(`${crowd}, receipts of one click`, linkOneClick(busy, crowded))
  gain(`${crowd}, pairs of members`, linkMembers(busy, crowded, null))
  if (enough !== undefined)
    figures.push({ name: 'shortest of these ticks at which receipts gain at most 10 %', value: enough, unit: 's' })
  const { asks, changes, enrolments } = year
  const checked = { members: memberRoles.length, asks: asks.length, receipts: receiptsInAll, changes: changes.length }
  return { figures, checked: { ...checked, enrolments: enrolments.length, posts } }
}

/** The same year, lived through in so many seconds. */
function hurried(year: Year, seconds: number): Year {
  const by = seconds / (daysPerYear * secondsPerDay)
  return {
    ...year,
    asks: year.asks.map((each) => ({ ...each, time: each.time * by, arrival: each.arrival * by })),
    registrations: year.registrations.map((each) => ({ ...each, time: each.time * by })),
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
