/** Suite `commitments`: statements in bulk, their leaves, trees and openings, batches over HTTP, and proofs of a sample. */
import { leafOf, merkleTreeOfPacked, statementHash, systemRandom } from '@plexus/crypto'
import { type Held, heldNow } from '../memory.ts'
import { cpuSeconds, median, type Outcome, percentile, type RunOptions, type Suite } from '../suite.ts'
import { now } from '../world.ts'
import { type Spent, statements, statementType } from './producer.ts'
import { forgeriesFail, proveStatement } from './proofs.ts'
import { withProducer } from './world.ts'

const minutesUnlessTold = 10
const smallLeaves = 3 * 4096 + 100
/** Before anything counts: caches fill, code is compiled. */
const warmUpLeaves = 40 * 4096
/** One statement, out of all that are committed, is proven after so many batches of a full run. */
const batchesPerProof = 4
/** And so many from the whole, when all is committed. */
const finalProofs = { full: 1_000, small: 100 }
const secondsPerSample = 5
const samplesPerLine = 3
/** Tables wait in memory until they go to the disk together: the least of a minute is what stays. */
const leastOfSeconds = 60
const earlySeconds = 120
const commitSecondsMax = 60
const leavesTarget = 100_000
/** Between minute 2 and minute 10. */
const growthMax = 1.05

export const suite: Suite = {
  name: 'commitments',
  claim:
    'Statements a second that become leaves under fresh keys, with the Merkle trees, durable sealed openings, the batches over HTTP, signed, verified, ordered, and durable at every replica, for ten minutes on two cores, the load generator included; of a random sample every proof from statement to signed header is checked by the pure verifiers.',
  nonClaim:
    'Nothing about transactions: one signature stands for 4,096 statements, and the transactions a second are told beside. Nothing about a network between machines: both members and the load generator are one process. Nothing about who made the statements, or what they say.',
  oneCore: false,
  run,
}

function run({ small, tell, minutes = minutesUnlessTold }: RunOptions): Promise<Outcome> {
  return withProducer(async (producer, node) => {
    if (!small) {
      await producer.produce({ leaves: warmUpLeaves, seconds: minutes * 60 })
      await producer.committed(commitSecondsMax)
    }
    const before = {
      leaves: producer.made(),
      applied: producer.applied(),
      height: node.replica.height(),
      spent: { ...producer.spent },
    }
    const cpuFrom = process.cpuUsage()
    const startedAt = now()
    const samples: Sample[] = []
    const proofSeconds: number[] = []
    let batches = 0
    const prove = (below: number): void => {
      const from = now()
      if (proveStatement(producer, node, Math.floor(Math.random() * below))) proofSeconds.push(now() - from)
    }
    const each = (): void => {
      if (++batches % batchesPerProof === 0) prove(producer.made())
      const at = now() - startedAt
      if (at < samples.length * secondsPerSample) return
      const sample = { at, leaves: producer.made(), ...heldNow() }
      samples.push(sample)
      if (samples.length % samplesPerLine === 1) tell(line(sample, samples.at(-1 - samplesPerLine)))
    }
    await producer.produce(
      small
        ? { leaves: smallLeaves, seconds: commitSecondsMax, each }
        : { leaves: Number.MAX_SAFE_INTEGER, seconds: minutes * 60, each },
    )
    await producer.committed(commitSecondsMax)
    const seconds = now() - startedAt
    const cpu = cpuSeconds(cpuFrom)
    const leaves = producer.made() - before.leaves
    const transactions = producer.applied() - before.applied
    const blocks = node.replica.height() - before.height
    const stages = stagesOf(before.spent, producer.spent, seconds)
    // A header carries the state after the block before it: one more statement makes the block that shows the last.
    const provable = producer.made()
    await producer.produce({ leaves: 1, seconds: commitSecondsMax })
    await producer.committed(commitSecondsMax)
    const during = proofSeconds.length
    for (let count = 0; count < (small ? finalProofs.small : finalProofs.full); count++) prove(provable)
    const proofs = proofSeconds.length - during
    const forged = forgeriesFail(producer, node, 0) && forgeriesFail(producer, node, provable - 1)
    if (!forged) throw new Error('a forged opening was taken for true')
    const end = samples.at(-1)?.at ?? 0
    const [early, late] = [leastBefore(samples, earlySeconds), leastBefore(samples, end)]
    return {
      figures: [
        {
          name: 'statements committed',
          value: leaves / seconds,
          unit: 'leaves/s',
          target: { type: 'at-least', value: leavesTarget },
        },
        { name: 'transactions beside', value: transactions / seconds, unit: 'transactions/s' },
        { name: 'blocks beside', value: blocks / seconds, unit: 'blocks/s' },
        { name: 'CPU of both cores', value: (1e6 * cpu) / leaves, unit: 'µs/leaf' },
        ...stages.map(([name, value]) => ({ name, value: (1e6 * value) / leaves, unit: 'µs/leaf' })),
        {
          name: 'of the first: hashes, leaves and trees by the bare functions',
          value: 1e6 * bareSeconds(node.chain.id),
          unit: 'µs/leaf',
        },
        { name: 'length of the run', value: seconds, unit: 's' },
        { name: 'proofs checked, all held', value: proofSeconds.length, unit: 'proofs' },
        { name: 'one proof made and checked, p50', value: 1000 * median(proofSeconds), unit: 'ms' },
        { name: 'one proof made and checked, p99', value: 1000 * percentile(proofSeconds, 0.99), unit: 'ms' },
        ...(end > earlySeconds + leastOfSeconds ? flatness(early, late) : []),
      ],
      checked: {
        small: small ? { leaves, transactions, proofs } : null,
        held: 'all',
        forged: 'none',
      },
    }
  })
}

/** Where the time of the run went, in the thread that does all of it but what LMDB writes behind it. */
function stagesOf(from: Readonly<Spent>, to: Readonly<Spent>, seconds: number): readonly (readonly [string, number])[] {
  const [working, writing, sealing] = [to.working - from.working, to.writing - from.writing, to.sealing - from.sealing]
  return [
    ['statements hashed, keys, leaves, trees, rows, envelopes', working - writing],
    ['rows sealed', sealing],
    ['journal durable', writing - sealing],
    ['statements drawn, HTTP, both replicas, proofs, waits', seconds - working],
  ]
}

const bareRounds = 10

/** Seconds for one leaf of a full batch. */
function bareSeconds(chain: Uint8Array): number {
  const count = 4096
  const seconds: number[] = []
  for (let round = 0; round < bareRounds; round++) {
    const made = statements(0, count)
    const keys = systemRandom(32 * count)
    const leaves = new Uint8Array(32 * count)
    const from = now()
    for (const [index, statement] of made.entries()) {
      const hash = statementHash(statementType, chain, statement)
      leaves.set(leafOf(keys.subarray(32 * index, 32 * (index + 1)), hash), 32 * index)
    }
    merkleTreeOfPacked(leaves)
    seconds.push((now() - from) / count)
  }
  return median(seconds)
}

interface Sample extends Held {
  readonly at: number
  readonly leaves: number
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

function line(sample: Sample, before: Sample | undefined): string {
  const rate = before ? (sample.leaves - before.leaves) / (sample.at - before.at) : 0
  const { at, leaves, heapAndExternalBytes, privateBytes, residentBytes } = sample
  return `${at.toFixed(0).padStart(5)} s  ${leaves} statements, ${rate.toFixed(0)} a second; heap and external ${megabytes(heapAndExternalBytes)} MiB, private ${megabytes(privateBytes)} MiB, resident ${megabytes(residentBytes)} MiB`
}

/** Of each, the least of the minute that ends then. */
function leastBefore(samples: readonly Sample[], end: number): Held {
  const minute = samples.filter(({ at }) => at <= end && at >= end - leastOfSeconds)
  const least = (take: (held: Held) => number): number => Math.min(...minute.map(take))
  return {
    heapAndExternalBytes: least((held) => held.heapAndExternalBytes),
    privateBytes: least((held) => held.privateBytes),
    residentBytes: least((held) => held.residentBytes),
  }
}

function flatness(early: Held, late: Held): Outcome['figures'] {
  const target = { type: 'below', value: growthMax } as const
  const of = (name: string, take: (held: Held) => number) => ({
    name: `${name}, least of the last minute over least of minute 2`,
    value: take(late) / take(early),
    unit: 'times',
  })
  return [
    { ...of('heap and external memory after a collection', (held) => held.heapAndExternalBytes), target },
    { ...of('private memory', (held) => held.privateBytes), target },
    of('resident memory, mapped files included', (held) => held.residentBytes),
  ]
}
