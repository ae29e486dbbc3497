/** What the embedded engine is handed: a store per replica, the time, and a way to be called later. */
import type { Infer } from '@plexus/codec'
import type { AppliedBlock, LedgerReader, Machine, StateProof, storedBlock, Tip } from '@plexus/kernel'

export type StoredBlock = Infer<typeof storedBlock>

/** Where a transaction stands: at `index`, from 0, in the block of that height. */
export interface TransactionPlace {
  readonly height: number
  readonly index: number
}

/** What the state after the block of `height` says of one key; `value` is null when it is absent. */
export interface ProvenState {
  readonly height: number
  readonly key: string
  readonly value: Uint8Array | null
  readonly proof: StateProof
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
}

/** A durable ledger of one replica. All of it is synchronous. */
export interface LedgerPort extends LedgerReader {
  /** All of the block is durable on return, or nothing of it when this throws. */
  commit(applied: AppliedBlock, header: Uint8Array): void
  block(height: number): StoredBlock | undefined
  /** The signed header of a block, without its transactions. */
  header(height: number): Uint8Array | undefined
  /** Where the envelope of this id and end was accepted; as long as it was not, where it was refused last. */
  transactionPlace(id: Uint8Array, validUntil: number): TransactionPlace | undefined
  /** Undefined for a height that is not there or no longer provable. */
  proveStateAt(height: number, key: string): ProvenState | undefined
}

export interface Clock {
  /** Seconds since 1970, with fractions. */
  now(): number
}

/** Calls back once after so many milliseconds, in order for equal times; the answer cancels that. */
export type Schedule = (callback: () => void, milliseconds: number) => () => void

/** A block as it travels: the encoded `signedHeader` and the envelopes. */
export interface SignedBlock {
  readonly header: Uint8Array
  readonly transactions: readonly Uint8Array[]
}

/** Of a ledger that was founded. */
export function newestTip(store: Pick<LedgerPort, 'tip'>): Tip {
  const tip = store.tip()
  if (!tip) throw new Error('the ledger was founded, and has no tip')
  return tip
}

/** Genesis has no header. */
const noHeader = new Uint8Array(0)

/** Founds the ledger when it is empty. */
export function foundOnce(machine: Machine, store: LedgerPort): void {
  if (!store.tip()) store.commit(machine.found(), noHeader)
}
