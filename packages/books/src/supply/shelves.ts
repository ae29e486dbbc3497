/** What this member knows by label: units, packages, lots and its own one-time keys. */
import { boolean, decode, equalBytes, no, ok, type Result, text, toHex } from '@plexus/codec'
import { members, type Parcel, supply, type Whereabouts } from '@plexus/contracts'
import { readLabel } from '@plexus/epcis'
import type { JournalChange, Table } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import { checkLot, type LabelIdentifier, type LotContent, lotContent, type SupplyState } from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import { type KeyRow, keyRow, type LotRow, lotRow, type SupplyRefusal, type Thing } from './rows.ts'
import { Stock } from './stock.ts'

/** What a label says. */
export interface Label {
  readonly identifier: LabelIdentifier
  /** Application identifiers 10 and 17, where they stand on it. */
  readonly lot: string | null
  readonly expiry: string | null
}

export class Shelves {
  readonly stock: Stock
  readonly lots: Table<LotRow>
  readonly keys: Table<KeyRow>
  readonly #makers: Table<string>
  readonly #free: Table<boolean>
  readonly #desk: BookDesk

  constructor(desk: BookDesk) {
    this.#desk = desk
    this.stock = new Stock(desk)
    this.lots = desk.table('lots', lotRow)
    this.keys = desk.table('keys', keyRow)
    this.#makers = desk.table('makers', text({ max: 40 }))
    this.#free = desk.table('free-keys', boolean())
  }

  get view(): SupplyState {
    return viewOf(supply, this.#desk.state)
  }

  /** Where a thing is on the ledger, by what it was packed in. */
  whereabouts({ member, around }: Pick<Thing, 'around' | 'member'>): Whereabouts | undefined {
    return supply.queries.whereabouts(this.view, [member.tag, ...around].map(toHex))
  }

  /** The hash of the key that holds, or held last, what stands for itself under this tag. */
  holderOf(tag: Uint8Array): Uint8Array | undefined {
    return supply.queries.parcel(this.view, toHex(tag))?.holder
  }

  /** Whether a key, by its hash, is this member's own. */
  isOwn(key: Uint8Array): boolean {
    return this.keys.get(toHex(key)) !== undefined
  }

  /** What a holder packed may be taken out again one by one: without what has left it. What a maker sealed stays as it was made. */
  asItStands(thing: Thing): Thing {
    const { inside, member } = thing
    if (!inside || inside.noiseSeed !== null) return thing
    const tags = inside.tags.filter((tag) => {
      const parcel = supply.queries.parcel(this.view, toHex(tag))
      return parcel?.status === 'inside' && parcel.parent !== null && equalBytes(parcel.parent, member.tag)
    })
    return { ...thing, inside: tags.length > 0 ? { ...inside, tags } : null }
  }

  /** A thing and all that is inside of it now, each before what it holds. */
  *within(thing: Thing): Iterable<Thing> {
    const stands = this.asItStands(thing)
    yield stands
    for (const child of this.stock.inside(stands)) yield* this.within(child)
  }

  putLot(handle: string, row: LotRow): readonly JournalChange[] {
    const content = contentOf(row)
    return [this.lots.put(handle, row), this.#makers.put(this.#desk.keyOf('product', content.gtin), content.maker)]
  }

  /**
   * A lot as it was shown, or undefined where it is not what the ledger has under its handle, or its maker did not sign it.
   */
  believed(shown: Pick<LotRow, 'makerKey' | 'statement'>): (LotContent & { readonly row: LotRow }) | undefined {
    const read = decode(lotContent, shown.statement.content)
    const lot = read.ok ? supply.queries.lot(this.view, toHex(read.value.handle)) : undefined
    if (!read.ok || !lot) return undefined
    const { handle, maker } = read.value
    const { chain, state } = this.#desk
    const { makerKey, statement } = shown
    if (members.queries.holderAt(viewOf(members, state), toHex(makerKey), lot.height) !== maker) return undefined
    if (!checkLot(statement, { chain, handle, lot, makerKey }).ok) return undefined
    const own = this.lots.get(toHex(handle))?.own ?? null
    return { ...read.value, row: { statement, makerKey, own } }
  }

  /** Who made a product, as far as this member saw statements of lots. */
  makerOf(gtin: string): string | undefined {
    return this.#makers.get(this.#desk.keyOf('product', gtin))
  }

  lotOf(handle: Uint8Array): LotContent | undefined {
    const row = this.lots.get(toHex(handle))
    return row && contentOf(row)
  }

  /** What stands for itself on the ledger under this tag, and the own key that holds it. */
  held(tag: Uint8Array): { readonly parcel: Parcel; readonly key: KeyRow } | undefined {
    const parcel = supply.queries.parcel(this.view, toHex(tag))
    const key = parcel && this.keys.get(toHex(parcel.holder))
    return parcel && key && { parcel, key }
  }

  /** A key that may be used for one of these roles, by its hash in hexadecimal. */
  freeKey(roles: readonly KeyRow['role'][]): { readonly hash: string; readonly row: KeyRow } | undefined {
    for (const role of roles)
      for (const [key] of this.#free.entries({ prefix: `${role}/`, limit: 1 })) {
        const found = key.slice(role.length + 1)
        const row = this.keys.get(found)
        if (row) return { hash: found, row }
      }
    return undefined
  }

  /** The key is free from now on, or not any more. */
  putKey(key: string, row: KeyRow): readonly JournalChange[] {
    const free = `${row.role}/${key}`
    return [this.keys.put(key, row), row.use === 'free' ? this.#free.put(free, true) : this.#free.drop(free)]
  }
}

/** What the maker said of a lot; the row was checked when it came in. */
function contentOf({ statement }: LotRow): LotContent {
  const read = decode(lotContent, statement.content)
  if (!read.ok) throw new Error('a statement of a lot does not read: the journal is damaged')
  return read.value
}

/** Reads what a scanner gives: an SSCC, or GTIN and serial. */
export function labelIn(scanned: string): Result<Label, SupplyRefusal> {
  const read = readLabel(scanned)
  if (!read.ok) return no({ type: 'label-malformed' })
  const [sscc, gtin, serial] = ['00', '01', '21'].map((code) => read.value.get(code))
  const rest = { lot: read.value.get('10') ?? null, expiry: read.value.get('17') ?? null }
  if (sscc !== undefined) return ok({ identifier: { type: 'package', sscc }, ...rest })
  if (gtin === undefined || serial === undefined) return no({ type: 'label-malformed' })
  return ok({ identifier: { type: 'unit', gtin, serial }, ...rest })
}
