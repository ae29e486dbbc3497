/** The private side of `supply` at one member: labels, keys and deliveries, and what the ledger says of them. */
import { decode, no, type Result, toHex } from '@plexus/codec'
import type { SupplyEvent } from '@plexus/contracts'
import { type JournalChange, sequenceKey } from '@plexus/exchange'
import { type LotTrace, type PackageManifest, type TraceRefusal, traceLot } from '@plexus/sdk'
import type { Book, BookDesk, StepEnd, Taken } from '../desk.ts'
import { Agreeing } from './agreeing.ts'
import { Alarms, type EventsAfter } from './alarms.ts'
import { Dispensing, type Fills } from './dispensing.ts'
import { Holding } from './holding.ts'
import { Licences } from './licences.ts'
import { Making } from './making.ts'
import { Proving } from './proving.ts'
import { type AlertRow, type SupplyRefusal, stepWords, supplyNote, type Thing } from './rows.ts'
import { Scanning } from './scanning.ts'
import { type Label, Shelves } from './shelves.ts'
import { Shipping } from './shipping.ts'
import { composeAt, tellAt } from './steps.ts'
import { identifierText } from './stock.ts'

const noteBytesMax = 1_000_000

/** One thing in this member's hands, or that was. */
export interface ShownThing {
  readonly label: string
  readonly lots: readonly string[]
  /** As on the ledger, of itself or of what it is inside; `unknown` before it is there. */
  readonly status: string
  readonly isHeldHere: boolean
  readonly isRecalled: boolean
}

export class SupplyBook implements Book {
  readonly shelves: Shelves
  readonly licences: Licences
  readonly making: Making
  readonly shipping: Shipping
  readonly dispensing: Dispensing
  readonly scanning: Scanning
  readonly alarms: Alarms
  readonly holding: Holding
  readonly proving: Proving
  readonly agreeing: Agreeing
  readonly #tell

  constructor(desk: BookDesk, { eventsAfter, fills }: { readonly eventsAfter: EventsAfter; readonly fills: Fills }) {
    const [compose, tell] = [composeAt(desk), tellAt(desk)]
    const shelves = new Shelves(desk)
    this.#tell = tell
    this.shelves = shelves
    this.licences = new Licences({ desk, shelves, compose, tell })
    this.making = new Making({ desk, shelves, compose })
    this.shipping = new Shipping({ desk, shelves, compose, tell })
    this.dispensing = new Dispensing({ desk, shelves, compose, fills })
    this.scanning = new Scanning({ desk, shelves, compose })
    this.holding = new Holding({ desk, shelves, compose })
    this.agreeing = new Agreeing({ desk, shelves, tell })
    const { dispensing } = this
    this.alarms = new Alarms({ desk, shelves, dispensing, compose, tell, eventsAfter })
    this.proving = new Proving({ desk, shelves, alarms: this.alarms })
  }

  take(from: string | null, body: Uint8Array): Taken {
    const read = decode(supplyNote, body, noteBytesMax)
    if (from === null || !read.ok) return no({ type: 'malformed' })
    const note = read.value
    switch (note.type) {
      case 'keys-asked':
        return this.licences.takeAsked(from, note)
      case 'keys-granted':
        return this.licences.takeGranted(from, note)
      case 'key-asked':
        return this.shipping.takeKeyAsked(from, note)
      case 'key-offered':
        return this.shipping.takeKeyOffered(from, note)
      case 'parcel':
        return this.shipping.takeParcel(from, note)
      case 'label-asked':
        return this.scanning.takeAsked(from, note, (answer) => this.#tell(from, answer))
      case 'label-answered':
        return this.scanning.takeAnswered(from, note)
      case 'recall-answered':
        return this.alarms.takeRecallAnswer(from, note)
      case 'agreement-asked':
        return this.agreeing.takeAsked(from, note)
      case 'agreement-declined':
        return this.agreeing.takeDeclined(from, note)
      case 'agreement-share-asked':
        return this.agreeing.takeShareAsked(from, note)
      case 'agreement-share':
        return this.agreeing.takeShare(from, note)
    }
  }

  ended({ about, outcome }: StepEnd): readonly JournalChange[] {
    const read = decode(stepWords, about)
    if (!read.ok) throw new Error('the words of a step do not read: the journal is damaged')
    const words = read.value
    switch (words.type) {
      case 'commission':
        return this.making.commissionEnded(words.lot, words.key, outcome)
      case 'grant':
        return this.licences.grantEnded(words.root, outcome)
      case 'ship':
        return this.shipping.shipEnded(words.shipment, outcome)
      case 'withdraw':
        return this.shipping.withdrawEnded(words.shipment, outcome)
      case 'receive':
        return this.shipping.receiveEnded(words.shipment, outcome)
      case 'pack':
        return this.making.packEnded(words.tag, outcome)
      case 'dispense':
        return this.dispensing.dispenseEnded(words.tag, outcome)
      case 'report':
        return this.scanning.reportEnded(words.scan, outcome)
      case 'holding':
        return this.holding.holdingEnded(words.record, outcome)
      case 'agreement':
        return this.agreeing.agreementEnded(words.id, outcome)
      case 'other':
        return []
    }
  }

  refused(note: string, code: string): readonly JournalChange[] {
    return [...this.shipping.refused(note, code), ...this.scanning.refused(note, code)]
  }

  look(): readonly JournalChange[] {
    return this.alarms.look()
  }

  /** Packages, and units that came alone, whose labels this member has: in the order of tags, after one of them. */
  list(after: string | null, limit: number): readonly (ShownThing & { readonly tag: string })[] {
    const range = after === null ? { limit } : { after, limit }
    return [...this.shelves.stock.entries(range)].map(([tag, thing]) => ({ tag, ...this.shown(thing) }))
  }

  /** What stands on the label behind a tag, or null where this member never had it. */
  labelOf(tag: Uint8Array): string | null {
    const thing = this.shelves.stock.get(toHex(tag))
    return thing ? identifierText(thing.identifier) : null
  }

  /** What was held back, let go again or ended here, after a number, oldest first. */
  holdings(after: number, limit: number): readonly Readonly<Record<string, unknown>>[] {
    return [...this.holding.records.entries({ after: sequenceKey(after), limit })].map(
      ([number, { tag, what, why, at, stands }]) => ({
        number: Number(number),
        label: this.labelOf(tag),
        ...{ what, why, at, stands },
      }),
    )
  }

  /** What partners were asked to say together with this member, and it with them, after an id. */
  agreements(after: string | null, limit: number): readonly Readonly<Record<string, unknown>>[] {
    const range = after === null ? { limit } : { after, limit }
    const labels = (tags: readonly Uint8Array[]) => tags.map((tag) => this.labelOf(tag))
    return [...this.agreeing.rows.entries(range)].map(([agreement, row]) => {
      const { side, partner, status, about, why, at } = row
      const said =
        about.type === 'clear'
          ? { clear: this.labelOf(about.tag) }
          : { shipment: toHex(about.shipment), lost: labels(about.lost), found: labels(about.found) }
      return { agreement, side, partner, status, isOpen: this.agreeing.isOpen(row), why, at, ...said }
    })
  }

  /** Alerts after a number, oldest first. */
  alerts(after: number, limit: number): readonly Readonly<Record<string, unknown>>[] {
    return [...this.alarms.alerts.entries({ after: sequenceKey(after), limit })].map(([number, { about, height }]) => ({
      number: Number(number),
      height,
      ...inHex(about),
      ...('tag' in about && { label: this.labelOf(about.tag) }),
    }))
  }

  /** What was put into a package, after one of its tags; undefined where this member has no label of it. */
  inside({ identifier }: Label, after: string | null, limit: number): ReturnType<SupplyBook['list']> | undefined {
    const thing = this.shelves.stock.byLabel(identifier)
    if (!thing) return undefined
    const inside = this.shelves.stock
      .inside(this.shelves.asItStands(thing))
      .map((each) => ({ tag: toHex(each.member.tag), each }))
    return inside
      .filter(({ tag }) => after === null || tag > after)
      .sort((a, b) => (a.tag < b.tag ? -1 : 1))
      .slice(0, limit)
      .map(({ tag, each }) => ({ tag, ...this.shown(each) }))
  }

  thing({ identifier }: Label): ShownThing | undefined {
    const thing = this.shelves.stock.byLabel(identifier)
    return thing && this.shown(thing)
  }

  /** Where every unit of a lot of the member's own is, and that none was gained or lost. */
  trace(lot: string): Result<LotTrace, SupplyRefusal | TraceRefusal> {
    const own = this.shelves.lots.get(lot)?.own
    if (!own) return no({ type: 'not-our-lot' })
    const tops = own.packages.flatMap((tag) => this.shelves.stock.get(toHex(tag)) ?? [])
    const manifests = new Map<string, PackageManifest>()
    for (const top of tops)
      for (const thing of this.shelves.within(top)) {
        const manifest = this.shelves.stock.manifestOf(thing)
        if (manifest) manifests.set(toHex(thing.member.tag), manifest)
      }
    const [handle] = tops[0]?.member.lots ?? []
    if (!handle) return no({ type: 'lot-unknown' })
    return traceLot(this.shelves.view, { handle, commissioned: commissionedOf(handle, tops), manifests })
  }

  private shown(thing: Thing): ShownThing {
    const where = this.shelves.whereabouts(thing)
    const status = where ? (where.parcel.status === 'inside' ? where.carrier.status : where.parcel.status) : 'unknown'
    return {
      label: identifierText(thing.identifier),
      lots: thing.member.lots.map(toHex),
      status,
      isHeldHere: where !== undefined && this.shelves.isOwn(where.carrier.holder),
      isRecalled: where?.recalled ?? false,
    }
  }
}

/** As the event said it, of what a trace looks at. */
function commissionedOf(
  handle: Uint8Array,
  tops: readonly Thing[],
): Extract<SupplyEvent, { readonly type: 'commissioned' }> {
  const nothing = new Uint8Array(32)
  return {
    type: 'commissioned',
    holder: nothing,
    grant: nothing,
    lots: [{ handle, label: nothing, endsAt: 0 }],
    packages: tops.map(({ member }) => member),
    height: 0,
  }
}

function inHex(about: AlertRow['about']): Readonly<Record<string, unknown>> {
  const entries = Object.entries(about).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? toHex(value) : value,
  ])
  return Object.fromEntries(entries)
}
