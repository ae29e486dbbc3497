/**
 * The book of prescriptions at one member, which may prescribe, dispense, or both: what the ledger does not say of an item
 * is here, at whoever signed it and at whoever it was brought to.
 */
import { decode, encode, fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import { prescriptions } from '@plexus/contracts'
import type { JournalChange } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import {
  type DispensingRecord,
  type LineNames,
  type PrescriptionContent,
  prescriptionNote,
  prescriptionStep,
  quantityOf,
} from '@plexus/sdk'
import type { Book, BookDesk, StepEnd, Taken } from '../desk.ts'
import { Dispenser } from './dispenser.ts'
import { fillOfTag, itemOf } from './ledger.ts'
import { contentIn, type Made, Prescriber } from './prescriber.ts'
import { about, type BroughtRow, type OrderRow } from './rows.ts'

/** One item, from the side of a member that has its content. */
export interface KnownItem {
  /** Hexadecimal. */
  readonly handle: string
  readonly side: 'prescriber' | 'dispenser'
  /** The practice, or the pharmacy. */
  readonly organisation: string
  /** As `prescriptions` has it; null while no block has the item. */
  readonly status: string | null
  /** A cancellation found it with its dispenser: nothing more is filled. */
  readonly marked: boolean
  /** Whether this member's key holds it now. */
  readonly held: boolean
  /** Whether the patient's word names this pharmacy: its key may claim the item, or its next fill, once the day has come. */
  readonly named: boolean
  readonly content: PrescriptionContent
  /** What systems beside the node call it; null where they have no name for it. */
  readonly names: LineNames | null
  /** Units of the fill that it is at, and which of `1 + refills` that is. */
  readonly filled: number
  readonly fill: number
  readonly fills: readonly KnownFill[]
}

export interface KnownFill {
  /** Hexadecimal. */
  readonly tag: string
  readonly record: DispensingRecord
  readonly reversed: boolean
  /** The key of the tag, at the pharmacy alone: who has it may claim a discount for the fill. */
  readonly tagSeed: Uint8Array | null
}

/** Where a list goes on: after an item of one side, by its handle in hexadecimal, or at the side's first. */
export interface ListPlace {
  readonly side: KnownItem['side']
  readonly after: string | null
}

const listBegin: ListPlace = { side: 'prescriber', after: null }

export class PrescriptionsBook implements Book {
  readonly prescriber: Prescriber
  readonly dispenser: Dispenser
  private readonly desk: BookDesk

  constructor(desk: BookDesk) {
    this.desk = desk
    this.prescriber = new Prescriber(desk)
    this.dispenser = new Dispenser(desk)
  }

  take(from: string | null, body: Uint8Array): Taken {
    const note = decode(prescriptionNote, body)
    if (!note.ok) return no({ type: 'malformed' })
    if (note.value.type === 'nomination') return this.dispenser.take(from, note.value)
    return from === null ? no({ type: 'malformed' }) : this.prescriber.takeFill(note.value)
  }

  ended({ about: words, outcome }: StepEnd): readonly JournalChange[] {
    const what = decode(about, words)
    if (!what.ok) throw new Error('a step of the journal is about nothing that this book knows')
    return [...this.prescriber.ended(what.value, outcome), ...this.dispenser.ended(what.value, outcome)]
  }

  /** By anybody who knows the item, once it is over. */
  expire(handle: Uint8Array): Result<Made, { readonly type: 'item-unknown' }> {
    if (!this.prescriber.rowOf(handle) && !this.dispenser.rowOf(handle)) return no({ type: 'item-unknown' })
    const { desk } = this
    const made = desk.step({
      ...prescriptionStep(desk.chain, desk.frame(), { type: 'expire', handle }, []),
      about: encode(about, { type: 'move', handle }),
    })
    desk.write(made.changes)
    return ok({ step: made.step })
  }

  /** What this member knows of an item; twice where it both prescribed and dispenses it. */
  find(handle: Uint8Array): readonly KnownItem[] {
    const order = this.prescriber.rowOf(handle)
    const brought = this.dispenser.rowOf(handle)
    return [...(order ? [this.ordered(order)] : []), ...(brought ? [this.broughtHere(brought)] : [])]
  }

  /** The items of one side that bear these names; an empty name says nothing. */
  named(side: KnownItem['side'], names: LineNames): readonly KnownItem[] {
    const book = side === 'prescriber' ? this.prescriber : this.dispenser
    return book.names
      .find(names)
      .flatMap((handle) => this.find(handle))
      .filter((item) => item.side === side && (names.order === '' || item.names?.order === names.order))
  }

  /** At most `limit` items, those that were signed here before those that were brought; and where the list goes on, or null. */
  list(
    { side, after }: ListPlace = listBegin,
    limit = 200,
  ): { readonly items: readonly KnownItem[]; readonly next: ListPlace | null } {
    const from = after === null ? null : fromHex(after)
    const items =
      side === 'prescriber'
        ? this.prescriber.rows(from, limit).map((row) => this.ordered(row))
        : this.dispenser.rows(from, limit).map((row) => this.broughtHere(row))
    const last = items.at(-1)
    if (last && items.length === limit) return { items, next: { side, after: last.handle } }
    if (side === 'dispenser') return { items, next: null }
    const rest = this.list({ side: 'dispenser', after: null }, limit - items.length)
    return { items: [...items, ...rest.items], next: rest.next }
  }

  private ordered(row: OrderRow): KnownItem {
    const { organisation } = row
    const fills = row.fills.map((told) => ({ told, tagSeed: null }))
    return { side: 'prescriber', organisation, ...this.standing(row, fills), held: false, named: false }
  }

  private broughtHere(row: BroughtRow): KnownItem {
    const held = this.dispenser.holding(row.handle) !== undefined
    const named = this.dispenser.isNamed(row)
    return { side: 'dispenser', organisation: row.pharmacy, ...this.standing(row, row.fills), held, named }
  }

  private standing(
    row: OrderRow | BroughtRow,
    fills: readonly { readonly told: OrderRow['fills'][number]; readonly tagSeed: Uint8Array | null }[],
  ): Omit<KnownItem, 'held' | 'named' | 'organisation' | 'side'> {
    const { desk } = this
    const handle = toHex(row.handle)
    const content = contentIn(row)
    const item = itemOf(desk.state, row.handle)
    const view = viewOf(prescriptions, desk.state)
    return {
      handle,
      status: prescriptions.queries.statusAt(view, { handle, time: desk.tip().time }) ?? null,
      marked: item !== undefined && item.marked !== null,
      content,
      names: row.names,
      filled: item ? quantityOf(item.level, content.quantity) : 0,
      fill: item?.fill ?? 1,
      fills: fills.map(({ told: { tag, record }, tagSeed }) => {
        const known = fillOfTag(desk.state, tag)
        return { tag: toHex(tag), record, reversed: known !== undefined && known.reversed !== null, tagSeed }
      }),
    }
  }
}
