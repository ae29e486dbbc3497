/** What an exchange is handed: its replica of the ledger, durable tables, a way to reach other members, time and randomness. */
import type { Schema } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { Chain, Refusal, SignedHeader, StateProof, StateReader, Tip } from '@plexus/kernel'

export interface JournalChange {
  readonly table: string
  readonly key: string
  /** Null deletes. */
  readonly value: Uint8Array | null
}

/** Durable tables of one node. Keys are ASCII and sort by byte. */
export interface Journal {
  get(table: string, key: string): Uint8Array | undefined
  entries(
    table: string,
    options?: { readonly after?: string; readonly prefix?: string; readonly limit?: number },
  ): Iterable<readonly [string, Uint8Array]>
  /** All of it or none, durable when it returns. */
  write(changes: readonly JournalChange[]): void
  /** As `write`, and reads see it at once; durable only when `durable` says so. Nothing leaves the node before. */
  append(changes: readonly JournalChange[]): void
  /** Resolves when all that was written so far is durable; undefined when it is. Rejects when the disk fails for good. */
  durable(): Promise<void> | undefined
  /** Told of each table and of what its rows are, for whoever checks a journal. */
  declare?(table: string, rows: Schema<unknown>): void
}

/** This member's own replica. Every decision is taken on what it has applied, never on what somebody says of the ledger. */
export interface Replica {
  readonly chain: Chain
  /** State after the newest applied block. */
  readonly state: StateReader
  tip(): Tip
  /**
   * Hands an envelope to the engine; what is not in a block is submitted again. `refused` hears why the rules would refuse
   * it on the state that the engine has now; of a loss nobody is told.
   */
  submit(envelope: Uint8Array, refused?: (refusal: Refusal) => void): void
  block(height: number): { readonly transactions: readonly Uint8Array[]; readonly header: SignedHeader } | undefined
  /** A proof in the state after `height`, for recent heights. */
  stateProof(height: number, key: string): LedgerProof | undefined
}

export interface LedgerProof {
  readonly value: Uint8Array | null
  readonly proof: StateProof
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
}

export interface Surroundings {
  /** The node's own clock, seconds since 1970, whole or not. */
  now(): number
  readonly random: RandomBytes
  /**
   * Sends a sealed note to a member's node. Loss is normal: whatever must arrive is in the outbox and sent again.
   * `mayLeave` is asked when its turn comes, after whatever it waited for: what may not leave any more is lost.
   */
  send(member: string, note: Uint8Array, mayLeave?: () => boolean): void
  /** While true there are two ledgers that both hold, as far as this node knows: no key leaves, as if no block came. */
  ledgerInDoubt?(): boolean
  /** Told after each durable step, for metrics; never with anything about a patient. */
  observe?(what: string, seconds?: number): void
}

/** An organisation that this node acts for: the member itself, or a tenant. */
export interface Organisation {
  readonly id: string
  /** Ed25519 seed of the organisation's registered key with the scope `custodian`. */
  readonly seed: Uint8Array
}
