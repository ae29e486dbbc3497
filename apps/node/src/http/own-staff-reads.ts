/** Reads by own staff that wait for a turn of their node get one turn together, and their receipts one durable write. */
import type { OwnStaffRead, RecordRow } from '@plexus/exchange'
import type { MemberNode } from '../member-node.ts'

/** Undefined: no such patient. Resolves when the receipt is durable. As many wait as there are requests in hand at once. */
export type ReadTogether = (node: MemberNode, read: OwnStaffRead) => Promise<readonly RecordRow[] | undefined>

interface Turn {
  readonly reads: OwnStaffRead[]
  readonly read: Promise<readonly ({ readonly records: readonly RecordRow[] } | undefined)[]>
}

export function readTogether(): ReadTogether {
  const waiting = new WeakMap<MemberNode, Turn>()
  return async (node, read) => {
    let turn = waiting.get(node)
    if (!turn) {
      const reads: OwnStaffRead[] = []
      // Requests that came in while the disk was busy are taken in one after the other: the turn begins behind them.
      const run = arrived().then(() =>
        node.exchange.run(({ receipts }) => {
          // Whoever comes from here on waits for the next turn.
          waiting.delete(node)
          return receipts.ownStaffReads(reads)
        }),
      )
      turn = { reads, read: run }
      waiting.set(node, turn)
    }
    const index = turn.reads.push(read) - 1
    return (await turn.read)[index]?.records
  }
}

const arrived = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
