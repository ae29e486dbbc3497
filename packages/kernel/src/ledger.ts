/** The port behind which a replica keeps its ledger, and what one applied block adds to it. */
import { bytes, type Infer, list, object, oneOf, text, uint } from '@plexus/codec'
import { type BlockSummary, type Misbehaviour, misbehaviour, misbehavioursMax } from './blocks.ts'
import type { StateReader } from './state.ts'
import type { StateChange, TileChange, TileReader } from './state-tree.ts'

/** Where a ledger stands after its newest block. */
export interface Tip {
  readonly height: number
  readonly time: number
  readonly stateRoot: Uint8Array
  /** Roots of the complete subtrees of the block history, largest first (RFC 6962 §2.1). */
  readonly history: readonly Uint8Array[]
  readonly appHash: Uint8Array
  readonly nextEvent: number
}

/** Synchronous reads of one consistent ledger. */
export interface LedgerReader extends StateReader, TileReader {
  tip(): Tip | undefined
  /**
   * Whether an envelope of this id and end (seconds since 1970) was accepted; asked while block time has not passed the
   * end. It follows from the blocks of the last 600 s, so it stands beside the authenticated state, not in it.
   */
  wasAccepted(id: Uint8Array, validUntil: number): boolean
}

/** The result of a transaction in its block: code 0 is acceptance; every other code belongs to the space of a contract or the kernel. */
export const outcome = object({ space: text({ max: 40 }), code: uint() })
export type Outcome = Infer<typeof outcome>

/** An event can say what a transaction says. */
export const eventBytesMax = 192 * 1024

/** An event in the feed; `sequence` is the cursor from which a reader goes on. */
export const eventRecord = object({
  sequence: uint(),
  height: uint(),
  contract: text({ max: 40 }),
  event: bytes({ max: eventBytesMax }),
})
export type EventRecord = Infer<typeof eventRecord>

/** An envelope that could be read, at its place in the block. */
export interface EnvelopeAt {
  readonly id: Uint8Array
  readonly validUntil: number
  readonly index: number
  readonly accepted: boolean
}

/** All that a store writes, in one durable transaction, for one block. */
export interface AppliedBlock {
  readonly tip: Tip
  readonly summary: BlockSummary
  readonly transactions: readonly Uint8Array[]
  readonly misbehaviour: readonly Misbehaviour[]
  readonly envelopes: readonly EnvelopeAt[]
  readonly outcomes: readonly Outcome[]
  readonly events: readonly EventRecord[]
  readonly changes: readonly StateChange[]
  /** Tiles of the state tree that the block wrote, each once. */
  readonly tiles: readonly TileChange[]
  /** Those of the changed keys that had a value before. */
  readonly overwritten: readonly string[]
}

/** Kept as the block travelled and as it was judged. */
export const storedBlock = object({
  height: uint(),
  time: uint(),
  transactions: list(bytes({ max: 200 * 1024 }), { max: 100_000 }),
  outcomes: list(outcome, { max: 100_000 }),
  misbehaviour: list(misbehaviour, { max: misbehavioursMax }),
  /** The signed header of the engine, in the engine's own form. */
  header: bytes({ max: 1024 * 1024 }),
  kind: oneOf('block'),
})
