/**
 * A member that was put back from a backup does not know what it did since. Its doors stay shut until its replica has
 * caught up and no envelope of its former self can still come; then the ledger shows whether the backup missed anything:
 * every release rests on a receipt in a batch of the member's own, so a batch that the journal never formed is one.
 */
import { toHex } from '@plexus/codec'
import { batchesFormedSince, batchPosted, goOnAfterRestore } from '@plexus/exchange'
import { validSecondsMax } from '@plexus/kernel'
import type { Journal, LedgerStore } from '@plexus/store'
import { type RestoredMark, removeMark } from './restored-mark.ts'

/** A replica with a block of this age or younger is abreast. */
const abreastSecondsMax = 15
/** Bounds one look; the next goes on from there. */
const eventsPerLook = 1_000

export type RecoveryState =
  | { readonly type: 'catching-up'; readonly height: number }
  /** Abreast, but an envelope from before may still come into a block until block time has passed `until`. */
  | { readonly type: 'settling'; readonly until: number }
  /** The ledger holds batches that this journal did not form: what they commit to is known to others alone. */
  | {
      readonly type: 'behind'
      readonly batches: number
      readonly leaves: number
      readonly fromHeight: number
      readonly toHeight: number
    }
  | { readonly type: 'over' }

export type AcknowledgeRefusal = { readonly type: 'recovery-not-behind' | 'recovery-differs' }

export class Recovery {
  readonly mark: RestoredMark
  private readonly member: string
  private readonly root: string
  private readonly store: LedgerStore
  private readonly journal: Journal
  private readonly now: () => number
  private readonly formed: ReadonlySet<string>
  private event: number
  private behind: Omit<Extract<RecoveryState, { type: 'behind' }>, 'type'> | null = null
  private current: RecoveryState

  constructor(parts: {
    readonly mark: RestoredMark
    readonly member: string
    /** The member's folder, where the mark lies. */
    readonly root: string
    readonly store: LedgerStore
    readonly journal: Journal
    readonly now: () => number
  }) {
    this.mark = parts.mark
    this.member = parts.member
    this.root = parts.root
    this.store = parts.store
    this.journal = parts.journal
    this.now = parts.now
    this.event = parts.mark.event
    this.formed = batchesFormedSince(parts.journal, { state: parts.store, height: parts.mark.height })
    this.current = { type: 'catching-up', height: parts.mark.height }
  }

  get state(): RecoveryState {
    return this.current
  }

  /** While true, nothing of the exchange may run: no turn, no note, no door. */
  get shut(): boolean {
    return this.current.type !== 'over'
  }

  /** To be called after each block and tick. Ends the recovery by itself when the backup missed nothing. */
  look(): RecoveryState {
    if (this.current.type === 'over') return this.current
    this.current = this.next()
    return this.current
  }

  private next(): RecoveryState {
    const tip = this.store.tip()
    if (!tip) return this.current
    const whole = this.readOn()
    if (!whole || this.now() - tip.time > abreastSecondsMax) return { type: 'catching-up', height: tip.height }
    const until = this.mark.restoredAt + validSecondsMax
    if (tip.time <= until) return { type: 'settling', until }
    if (this.behind) return { type: 'behind', ...this.behind }
    // A ledger that went back took the receipts of its lost blocks with it, unseen by this look.
    this.end(this.mark.ledgerWentBack)
    return { type: 'over' }
  }

  /** Reads own batches off the feed; false while there is more. */
  private readOn(): boolean {
    const records = this.store.events(this.event, eventsPerLook)
    for (const record of records) {
      this.event = record.sequence
      const posted = batchPosted(record, this.member)
      if (!posted || this.formed.has(toHex(posted.root))) continue
      const { batches = 0, leaves = 0, fromHeight = posted.height } = this.behind ?? {}
      this.behind = { batches: batches + 1, leaves: leaves + posted.leaves, fromHeight, toHeight: posted.height }
    }
    return records.length < eventsPerLook
  }

  /**
   * An operator takes it on: they name the number of batches that they were told, so that what they read is what holds.
   * From here on receipts are numbered above the lost ones, and the doors open.
   */
  acknowledge(batches: number): AcknowledgeRefusal | null {
    if (this.current.type !== 'behind') return { type: 'recovery-not-behind' }
    if (this.current.batches !== batches) return { type: 'recovery-differs' }
    this.end(true)
    this.current = { type: 'over' }
    return null
  }

  private end(receiptsBehind: boolean): void {
    goOnAfterRestore(this.journal, { receiptsBehind })
    // Durable: the numbers. A crash before the mark is gone skips some of them again.
    removeMark(this.root)
  }
}
