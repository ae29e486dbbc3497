/** How the parts of the book move the ledger and speak to other books. */
import { encode } from '@plexus/codec'
import type { SupplyTransaction } from '@plexus/contracts'
import type { JournalChange } from '@plexus/exchange'
import { supplyStep } from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import { type StepWords, type SupplyNote, stepWords, supplyNote } from './rows.ts'

/** `seeds`: of the one-time keys that the step asks for. What it gives is to be written with what is kept of it. */
export type Compose = (
  transaction: SupplyTransaction,
  seeds: readonly Uint8Array[],
  words: StepWords,
) => { readonly step: string; readonly changes: readonly JournalChange[] }

export type Tell = (to: string, note: SupplyNote) => readonly JournalChange[]

export const composeAt =
  (desk: BookDesk): Compose =>
  (transaction, seeds, words) =>
    desk.step({ ...supplyStep(desk.chain, desk.frame(), transaction, seeds), about: encode(stepWords, words) })

export const tellAt =
  (desk: BookDesk): Tell =>
  (to, note) =>
    desk.tell(to, encode(supplyNote, note)).changes

/** At most so many in each part, in order. */
export function inParts<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
