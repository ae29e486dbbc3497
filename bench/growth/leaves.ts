/** How fast statements are committed, and one of them proven, while the number of those before them grows. */
import type { MemberNode } from '@plexus/node'
import type { Producer } from '../commitments/producer.ts'
import { proveStatement } from '../commitments/proofs.ts'
import { withProducer } from '../commitments/world.ts'
import { median } from '../suite.ts'
import { now } from '../world.ts'

export interface LeavesOptions {
  /** Numbers of statements at which it is measured, rising. */
  readonly sizes: readonly number[]
  /** Measurements of writing at each size, and statements of each. */
  readonly windows: number
  readonly windowLeaves: number
  /** Proofs of one measurement, drawn from all that stand. */
  readonly proofs: number
  readonly tell: (line: string) => void
}

export interface LeavesAt {
  readonly leaves: number
  /** Statements a second, durable with their openings and committed on the ledger: the median of the windows. */
  readonly writesPerSecond: number
  /** Median of finding, making and checking one proof, with nothing of its batch in memory. */
  readonly proofSeconds: number
}

export interface LeavesGrowth {
  readonly at: readonly LeavesAt[]
  /** From opening network and journal, at the last size, until one more statement is committed. */
  readonly restartSeconds: number
  readonly restartLeaves: number
}

const secondsMax = 3_600
const commitSecondsMax = 60

/** One measurement at each size, in one ledger and one journal that grow from nothing. Throws when a proof does not hold. */
export function growthOfLeaves(options: LeavesOptions): Promise<LeavesGrowth> {
  const { sizes, windows, windowLeaves, proofs, tell } = options
  return withProducer(async (producer, node, restart) => {
    const at: LeavesAt[] = []
    // Compiled code and full caches, before the smallest size is measured.
    await producer.produce({ leaves: Math.floor((sizes[0] ?? 0) / 2), seconds: secondsMax })
    for (const leaves of sizes) {
      await producer.produce({ leaves: leaves - producer.made(), seconds: secondsMax })
      await producer.committed(commitSecondsMax)
      const provable = producer.made()
      const rates: number[] = []
      for (let window = 0; window < windows; window++) {
        const from = now()
        await producer.produce({ leaves: windowLeaves, seconds: secondsMax })
        await producer.committed(commitSecondsMax)
        rates.push(windowLeaves / (now() - from))
      }
      const proofSeconds = medianOfProofs(producer, node, provable, proofs)
      const writesPerSecond = median(rates)
      at.push({ leaves, writesPerSecond, proofSeconds })
      tell(
        `${leaves} statements: ${writesPerSecond.toFixed(0)} more a second, a proof in ${(1000 * proofSeconds).toFixed(2)} ms`,
      )
    }
    const restartLeaves = producer.made()
    return { at, restartLeaves, restartSeconds: await restart() }
  })
}

/** From all parts of the statements in turn. What a proof before it left in memory would tell of the machine's memory only. */
function medianOfProofs(producer: Producer, node: MemberNode, provable: number, proofs: number): number {
  const seconds: number[] = []
  for (let count = 0; count < proofs; count++) {
    const number = Math.floor(((count + Math.random()) / proofs) * provable)
    producer.forget()
    const from = now()
    if (!proveStatement(producer, node, number)) throw new Error(`statement ${number} is not committed`)
    seconds.push(now() - from)
  }
  return median(seconds)
}
