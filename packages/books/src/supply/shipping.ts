/**
 * Deliveries. The receiver hands out a fresh key for each; the goods move on the ledger from key to key; what they are is
 * told to the receiver alone, once they are on their way, and is believed as far as the ledger bears it out.
 */
import { compareBytes, encode, equalBytes, fromHex, no, ok, type Result, text, toHex, uint } from '@plexus/codec'
import { type SupplyTransaction, supply } from '@plexus/contracts'
import type { JournalChange, Table } from '@plexus/exchange'
import { contentsOf, type LabelIdentifier, tagOf } from '@plexus/sdk'
import type { BookDesk, StepOutcome, Taken } from '../desk.ts'
import {
  depthMax,
  parcelsMax,
  type ShipmentRow,
  type SupplyNote,
  type SupplyRefusal,
  shipmentRow,
  supplyNote,
  type Thing,
} from './rows.ts'
import type { Shelves } from './shelves.ts'
import type { Compose, Tell } from './steps.ts'

/** Of one partner and not used: a partner that asks for more collects keys. */
const offeredMax = 64
/** Well below what a note takes; the largest single thing, a package of 4,096, is a fifth of it. */
const partBytesMax = 700_000
/** What a thing takes at most beside the tags inside of it. */
const thingBytes = 1_000
const tagBytes = 36
const traders = ['dispenser', 'distributor', 'maker'] as const

type ParcelNote = Extract<SupplyNote, { type: 'parcel' }>
type ToldThing = ParcelNote['things'][number]
export type DeliveryNotes = Extract<SupplyTransaction, { type: 'receive' }>['notes']

interface Parts {
  readonly desk: BookDesk
  readonly shelves: Shelves
  readonly compose: Compose
  readonly tell: Tell
}

export class Shipping {
  readonly shipments: Table<ShipmentRow>
  readonly #parts: Parts
  /** Parts of what is told of a delivery, until all are there. */
  readonly #arriving: Table<SupplyNote>
  readonly #offered: Table<number>
  /** Notes that ask for a key, by their name: whoever is refused knows for what. */
  readonly #asking: Table<string>

  constructor(parts: Parts) {
    this.#parts = parts
    this.shipments = parts.desk.table('shipments', shipmentRow)
    this.#arriving = parts.desk.table('arriving', supplyNote)
    this.#offered = parts.desk.table('keys-offered', uint())
    this.#asking = parts.desk.table('keys-asking', text({ max: 64 }))
  }

  /** Asks the receiver for a key; the goods move when it is here. The delivery's handle is given in hexadecimal. */
  ship(asked: {
    readonly to: string
    readonly labels: readonly LabelIdentifier[]
    readonly purpose: 'return' | 'trade'
  }): Result<{ readonly shipment: string }, SupplyRefusal> {
    const { desk, shelves } = this.#parts
    if (asked.labels.length === 0 || asked.labels.length > parcelsMax) return no({ type: 'plan-too-large' })
    const things = asked.labels.flatMap((label) => shelves.stock.byLabel(label) ?? [])
    if (things.length < asked.labels.length) return no({ type: 'label-unknown' })
    const holders = new Set<string>()
    for (const { member } of things) {
      const held = shelves.held(member.tag)
      if (held?.parcel.status !== 'held') return no({ type: 'not-held' })
      holders.add(toHex(held.parcel.holder))
    }
    if (holders.size > 1) return no({ type: 'held-under-other-keys' })
    const shipment = desk.random(32)
    const tags = things.map(({ member }) => member.tag).sort(compareBytes)
    const told = desk.tell(asked.to, encode(supplyNote, { type: 'key-asked', shipment }))
    desk.write([
      ...told.changes,
      this.#asking.put(told.note, toHex(shipment)),
      this.shipments.put(toHex(shipment), {
        direction: 'out',
        partner: asked.to,
        tags,
        purpose: asked.purpose,
        status: 'key-asked',
        asking: told.note,
        ending: null,
        since: Math.floor(desk.now()),
      }),
    ])
    return ok({ shipment: toHex(shipment) })
  }

  /** At the receiver. A key goes to whoever may trade with it: the shipment that names it is told of before it is received. */
  takeKeyAsked(from: string, { shipment }: Extract<SupplyNote, { type: 'key-asked' }>): Taken {
    const { shelves, tell } = this.#parts
    const offered = this.#offered.get(from) ?? 0
    const free = offered < offeredMax ? shelves.freeKey(traders) : undefined
    if (!free) return no({ type: 'no-key' })
    return ok([
      ...shelves.putKey(free.hash, { ...free.row, use: 'offered', partner: from }),
      this.#offered.put(from, offered + 1),
      ...tell(from, { type: 'key-offered', shipment, key: fromHex(free.hash) }),
    ])
  }

  takeKeyOffered(from: string, { shipment, key }: Extract<SupplyNote, { type: 'key-offered' }>): Taken {
    const { shelves, compose } = this.#parts
    const row = this.shipments.get(toHex(shipment))
    if (row?.partner !== from || row.status !== 'key-asked') return no({ type: 'not-asked' })
    const held = row.tags[0] && shelves.held(row.tags[0])
    if (!held) return ok([this.#end(shipment, row, 'not-held')])
    const { tags, purpose } = row
    const made = compose({ type: 'ship', shipment, tags, to: key, purpose }, [held.key.seed], {
      type: 'ship',
      shipment,
    })
    return ok([
      ...made.changes,
      ...(row.asking === null ? [] : [this.#asking.drop(row.asking)]),
      this.shipments.put(toHex(shipment), { ...row, asking: null, status: 'shipping' }),
    ])
  }

  /** Goods that nobody has received yet are this member's again: their receiver refuses them, or they never left. */
  withdraw(shipment: string): Result<{ readonly step: string }, SupplyRefusal> {
    const { desk, shelves, compose } = this.#parts
    const row = this.shipments.get(shipment)
    const key = row?.direction === 'out' && row.tags[0] ? shelves.held(row.tags[0])?.key : undefined
    if (!row || !key) return no({ type: 'shipment-unknown' })
    if (row.status !== 'shipped') return no({ type: 'not-shipped' })
    const handle = fromHex(shipment)
    const made = compose({ type: 'withdraw-shipment', shipment: handle }, [key.seed], {
      type: 'withdraw',
      shipment: handle,
    })
    desk.write(made.changes)
    return ok({ step: made.step })
  }

  withdrawEnded(shipment: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.shipments.get(toHex(shipment))
    return row && outcome.type === 'accepted' ? [this.#end(shipment, row, 'withdrawn')] : []
  }

  /** The partner has no key to give. */
  refused(note: string, code: string): readonly JournalChange[] {
    const handle = this.#asking.get(note)
    const row = handle === undefined ? undefined : this.shipments.get(handle)
    if (handle === undefined || !row) return []
    return [this.#asking.drop(note), this.#end(fromHex(handle), row, code)]
  }

  shipEnded(shipment: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.shipments.get(toHex(shipment))
    if (!row) return []
    if (outcome.type !== 'accepted') return [this.#end(shipment, row, reasonOf(outcome))]
    const { shelves, tell } = this.#parts
    const things = row.tags.flatMap((tag) => {
      const top = shelves.stock.get(toHex(tag))
      return top ? [...shelves.within(top)] : []
    })
    const lots = new Map(things.flatMap(({ member }) => member.lots.map((lot) => [toHex(lot), lot] as const)))
    const shown = [...lots.keys()].flatMap((lot) => {
      const found = shelves.lots.get(lot)
      return found ? [{ statement: found.statement, makerKey: found.makerKey }] : []
    })
    const parts = inParcelParts(things)
    return [
      this.shipments.put(toHex(shipment), { ...row, status: 'shipped' }),
      ...parts.flatMap((part, at) =>
        tell(row.partner, {
          type: 'parcel',
          shipment,
          part: at,
          parts: parts.length,
          lots: at === 0 ? shown : [],
          things: part.map(({ around: _, ...told }) => told),
        }),
      ),
    ]
  }

  /** At the receiver: what is said of the goods must be what moved on the ledger, to a key that this partner was given. */
  takeParcel(from: string, note: ParcelNote): Taken {
    const { shelves } = this.#parts
    const handle = toHex(note.shipment)
    const shipment = supply.queries.shipment(shelves.view, handle)
    if (!shipment) return no({ type: 'not-yet' })
    const key = shelves.keys.get(toHex(shipment.to))
    if (key?.partner !== from || note.part >= note.parts) return no({ type: 'not-for-us' })
    const known = this.shipments.get(handle)
    if (known && known.status !== 'told-in-part') return ok([])
    const others = [...this.#arriving.entries({ prefix: `${handle}/` })].flatMap(([, each]) =>
      each.type === 'parcel' && each.part !== note.part ? [each] : [],
    )
    const row = {
      direction: 'in',
      partner: from,
      tags: shipment.tags,
      purpose: shipment.purpose,
      asking: null,
      ending: null,
      since: Math.floor(this.#parts.desk.now()),
    } as const
    if (others.length + 1 < note.parts)
      return ok([
        this.#arriving.put(`${handle}/${note.part}`, note),
        this.shipments.put(handle, { ...row, status: 'told-in-part' }),
      ])
    const parts = [...others, note].sort((a, b) => a.part - b.part)
    const checked = this.#checked(parts, shipment.tags)
    if (!checked.ok) return checked
    return ok([
      ...checked.value,
      ...others.map(({ part }) => this.#arriving.drop(`${handle}/${part}`)),
      ...shelves.putKey(toHex(shipment.to), { ...key, use: 'used' }),
      this.#offered.put(from, Math.max(0, (this.#offered.get(from) ?? 0) - 1)),
      this.shipments.put(handle, { ...row, status: 'arrived' }),
    ])
  }

  /** The goods are here. What is missing, damaged or more than told is said in the same step. */
  receive(asked: {
    readonly shipment: string
    readonly missing: readonly LabelIdentifier[]
    readonly damaged: readonly LabelIdentifier[]
    readonly notes: DeliveryNotes
  }): Result<{ readonly step: string }, SupplyRefusal> {
    const { desk, shelves, compose } = this.#parts
    const row = this.shipments.get(asked.shipment)
    if (row?.direction !== 'in') return no({ type: 'shipment-unknown' })
    if (row.status !== 'arrived') return no({ type: 'not-arrived' })
    const shipment = supply.queries.shipment(shelves.view, asked.shipment)
    const key = shipment && shelves.keys.get(toHex(shipment.to))
    if (!key?.licence) return no({ type: 'no-key' })
    const [missing, damaged] = [asked.missing, asked.damaged].map((labels) =>
      labels.flatMap((label) => shelves.stock.byLabel(label)?.member.tag ?? []).sort(compareBytes),
    )
    if (missing?.length !== asked.missing.length || damaged?.length !== asked.damaged.length)
      return no({ type: 'label-unknown' })
    const handle = fromHex(asked.shipment)
    const made = compose(
      { type: 'receive', shipment: handle, licence: key.licence, missing, damaged, notes: asked.notes },
      [key.seed],
      { type: 'receive', shipment: handle },
    )
    desk.write([...made.changes, this.shipments.put(asked.shipment, { ...row, status: 'receiving' })])
    return ok({ step: made.step })
  }

  receiveEnded(shipment: Uint8Array, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.shipments.get(toHex(shipment))
    if (!row) return []
    const status = outcome.type === 'accepted' ? 'received' : 'arrived'
    return [this.shipments.put(toHex(shipment), { ...row, status })]
  }

  /** Rows of all that was told, or why it is not believed. */
  #checked(parts: readonly ParcelNote[], tops: readonly Uint8Array[]): Taken {
    const { shelves } = this.#parts
    const lots = parts.flatMap((each) => each.lots).map((shown) => shelves.believed(shown))
    if (lots.some((lot) => lot === undefined)) return no({ type: 'lot-not-believed' })
    const handles = new Set(lots.map((lot) => lot && toHex(lot.handle)))
    const told = new Map(parts.flatMap((each) => each.things).map((thing) => [toHex(thing.member.tag), thing]))
    const changes: JournalChange[] = lots.flatMap((lot) => (lot ? shelves.putLot(toHex(lot.handle), lot.row) : []))
    const open: (readonly [Uint8Array, readonly Uint8Array[], boolean])[] = tops.map((tag) => [tag, [], true])
    const seen = new Set<string>()
    const fresh: Thing[] = []
    for (let next = open.pop(); next; next = open.pop()) {
      const [tag, around, isAlone] = next
      const thing = told.get(toHex(tag))
      // Each stands in one place: so the walk ends, and nothing is told twice.
      if (seen.has(toHex(tag)) || around.length > depthMax) return no({ type: 'not-as-shipped' })
      seen.add(toHex(tag))
      if (!thing || !isItself(thing, told) || thing.member.lots.some((lot) => !handles.has(toHex(lot))))
        return no({ type: 'not-as-shipped' })
      if (isAlone && !this.#stands(thing, around[0])) return no({ type: 'not-as-shipped' })
      // What this member packed or had before knows more of what it was packed in.
      const before = shelves.stock.get(toHex(tag))
      if (!before || thing.inside) fresh.push({ ...thing, around: before?.around ?? (isAlone ? [] : around) })
      for (const inner of thing.inside?.tags ?? [])
        open.push([inner, [tag, ...around], thing.inside?.noiseSeed === null])
    }
    return seen.size === told.size ? ok([...changes, ...shelves.stock.put(fresh)]) : no({ type: 'not-as-shipped' })
  }

  /** The ledger has under this tag what was told: the same contents, of the same lots, inside of what it is told in. */
  #stands({ member }: ToldThing, around: Uint8Array | undefined): boolean {
    const parcel = supply.queries.parcel(this.#parts.shelves.view, toHex(member.tag))
    if (!parcel || parcel.lots.length !== member.lots.length) return false
    const isThere = around === undefined || (parcel.status === 'inside' && equalBytes(parcel.parent ?? noTag, around))
    if (!isThere) return false
    const areSame = parcel.lots.every((lot, at) => equalBytes(lot, member.lots[at] ?? new Uint8Array(0)))
    return areSame && isSameContents(parcel.contents, member.contents)
  }

  #end(shipment: Uint8Array, row: ShipmentRow, ending: string): JournalChange {
    return this.shipments.put(toHex(shipment), { ...row, status: 'ended', ending })
  }
}

/** The tag is that of the label, and the committed contents are what it is said to hold. */
function isItself({ identifier, labelKey, member, inside }: ToldThing, told: ReadonlyMap<string, ToldThing>): boolean {
  const tag = tagOf(labelKey, identifier)
  if (!tag.ok || !equalBytes(tag.value, member.tag)) return false
  if (!inside) return member.contents === null
  // What a holder packed has no committed contents: each thing in it is looked up by itself.
  if (inside.noiseSeed === null) return member.contents === null
  const members = inside.tags.flatMap((inner) => told.get(toHex(inner))?.member ?? [])
  if (members.length < inside.tags.length) return false
  return isSameContents(contentsOf({ members, noiseSeed: inside.noiseSeed }), member.contents)
}

const noTag = new Uint8Array(32)

type Contents = ToldThing['member']['contents']

function isSameContents(a: Contents, b: Contents): boolean {
  return a === null || b === null ? a === b : a.leaves === b.leaves && equalBytes(a.root, b.root)
}

function inParcelParts(things: readonly Thing[]): readonly (readonly Thing[])[] {
  const parts: Thing[][] = []
  let size = partBytesMax
  for (const thing of things) {
    const bytes = thingBytes + (thing.inside?.tags.length ?? 0) * tagBytes
    if (size + bytes > partBytesMax) {
      parts.push([])
      size = 0
    }
    size += bytes
    parts.at(-1)?.push(thing)
  }
  return parts
}

const reasonOf = (outcome: Exclude<StepOutcome, { readonly type: 'accepted' }>): string =>
  outcome.type === 'refused' ? outcome.reason : 'lapsed'
