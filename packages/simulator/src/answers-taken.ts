/** What requesters took, held against the receipts on which keys were let go: by the answer, since an intent may have two. */
import type { JournalChange } from '@plexus/exchange'

/**
 * A custodian that begins to cheat may have decided on an intent honestly before. Then an answer on a receipt of the ledger
 * leaves beside the one by hand, and a requester that takes it has believed nothing that it should not.
 */
export class AnswersTaken {
  /** Intents on which a cheating node let keys go without a receipt on the ledger. */
  readonly silent = new Set<string>()
  /** By intent: statements of receipts that the ledger held when an answer left. */
  private readonly committed = new Map<string, Uint8Array[]>()
  /** By intent: what the same write put into the requester's outbox, which shows the receipt to the patient. */
  private readonly notices = new Map<string, readonly Uint8Array[]>()

  left(intent: string, statement: Uint8Array, isCommitted: boolean): void {
    if (!isCommitted) this.silent.add(intent)
    else this.committed.set(intent, [...(this.committed.get(intent) ?? []), statement])
  }

  took(intent: string, changes: readonly JournalChange[]): void {
    const rows = changes.filter(({ table }) => table === 'outbox').map(({ value }) => value)
    this.notices.set(
      intent,
      rows.filter((row) => row !== null),
    )
  }

  has(intent: string): boolean {
    return this.notices.has(intent)
  }

  /** Answered silently, and what was taken is not shown to be an answer on a receipt of the ledger. Asked at the end. */
  get believed(): readonly string[] {
    return [...this.silent].filter((intent) => {
      const rows = this.notices.get(intent)
      const committed = this.committed.get(intent) ?? []
      return (
        rows && !committed.some((statement) => rows.some((row) => Buffer.from(row).includes(Buffer.from(statement))))
      )
    })
  }
}
