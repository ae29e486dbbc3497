/** The side of those who dispense: items that were brought to them, and what they did with them. */
import { encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import type { Item, Dispenser as NamedDispenser, PrescriptionsTransaction, RemainderReason } from '@plexus/contracts'
import { dayAt } from '@plexus/contracts'
import type { JournalChange, Table } from '@plexus/exchange'
import {
  type Drug,
  type FilledPart,
  fillOf,
  handleOfSeed,
  type PrescriptionContent,
  type PrescriptionNote,
  prescriptionNote,
  prescriptionStep,
  prescriptionWord,
  quantityOf,
} from '@plexus/sdk'
import type { BookDesk, StepOutcome, Taken } from '../desk.ts'
import { checkBrought, fillOfTag, hostOf, itemOf } from './ledger.ts'
import { Names } from './names.ts'
import { contentIn, type Made } from './prescriber.ts'
import { type About, about, type BroughtRow, broughtRow } from './rows.ts'

export type DispenseRefusal = {
  readonly type:
    | 'item-unknown'
    | 'not-held-here'
    | 'held-here'
    | 'quantity-missing'
    | 'more-than-authorised'
    | 'dispense-known'
    | 'nothing-to-take-back'
}

/** What a pharmacy hands out. */
export interface Dispensed {
  /** Units with this part. */
  readonly quantity: number
  readonly product: Drug
  readonly lot: string
  /** The NPI of the pharmacist, who is employed there, and the seed of the pharmacist's key. */
  readonly pharmacist: { readonly npi: string; readonly seed: Uint8Array }
  /** The NPI under which the pharmacy is licensed; of one who practises alone it is the pharmacist's. */
  readonly pharmacy: string
  /** Others of the pharmacy, and other pharmacies, that the fill names, so that it does not tell who dispensed. */
  readonly beside: readonly NamedDispenser[]
  /** Why only a part, where the limits ask for it. */
  readonly remainder: RemainderReason | null
  /** What the pharmacy's own system calls it: dispensed once, however often it is sent. Null where it has no name. */
  readonly name: string | null
}

/** What the pharmacy has of an item that it holds: whoever makes a fill with another contract's transaction signs with `holderSeed`. */
export interface Holding {
  readonly content: PrescriptionContent
  readonly item: Item
  readonly holderSeed: Uint8Array
}

/** Steps that the holder takes and that need nothing more. */
export type HolderMove = 'return-item' | 'offer-transfer' | 'complete' | 'not-dispensed'

export class Dispenser {
  private readonly desk: BookDesk
  private readonly brought: Table<BroughtRow>
  readonly names: Names

  constructor(desk: BookDesk) {
    this.desk = desk
    this.brought = desk.table('brought', broughtRow)
    this.names = new Names(desk, 'brought')
  }

  /**
   * An item is brought, by a practice or by a patient's wallet. It is checked as the law asks before anybody claims it
   * (21 CFR 1311.200); a wallet shows that it speaks for the patient by the claimant's key.
   */
  take(from: string | null, note: Extract<PrescriptionNote, { readonly type: 'nomination' }>): Taken {
    const { desk } = this
    const { pharmacy, handle, claimantSeed, prescription, mailbox, names } = note
    if (!desk.organisations.has(pharmacy)) return no({ type: 'organisation-unknown' })
    const item = itemOf(desk.state, handle)
    if (!item) return no({ type: 'not-yet' })
    const named = item.claimant && equalBytes(item.claimant, handleOfSeed(claimantSeed))
    if (!named && from === null) return no({ type: item.claimant ? 'not-its-key' : 'not-yet' })
    const checked = checkBrought(desk, { handle, item, shown: prescription })
    if (!checked.ok) return checked
    const known = this.rowOf(handle)
    const { holderSeed = null, fills = [] } = known ?? {}
    return ok([
      this.put({ handle, pharmacy, prescription, claimantSeed, holderSeed, mailbox, names, fills }),
      ...this.names.put([{ handle, names }]),
    ])
  }

  claim(handle: Uint8Array): Result<Made, DispenseRefusal> {
    const row = this.rowOf(handle)
    if (!row) return no({ type: 'item-unknown' })
    if (this.holding(handle)) return no({ type: 'held-here' })
    const holderSeed = this.desk.random(32)
    const claim = { type: 'claim', handle, holder: handleOfSeed(holderSeed) } as const
    return ok(this.make(claim, row.claimantSeed, { type: 'claim', handle, holderSeed }))
  }

  /** A fill that this contract makes alone. */
  fill(handle: Uint8Array, dispensed: Dispensed): Result<Made, DispenseRefusal> {
    const composed = this.composeFill(handle, dispensed)
    if (!composed.ok) return composed
    const { part, holderSeed } = composed.value
    const { tagSeed, record, signature, leafKey, transaction } = part
    const { name } = dispensed
    return ok(this.make(transaction, holderSeed, { type: 'fill', handle, tagSeed, record, signature, leafKey, name }))
  }

  /**
   * The fill as the holder composes it, for this contract's envelope or for another's that calls this one. `fillMoved`
   * is written once the ledger has it.
   */
  composeFill(
    handle: Uint8Array,
    { quantity, name, pharmacist, pharmacy, beside, ...said }: Dispensed,
  ): Result<{ readonly part: FilledPart; readonly holderSeed: Uint8Array }, DispenseRefusal> {
    const { desk } = this
    const row = this.rowOf(handle)
    const held = this.holding(handle)
    if (!row || !held) return no({ type: row ? 'not-held-here' : 'item-unknown' })
    const { content, item, holderSeed } = held
    if (name !== null && row.fills.some((each) => each.name === name)) return no({ type: 'dispense-known' })
    if (!Number.isInteger(quantity) || quantity < 1) return no({ type: 'quantity-missing' })
    if (quantityOf(item.level, content.quantity) + quantity > content.quantity)
      return no({ type: 'more-than-authorised' })
    const { npi, seed } = pharmacist
    const by = { organisation: row.pharmacy, pharmacy, pharmacist: npi, seed, beside }
    const day = dayAt(desk.tip().time, { lagMinutes: item.dayLagMinutes })
    return ok({
      part: fillOf({ chain: desk.chain, item, content }, { quantity, day, by, ...said }, desk.random),
      holderSeed,
    })
  }

  /** What is kept of a fill that the ledger has (21 CFR 1304.22(c)); the prescriber and the patient are told. */
  fillMoved(
    handle: Uint8Array,
    {
      tagSeed,
      record,
      signature,
      leafKey,
      name,
    }: Pick<FilledPart, 'tagSeed' | 'record' | 'signature' | 'leafKey'> & Pick<Dispensed, 'name'>,
  ): readonly JournalChange[] {
    const { desk } = this
    const row = this.rowOf(handle)
    if (!row) return []
    const told = { tag: handleOfSeed(tagSeed), record, signature, leafKey }
    const says = { type: 'dispensed' as const, handle, ...told }
    const prescriber = hostOf(desk.state, contentIn(row).prescriber.organisation)
    return [
      this.put({ ...row, fills: [...row.fills, { told, tagSeed, name }] }),
      ...(prescriber === undefined ? [] : desk.tell(prescriber, encode(prescriptionNote, says)).changes),
      ...(row.mailbox ? desk.notify(row.mailbox, encode(prescriptionWord, says)) : []),
    ]
  }

  move(handle: Uint8Array, type: HolderMove): Result<Made, DispenseRefusal> {
    const held = this.holding(handle)
    if (!held) return no({ type: this.rowOf(handle) ? 'not-held-here' : 'item-unknown' })
    return ok(this.make({ type, handle }, held.holderSeed, { type: 'move', handle }))
  }

  /** The newest fill of this pharmacy that stands: after a return it is the part before. */
  newestFill(handle: Uint8Array): BroughtRow['fills'][number] | undefined {
    return this.rowOf(handle)?.fills.findLast(({ told }) => fillOfTag(this.desk.state, told.tag)?.reversed === null)
  }

  /** Takes a fill back on which nothing of another contract hangs. */
  reverseAlone(handle: Uint8Array, tag: Uint8Array, holderSeed: Uint8Array): Made {
    const reverse = { type: 'reverse-fill', tag, record: this.desk.random(32) } as const
    return this.make(reverse, holderSeed, { type: 'move', handle })
  }

  ended(what: About, outcome: StepOutcome): readonly JournalChange[] {
    if (outcome.type !== 'accepted') return []
    if (what.type === 'fill') return this.fillMoved(what.handle, what)
    if (what.type !== 'claim') return []
    const row = this.rowOf(what.handle)
    return row ? [this.put({ ...row, holderSeed: what.holderSeed })] : []
  }

  /** Undefined unless this member's key holds the item now. */
  holding(handle: Uint8Array): Holding | undefined {
    const row = this.rowOf(handle)
    const item = itemOf(this.desk.state, handle)
    const holderSeed = row?.holderSeed
    if (!row || !item?.holder || !holderSeed) return undefined
    if (!equalBytes(item.holder, handleOfSeed(holderSeed))) return undefined
    return { content: contentIn(row), item, holderSeed }
  }

  /** Whether the key that was brought with it may claim the item as it stands. */
  isNamed({ handle, claimantSeed }: BroughtRow): boolean {
    const claimant = itemOf(this.desk.state, handle)?.claimant
    return claimant ? equalBytes(claimant, handleOfSeed(claimantSeed)) : false
  }

  rowOf(handle: Uint8Array): BroughtRow | undefined {
    return this.brought.get(this.keyOf(handle))
  }

  /** At most `limit`, in the order of keys that say nothing, after an item or from the first. */
  rows(after: Uint8Array | null, limit: number): readonly BroughtRow[] {
    const range = after === null ? { limit } : { after: this.keyOf(after), limit }
    return [...this.brought.entries(range)].map(([, row]) => row)
  }

  private make(transaction: PrescriptionsTransaction, seed: Uint8Array, what: About): Made {
    const { desk } = this
    const made = desk.step({
      ...prescriptionStep(desk.chain, desk.frame(), transaction, [seed]),
      about: encode(about, what),
    })
    desk.write(made.changes)
    return { step: made.step }
  }

  private put(row: BroughtRow): JournalChange {
    return this.brought.put(this.keyOf(row.handle), row)
  }

  private keyOf(handle: Uint8Array): string {
    return this.desk.keyOf('brought', toHex(handle))
  }
}
