/** What the exchange has for the books of contracts, and what it asks of them. The books themselves are a package of their own. */
import type { Result } from '@plexus/codec'
import type { Outbox } from './outbox.ts'
import type { Journal, Organisation, Replica, Surroundings } from './ports.ts'

/** A book's answer to a note that is about something the own replica does not have yet: it comes again. */
export const notYet = 'not-yet'

/** Everything here is in the exchange's turn: what a book writes and sends keeps its order with all else. */
export interface BookParts {
  readonly member: string
  readonly journal: Journal
  /** What is submitted waits for what was written. */
  readonly replica: Replica
  readonly outbox: Outbox
  readonly surroundings: Surroundings
  readonly organisations: ReadonlyMap<string, Organisation>
  /** Of the member's key, as it is now. */
  readonly seed: Uint8Array
  /** Keys of rows that say nothing to whoever reads the files. */
  readonly blind: (...parts: readonly string[]) => string
}

export interface BookNote {
  /** Of a member's note, which is taken once; a wallet's has none. */
  readonly id: Uint8Array | null
  readonly contract: string
  readonly body: Uint8Array
}

export interface BookDoor {
  /** From a member, or from a wallet (null). Durable when it resolves. */
  take(from: string | null, note: BookNote): Promise<Result<void, { readonly type: string }>>
  /** The book elsewhere refused a note of ours for good. */
  refused(contract: string, note: Uint8Array, code: string): void
  /** After each block, and some twenty times a second. */
  tick(): void
  /** No step waits for its end. */
  readonly idle: boolean
}
