/**
 * What a book is, and what it may do. A book is the private side of a contract at one member: the seeds behind handles,
 * contents and openings, and what other members' books told it. The ledger has none of that.
 */
import type { Result, Schema } from '@plexus/codec'
import type { RandomBytes } from '@plexus/crypto'
import type { JournalChange, Mailbox, Organisation, Table } from '@plexus/exchange'
import type { StateReader, Tip } from '@plexus/kernel'
import type { Frame, Share } from '@plexus/sdk'

/** `not-yet`: the note is about something the own replica does not have yet, and comes again. Any other refusal is for good. */
export type Taken = Result<readonly JournalChange[], { readonly type: string }>

export type StepOutcome =
  /** On the own replica, in the block of this height. */
  | { readonly type: 'accepted'; readonly height: number }
  /**
   * `space` is `kernel` or a contract, `reason` the name of its rejection. `height`: of the block that refused it; null
   * when the engine did not put it into one.
   */
  | {
      readonly type: 'refused'
      readonly space: string
      readonly code: number
      readonly reason: string
      readonly height: number | null
    }
  /** Its end passed and no block has it: it may be made anew. */
  | { readonly type: 'lapsed' }

export interface StepEnd {
  /** As `BookDesk.step` named it. */
  readonly step: string
  /** The book's own words, given back. */
  readonly about: Uint8Array
  readonly outcome: StepOutcome
}

export interface Book {
  /**
   * A note of the same contract's book at another member, or of a wallet (null). A member's note comes here once, repeats
   * are answered without the book; a wallet's may come again. What is handed back is written with the mark that it was taken.
   */
  take(from: string | null, body: Uint8Array): Taken | Promise<Taken>
  /** What became of a step, once; what is handed back is written with its end. */
  ended(end: StepEnd): readonly JournalChange[]
  /** The book elsewhere refused a note, which `BookDesk.tell` named, for good. */
  refused?(note: string, code: string): readonly JournalChange[]
  /** After each block and some twenty times a second: what follows from the own replica. Its cost is that of what waits. */
  look?(): readonly JournalChange[]
}

/** One for each book. */
export interface BookDesk {
  readonly member: string
  /** 32 bytes. */
  readonly chain: Uint8Array
  /** Of the own replica, after the newest applied block. */
  readonly state: StateReader
  readonly random: RandomBytes
  /** The member and its tenants. */
  readonly organisations: ReadonlyMap<string, Organisation>
  /** Of the member's key, as it is now. */
  readonly seed: Uint8Array
  tip(): Tip
  /** The node's own clock, seconds since 1970. */
  now(): number
  /** A table of this book alone; its rows are sealed on the disk. */
  table<Row>(name: string, rows: Schema<Row>): Table<Row>
  /** A key that says nothing to whoever reads the files: for rows about a patient, a partner, a product. */
  keyOf(...parts: readonly string[]): string
  /** All of it or none. Nothing leaves the node before it is durable. */
  write(changes: readonly JournalChange[]): void
  /** How an envelope of this member is framed now. */
  frame(): Frame
  /**
   * The envelope of a body that was composed under `frame`, with all shares but the sponsor's. Once `changes` are written it
   * goes out, byte for byte, until the own replica shows what became of it; then `Book.ended` is told. Throws for a body
   * that is not framed here: composing is the book's own.
   */
  step(made: { readonly body: Uint8Array; readonly shares: readonly Share[]; readonly about: Uint8Array }): {
    readonly step: string
    readonly changes: readonly JournalChange[]
  }
  /** What became of a step. Not to be awaited in a turn of the exchange, which the end needs. */
  outcome(step: string): Promise<StepOutcome>
  /**
   * A note to the same book at another member, or this one, of at most `bookNoteBytesMax`. Once `changes` are written it is
   * sent until it is answered. `note` names it to `Book.refused`.
   */
  tell(to: string, body: Uint8Array): { readonly note: string; readonly changes: readonly JournalChange[] }
  /** A word of at most `bookWordBytesMax` to a patient's wallet, kept until its mailbox has it. */
  notify(mailbox: Mailbox, body: Uint8Array): readonly JournalChange[]
}
