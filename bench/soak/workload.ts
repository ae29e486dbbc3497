/** Suite `soak`: four members at a steady rate of receipts, then far above what they can take, then steady again. */
import { median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { now } from '../world.ts'
import { type Answered, type Load, openLoad } from './load.ts'
import type { Told } from './members.ts'
import { type Members, startMembers } from './process.ts'

const heapMebibytesMax = 512
/** Enough that reads wait for each other at every member, few enough that none is turned away. */
const steadyLines = 64
/** More than the requests that the members take in hand. */
const floodLines = 384
const floodTimes = 10
const floodPatienceMilliseconds = 100
const heapGrowthMax = 1.02
const timesMax = 1.1
const recoverySecondsMax = 30
const drainSecondsMax = 120
const lookMilliseconds = 1_000

interface Sizes {
  readonly patientsPerMember: number
  readonly receiptsPerSecond: number
  readonly seconds: number
  /** What is told of, and compared, by itself. */
  readonly partSeconds: number
  readonly saturatedSeconds: number
  readonly floodSeconds: number
  /** One look at how long answers take after the flood, and how long it is looked for at most. */
  readonly windowSeconds: number
  readonly backSecondsMax: number
}

const full: Sizes = {
  patientsPerMember: 64,
  receiptsPerSecond: 250,
  seconds: 30 * 60,
  partSeconds: 60,
  saturatedSeconds: 20,
  floodSeconds: 60,
  windowSeconds: 5,
  backSecondsMax: 180,
}
const tiny: Sizes = {
  patientsPerMember: 4,
  receiptsPerSecond: 40,
  seconds: 1.5,
  partSeconds: 0.5,
  saturatedSeconds: 0.5,
  floodSeconds: 0.5,
  windowSeconds: 0.5,
  backSecondsMax: 0.5,
}

export const suite: Suite = {
  name: 'soak',
  claim:
    'Four members whose process has a heap of 512 MiB take 250 receipts a second for half an hour: what heap and external memory hold after a collection is the same at the end as after the first third, and so is the p99 of an answer. At ten times what they can take they turn the rest away, their memory stays below the cap, and afterwards the p99 is soon what it was.',
  nonClaim:
    'Nothing about releases to other members, of which two cores carry a few a second: these are receipts of reads by own staff, written, chained, committed and proven as those are. Nothing about machines of their own: the members are one process, and the load generator runs beside it.',
  oneCore: false,
  run,
}

async function run({ small, tell, minutes }: RunOptions): Promise<Outcome> {
  const sizes = small ? tiny : { ...full, ...(minutes !== undefined && { seconds: minutes * 60 }) }
  const members = await startMembers({ heapMebibytesMax, patientsPerMember: sizes.patientsPerMember })
  try {
    const steady = await openLoad(members.opened, steadyLines)
    const parts: Answered[] = []
    const watched: Part[] = []
    const count = Math.max(3, Math.round(sizes.seconds / sizes.partSeconds))
    const third = Math.floor(count / 3)
    for (let number = 1; number <= count; number++) {
      const answered = await steady.at(sizes.receiptsPerSecond, sizes.partSeconds)
      parts.push(answered)
      tell(`${(number * sizes.partSeconds).toFixed(0)} s: p99 ${p99(answered).toFixed(1)} ms`)
      if (number === third || number === count) {
        const least = await leastHeld(members, steady, sizes)
        watched.push(least)
        tell(`then at least ${mebibytes(least.held)} MiB after a collection`)
      }
    }
    const [early, late] = [parts.slice(0, third), parts.slice(-third)]
    const [heldEarly, heldLate] = [watched[0]?.held ?? Number.NaN, watched.at(-1)?.held ?? Number.NaN]

    const saturated = await steady.asFastAsAnswered(sizes.saturatedSeconds)
    const most = saturated.receipts / sizes.saturatedSeconds
    await collected(members)
    const before = await steady.at(sizes.receiptsPerSecond, sizes.partSeconds)
    const flood = await flooded(members, floodTimes * most, sizes.floodSeconds)
    tell(
      `saturated ${most.toFixed(0)} a second; ten times that: ${flood.answered.receipts} receipts, ${flood.answered.refused} told to come again, ${flood.answered.unsent} not sent for want of a connection; at most ${mebibytes(flood.held)} MiB`,
    )
    const back = await untilBack(steady, sizes, timesMax * p99(before), tell)
    steady.close()
    const last = await collected(members)
    const all = [
      ...parts,
      ...watched.map(({ answered }) => answered),
      saturated,
      before,
      flood.answered,
      ...back.answered,
    ]
    return {
      figures: [
        {
          name: 'receipts, steady',
          value: sum(parts.map(({ receipts }) => receipts)) / sum(parts.map(({ seconds }) => seconds)),
          unit: 'receipts/s',
        },
        {
          name: 'heap and external memory after a collection, end over first third',
          value: heldLate / heldEarly,
          unit: 'times',
          target: { type: 'below', value: heapGrowthMax },
        },
        { name: 'the same at the end', value: heldLate / 2 ** 20, unit: 'MiB' },
        { name: 'answer, p50', value: median(parts.flatMap(({ milliseconds }) => milliseconds)), unit: 'ms' },
        { name: 'answer, p99, median of the first third of the minutes', value: p99Of(early), unit: 'ms' },
        {
          name: 'the same of the last third over that of the first',
          value: p99Of(late) / p99Of(early),
          unit: 'times',
          target: { type: 'below', value: timesMax },
        },
        { name: 'saturated', value: most, unit: 'receipts/s' },
        { name: 'at ten times that', value: flood.answered.receipts / flood.answered.seconds, unit: 'receipts/s' },
        {
          name: 'heap and external memory at ten times that, at most',
          value: flood.held / 2 ** 20,
          unit: 'MiB',
          target: { type: 'below', value: heapMebibytesMax },
        },
        {
          name: `after it, until p99 is at most ${timesMax} times that of the minute before`,
          value: back.seconds,
          unit: 's',
          target: { type: 'below', value: recoverySecondsMax },
        },
        { name: 'CPU of all members for one receipt', value: (1000 * last.cpuSeconds) / last.written, unit: 'ms' },
      ],
      checked: {
        // Whoever was answered has a receipt, nobody else has one, and each is on the ledger in the end.
        receiptsWithoutAnswer: last.written - sum(all.map(({ receipts }) => receipts)),
        leavesWithoutBatch: last.leavesWaiting,
        batchesWithoutBlock: last.batchesWaiting,
      },
    }
  } finally {
    await members.stop()
  }
}

interface Part {
  readonly answered: Answered
  readonly held: number
}

/** What the members hold when all that they were given is on the ledger. */
async function collected(members: Members): Promise<Told> {
  const end = now() + drainSecondsMax
  for (;;) {
    const { leavesWaiting, batchesWaiting, turnsWaiting } = await members.ask('standing')
    if (leavesWaiting + batchesWaiting + turnsWaiting === 0) return members.ask('collected')
    if (now() > end) throw new Error(`receipts waited for ${drainSecondsMax} s for their block`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * The least that the members hold in one more part of the load, with a collection before each look. Between two looks tables
 * fill and go to the disk, so that one look alone tells when it was.
 */
async function leastHeld(members: Members, load: Load, { receiptsPerSecond, partSeconds }: Sizes): Promise<Part> {
  const looks: number[] = []
  let over = false
  const looking = (async () => {
    while (!over) {
      looks.push((await members.ask('collected')).heapAndExternalBytes)
      await new Promise((resolve) => setTimeout(resolve, lookMilliseconds))
    }
  })()
  const answering = load.at(receiptsPerSecond, partSeconds).finally(() => {
    over = true
  })
  const [answered] = await Promise.all([answering, looking])
  return { answered, held: Math.min(...looks) }
}

async function flooded(members: Members, rate: number, seconds: number): Promise<Part> {
  const load = await openLoad(members.opened, floodLines)
  const looks: number[] = []
  const look = async (): Promise<void> => {
    looks.push((await members.ask('standing')).heapAndExternalBytes)
  }
  // A process that ended in the middle is told of where its answers are waited for.
  const looking = setInterval(() => look().catch(() => {}), lookMilliseconds)
  try {
    const answered = await load.at(rate, seconds, floodPatienceMilliseconds)
    await look()
    return { answered, held: Math.max(...looks) }
  } finally {
    clearInterval(looking)
    load.close()
  }
}

/** Steady again: the seconds to the end of the first window in which the p99 is at most so many milliseconds. */
async function untilBack(
  load: Load,
  { receiptsPerSecond, windowSeconds, backSecondsMax }: Sizes,
  millisecondsMax: number,
  tell: (line: string) => void,
): Promise<{ readonly seconds: number; readonly answered: readonly Answered[] }> {
  const from = now()
  const answered: Answered[] = []
  for (;;) {
    const window = await load.at(receiptsPerSecond, windowSeconds)
    answered.push(window)
    const seconds = now() - from
    tell(
      `${seconds.toFixed(0)} s after: p99 ${p99(window).toFixed(1)} ms; ${millisecondsMax.toFixed(1)} ms are looked for`,
    )
    if (p99(window) <= millisecondsMax || seconds >= backSecondsMax) return { seconds, answered }
  }
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)
const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)
const p99 = ({ milliseconds }: Answered): number => percentile(milliseconds, 0.99)
const p99Of = (parts: readonly Answered[]): number => median(parts.map(p99))
