/**
 * What the ledger says of goods that this member has or had: a label shown elsewhere, a recall. A recall reaches whoever
 * holds units by the one entry of their lot, their patients by what was dispensed here, and the maker by the holders' word.
 */
import { decode, encode, fromHex, no, ok, type Result, toHex, uint } from '@plexus/codec'
import { type SupplyEvent, supply } from '@plexus/contracts'
import { leafOf, statementHash } from '@plexus/crypto'
import { type JournalChange, sequenceKey, type Table } from '@plexus/exchange'
import { supplyWord } from '@plexus/sdk'
import type { BookDesk, Taken } from '../desk.ts'
import type { Dispensing } from './dispensing.ts'
import { type AlertRow, alertRow, type SupplyNote, type SupplyRefusal } from './rows.ts'
import type { Shelves } from './shelves.ts'
import type { Compose, Tell } from './steps.ts'

/** Events of the ledger, in order: of a store, those after a sequence. */
export type EventsAfter = (
  after: number,
  limit: number,
) => readonly {
  readonly sequence: number
  readonly height: number
  readonly contract: string
  readonly event: Uint8Array
}[]

/** Read in one look: a fraction of a second when all of them are recalls. */
const eventsPerLook = 500
/** Lots in one step, as many as the contract takes with the keys of lots. */
const lotsPerRecallMax = 15
const noticeType = 'supply-recall'

export class Alarms {
  readonly alerts: Table<AlertRow>
  readonly #followed: Table<number>
  readonly #parts: {
    readonly desk: BookDesk
    readonly shelves: Shelves
    readonly dispensing: Dispensing
    readonly compose: Compose
    readonly tell: Tell
    readonly eventsAfter: EventsAfter
  }
  #next: number

  constructor(parts: {
    readonly desk: BookDesk
    readonly shelves: Shelves
    readonly dispensing: Dispensing
    readonly compose: Compose
    readonly tell: Tell
    readonly eventsAfter: EventsAfter
  }) {
    this.#parts = parts
    this.alerts = parts.desk.table('alerts', alertRow)
    this.#followed = parts.desk.table('followed', uint())
    let last = 0
    for (const [key] of this.alerts.entries()) last = Number(key)
    this.#next = last + 1
  }

  /** Follows the ledger's events; each is looked at once, in the write that remembers how far this went. */
  look(): readonly JournalChange[] {
    const { desk, eventsAfter } = this.#parts
    const after = this.#followed.get('events') ?? 0
    if (desk.tip().nextEvent <= after + 1) return []
    const events = eventsAfter(after, eventsPerLook)
    const last = events.at(-1)
    if (!last) return []
    const changes = events.flatMap(({ contract, event, height }) => {
      const read = contract === supply.name ? decode(supply.event, event) : undefined
      return read?.ok ? this.#follow(read.value, height) : []
    })
    return [...changes, this.#followed.put('events', last.sequence)]
  }

  /** By the maker's own keys of these lots. */
  recall(lots: readonly string[]): Result<{ readonly step: string }, SupplyRefusal> {
    const { desk, shelves, compose } = this.#parts
    if (lots.length === 0 || lots.length > lotsPerRecallMax) return no({ type: 'plan-too-large' })
    const sorted = [...new Set(lots)].sort()
    const seeds = sorted.flatMap((lot) => shelves.lots.get(lot)?.own?.seed ?? [])
    if (seeds.length < sorted.length) return no({ type: 'not-our-lot' })
    const notice = leafOf(desk.random(32), statementHash(noticeType, desk.chain, fromHex(sorted.join(''))))
    const made = compose({ type: 'recall', lots: sorted.map(fromHex), notice, regulator: null }, seeds, {
      type: 'other',
    })
    desk.write(made.changes)
    return ok({ step: made.step })
  }

  /** At the maker: who has what of a lot that it made and recalled. */
  takeRecallAnswer(from: string, note: Extract<SupplyNote, { type: 'recall-answered' }>): Taken {
    const { shelves } = this.#parts
    const lot = shelves.lots.get(toHex(note.lot))
    const recalled = supply.queries.lot(shelves.view, toHex(note.lot))?.recalled
    if (!recalled) return no({ type: 'not-yet' })
    if (!lot?.own) return no({ type: 'not-our-lot' })
    const { lot: handle, held, dispensed } = note
    return ok([this.#alert({ type: 'held-elsewhere', lot: handle, holder: from, held, dispensed }, recalled.height)])
  }

  /** All labels of an own lot were handed out with a proof. */
  traced(lot: Uint8Array): readonly JournalChange[] {
    return [this.#alert({ type: 'traced', lot }, this.#parts.desk.tip().height)]
  }

  #follow(event: SupplyEvent, height: number): readonly JournalChange[] {
    if (event.type === 'recalled') return event.lots.flatMap((lot) => this.#recalled(lot, height))
    if (event.type !== 'reported') return []
    const { tag, incident, noticeDueAt } = event
    const { shelves } = this.#parts
    // Whoever had the goods has their label; whoever reported them knows already.
    if (!shelves.stock.get(toHex(tag)) || shelves.isOwn(incident)) return []
    return [this.#alert({ type: 'reported', tag, incident, noticeDueAt }, height)]
  }

  #recalled(lot: Uint8Array, height: number): readonly JournalChange[] {
    const { shelves, dispensing, tell, desk } = this.#parts
    const content = shelves.lotOf(lot)
    if (!content) return []
    let held = 0
    for (const thing of shelves.stock.unitsOf(lot)) {
      const where = shelves.whereabouts(thing)
      if (where && where.parcel.status !== 'dispensed' && shelves.isOwn(where.carrier.holder)) held++
    }
    const changes: JournalChange[] = []
    let [dispensed, told] = [0, 0]
    for (const row of dispensing.ofLot(lot)) {
      const things = row.units.flatMap((tag) => shelves.stock.get(toHex(tag)) ?? [])
      const ofLot = things.filter(({ member }) => member.lots.some((each) => toHex(each) === toHex(lot)))
      const serials = ofLot.flatMap(({ identifier }) => (identifier.type === 'unit' ? [identifier.serial] : []))
      dispensed += ofLot.length
      const mailbox = dispensing.mailboxOf(row)
      if (!mailbox || serials.length === 0) continue
      const { maker, gtin, lot: number } = content
      changes.push(...desk.notify(mailbox, encode(supplyWord, { type: 'recalled', maker, gtin, lot: number, serials })))
      told++
    }
    changes.push(this.#alert({ type: 'recalled', lot, held, dispensed, told }, height))
    const isElsewhere = content.maker !== desk.member && held + dispensed > 0
    if (isElsewhere) changes.push(...tell(content.maker, { type: 'recall-answered', lot, held, dispensed }))
    return changes
  }

  #alert(about: AlertRow['about'], height: number): JournalChange {
    return this.alerts.put(sequenceKey(this.#next++), { about, height })
  }
}
