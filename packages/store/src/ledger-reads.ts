/** What a stored ledger answers. */
import type { Infer } from '@plexus/codec'
import type { AppliedBlock, BlockSummary, EventRecord, LedgerReader, StateProof, storedBlock } from '@plexus/kernel'

/** One answer of the feed; a reader goes on from its last sequence. */
export const eventsPerReadMax = 10_000

export type StoredBlock = Infer<typeof storedBlock>

/** Where a transaction stands: at `index`, from 0, in the block of that height. */
export interface TransactionPlace {
  readonly height: number
  readonly index: number
}

export interface RootsAt {
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
  readonly appHash: Uint8Array
}

/** What the state after the block of `height` says of one key: `value` is null when it is absent. */
export interface ProvenState {
  readonly height: number
  readonly key: string
  readonly value: Uint8Array | null
  readonly proof: StateProof
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
}

/** That a block stands at `index` in the RFC 6962 tree over the first `size` blocks. The leaf is the encoded summary. */
export interface ProvenBlock {
  readonly summary: BlockSummary
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** Where a ledger begins that was taken over from a snapshot; all that was before is not here. */
export interface LedgerBeginning {
  /** Blocks above this height are here whole, with their headers; 0 for a ledger that began with genesis. */
  readonly height: number
  /** The first event that is here. */
  readonly event: number
}

/** Heights count from 0, which is genesis and has an empty header; history begins with the block of height 1. */
export interface LedgerStore extends LedgerReader {
  beginning(): LedgerBeginning
  /** Durable on return. Throws a StoreError `write-failed` when the disk refuses: then nothing of the block counts. */
  commit(applied: AppliedBlock, header: Uint8Array): void
  block(height: number): StoredBlock | undefined
  header(height: number): Uint8Array | undefined
  summary(height: number): BlockSummary | undefined
  /** Events with a sequence above `after`, in order; at most `limit`, and never more than `eventsPerReadMax`. */
  events(after: number, limit: number): readonly EventRecord[]
  /** Where the envelope of this id and end was accepted; as long as it was not, where it was refused last. */
  transactionPlace(id: Uint8Array, validUntil: number): TransactionPlace | undefined
  /** All tiles of the newest state tree, by place. */
  tiles(): Iterable<readonly [string, Uint8Array]>
  rootAt(height: number): RootsAt | undefined
  /** Undefined for a height that is not there, or whose state is no longer kept. */
  proveStateAt(height: number, key: string): ProvenState | undefined
  /** Undefined when there is no such block or no tree of that size yet. */
  proveBlock(height: number, size: number): ProvenBlock | undefined
  /** RFC 6962 §2.1.2 consistency of two sizes of the history; undefined when there are no such trees. */
  proveGrowth(before: number, after: number): readonly Uint8Array[] | undefined
  /**
   * Brings LMDB to just the height that stands now, when the next block comes; `reached` hears of it. Blocks go on, and LMDB
   * stays at that height until `goOn` is called, or until too much waits for it.
   */
  bringToLmdb(reached: (goOn: () => void) => void): void
  close(): void
}
