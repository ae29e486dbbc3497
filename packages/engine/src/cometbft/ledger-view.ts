/** One member's own ledger, as its callers see it: what is applied, and who waits for it. The engine feeds it. */
import { no, ok } from '@plexus/codec'
import { type AppliedBlock, type Machine, readSignedHeader } from '@plexus/kernel'
import type { LedgerPort } from '../local/ports.ts'
import type { AppliedNotice, Replica } from '../local/replica.ts'
import { type Applied, Watches } from '../local/watches.ts'

/** What a replica is on either engine: how blocks come to it, and what it can prove of them, is the engine's. */
export type LedgerView = Pick<
  Replica,
  'applied' | 'headerAt' | 'height' | 'machine' | 'member' | 'onApplied' | 'stop' | 'store' | 'waitFor' | 'watch'
>

/** Whose blocks somebody else applies and makes durable. */
export interface FedLedger extends LedgerView {
  /** The block is durable: whoever waits hears of it. */
  committed(applied: AppliedBlock): void
}

/** The parts of one node that follow its ledger. */
const listenersMax = 64

export function createLedgerView({
  machine,
  store,
  member,
}: {
  readonly machine: Machine
  readonly store: LedgerPort
  readonly member: string
}): FedLedger {
  const watches = new Watches()
  const listeners = new Set<(notice: AppliedNotice) => void>()
  let stopped = false

  function tip() {
    const newest = store.tip()
    if (!newest) throw new Error('the ledger was founded, and has no tip')
    return newest
  }

  function applied(id: Uint8Array, validUntil: number): Applied | undefined {
    const place = store.transactionPlace(id, validUntil)
    const outcome = place && store.block(place.height)?.outcomes[place.index]
    return place && outcome && { height: place.height, index: place.index, outcome }
  }

  const watch: Replica['watch'] = (id, validUntil, answered, past = 'any') => {
    const known = applied(id, validUntil)
    if (known && (past === 'any' || known.outcome.code === 0)) answered(ok(known))
    else if (stopped) answered(no({ type: 'stopped' }))
    else if (tip().time > validUntil) answered(no({ type: 'expired' }))
    else return watches.add(id, validUntil, answered)
    return () => {}
  }

  return {
    member,
    machine,
    store,
    height: () => tip().height,
    applied,
    watch,
    waitFor: (id, validUntil) =>
      new Promise((resolve, reject) => {
        watch(id, validUntil, (answer) => {
          if (answer.ok) resolve(answer.value)
          else reject(new Error(`an envelope will not be applied by the replica of ${member}: ${answer.reason.type}`))
        })
      }),
    onApplied(listener) {
      if (listeners.size >= listenersMax) throw new Error(`more than ${listenersMax} listeners on one replica`)
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    headerAt(height) {
      const stored = height > 0 ? store.header(height) : undefined
      const read = stored && readSignedHeader(stored)
      return read?.ok ? read.value : undefined
    },
    committed(block) {
      const { height, time } = block.tip
      for (const listener of [...listeners]) listener({ height, time, transactions: block.transactions.length })
      watches.answer(block)
    },
    stop() {
      stopped = true
      watches.stop()
    },
  }
}
