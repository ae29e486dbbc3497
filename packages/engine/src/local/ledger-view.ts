/** One member's own ledger, as its callers see it: what is applied, and who waits for it. The engine feeds it. */
import { no, ok } from '@plexus/codec'
import { type AppliedBlock, type Machine, readSignedHeader, type SignedHeader } from '@plexus/kernel'
import { type LedgerPort, newestTip } from './ports.ts'
import { type Answered, type Applied, Watches } from './watches.ts'

/** An applied block, as listeners hear of it: it is durable, and the replica reads its state. */
export interface AppliedNotice {
  readonly height: number
  readonly time: number
  readonly transactions: number
}

/** What a replica is on either engine: how blocks come to it, and what it can prove of them, is the engine's. */
export interface LedgerView {
  readonly member: string
  readonly machine: Machine
  readonly store: LedgerPort
  readonly height: () => number
  /** Where the envelope of this id and end was applied, when it was. */
  applied(id: Uint8Array, validUntil: number): Applied | undefined
  /**
   * Answers once: when the envelope is applied here, or when a block is whose time is past `validUntil` (seconds), after
   * which it never can be. Answers at once when it was applied before, with `past` `accepted` only if it was accepted
   * then. What comes back cancels.
   */
  watch(id: Uint8Array, validUntil: number, answered: Answered, past?: 'any' | 'accepted'): () => void
  /** Resolves when the envelope is applied; rejects when it no longer can be, or when the replica is stopped before. */
  waitFor(id: Uint8Array, validUntil: number): Promise<Applied>
  /** Hears of every block after it is durable, in order. The answer ends it. */
  onApplied(listener: (notice: AppliedNotice) => void): () => void
  headerAt(height: number): SignedHeader | undefined
  /** Ends all waiting. The store belongs to who opened it. */
  stop(): void
}

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

  function applied(id: Uint8Array, validUntil: number): Applied | undefined {
    const place = store.transactionPlace(id, validUntil)
    const outcome = place && store.block(place.height)?.outcomes[place.index]
    return place && outcome && { height: place.height, index: place.index, outcome }
  }

  const watch: LedgerView['watch'] = (id, validUntil, answered, past = 'any') => {
    const known = applied(id, validUntil)
    if (known && (past === 'any' || known.outcome.code === 0)) answered(ok(known))
    else if (stopped) answered(no({ type: 'stopped' }))
    else if (newestTip(store).time > validUntil) answered(no({ type: 'expired' }))
    else return watches.add(id, validUntil, answered)
    return () => {}
  }

  return {
    member,
    machine,
    store,
    height: () => newestTip(store).height,
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
