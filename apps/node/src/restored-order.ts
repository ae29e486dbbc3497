/**
 * The key that orders blocks must not sign a height anew. Its log, put back from a backup, first takes in what the
 * replicas here hold, and goes on only from the newest block that anybody holds, by the word of who restored it.
 */
import { createReplica } from '@plexus/engine'
import { layoutOf } from './layout.ts'
import type { MemberNode } from './member-node.ts'
import type { Here } from './network.ts'
import { markRestored, restoredMark } from './restored-mark.ts'

export interface BlocksLost {
  readonly type: 'blocks-lost'
  /** Of the newest block here, and of the newest that somebody holds. */
  readonly height: number
  readonly newest: number
}

/**
 * A ledger whose log was put back may have lost blocks that wallets hold receipts in: every member that was put back with
 * it numbers its receipts on above them. To be called before the members are opened.
 */
export function markLedgerWentBack(data: string, { members, sequencer }: Pick<Here, 'members' | 'sequencer'>): void {
  if (sequencer === null || !restoredMark(layoutOf(data, sequencer).root)) return
  for (const member of members) {
    const { root } = layoutOf(data, member)
    const mark = restoredMark(root)
    if (mark && !mark.ledgerWentBack) markRestored(root, { ...mark, ledgerWentBack: true })
  }
}

/** Null when the key may order: at once for a log that was not put back. */
export function catchUpOrder(nodes: ReadonlyMap<string, MemberNode>, sequencer: string): BlocksLost | null {
  const orders = nodes.get(sequencer)
  if (!orders) throw new Error('the sequencer is not a member')
  const mark = orders.recovery?.mark
  if (!mark) return null
  const log = createReplica({
    machine: orders.machine,
    store: orders.sequencerStore,
    member: sequencer,
  })
  for (const { store } of nodes.values()) {
    for (let height = log.height() + 1; height <= (store.tip()?.height ?? 0); height++) {
      const block = store.block(height)
      const taken = block && log.receive({ header: block.header, transactions: block.transactions })
      if (!taken?.ok) throw new Error(`block ${height} of a replica does not continue the log of the key that orders`)
    }
  }
  log.stop()
  const newest = mark.newestBlock ?? 0
  return log.height() < newest ? { type: 'blocks-lost', height: log.height(), newest } : null
}
