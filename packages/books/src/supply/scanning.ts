/**
 * A label is shown. What this member has a label key of is answered from its own replica, at once. Of anything else the
 * maker is asked, who answers with the label's key or with nothing: a serial that was guessed and one that was never made
 * have one answer. A label whose unit ended elsewhere is on something else, which is reported and kept apart.
 */
import { encode, no, object, ok, type Result, text, toHex } from '@plexus/codec'
import { supply } from '@plexus/contracts'
import { leafOf, statementHash } from '@plexus/crypto'
import { type JournalChange, sequenceKey, type Table } from '@plexus/exchange'
import { handleOfSeed, scanLabel, tagOf } from '@plexus/sdk'
import type { BookDesk, StepOutcome, Taken } from '../desk.ts'
import {
  identifier,
  type ScanRow,
  type SupplyNote,
  type SupplyRefusal,
  scanRow,
  supplyNote,
  type Thing,
} from './rows.ts'
import type { Label, Shelves } from './shelves.ts'
import type { Compose } from './steps.ts'

/** A counter asks for what it has in hand; whoever asks more guesses. */
const questionsPerMinuteMax = 60
const partnersMax = 10_000
const reporters = ['dispenser', 'distributor', 'maker'] as const
const recordType = 'supply-incident'
const recordContent = object({ identifier, answer: text({ max: 40 }) })

/** What a person at the counter is told; `good` alone means that the thing may go on. */
export interface Scan {
  readonly scan: number
  readonly answer: string
  /** Set when an incident was reported: by then the authority is to be told, in seconds since 1970. */
  readonly incident: string | null
  readonly noticeDueAt: number | null
}

export class Scanning {
  readonly scans: Table<ScanRow>
  readonly #parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly compose: Compose }
  readonly #asking: Table<string>
  #next: number
  #questions = { minute: 0, byPartner: new Map<string, number>() }

  constructor(parts: { readonly desk: BookDesk; readonly shelves: Shelves; readonly compose: Compose }) {
    this.#parts = parts
    this.scans = parts.desk.table('scans', scanRow)
    this.#asking = parts.desk.table('scans-asking', text({ max: 12 }))
    let last = 0
    for (const [key] of this.scans.entries()) last = Number(key)
    this.#next = last + 1
  }

  /** `maker`: who is asked of a label that this member has no key of; otherwise whoever made that product, as far as known. */
  scan(label: Label, maker: string | null): Scan {
    const { desk, shelves } = this.#parts
    const scan = this.#next++
    const row = {
      identifier: label.identifier,
      lot: label.lot,
      asked: null,
      answer: 'unknown',
      tag: null,
      incident: null,
      recordKey: null,
      at: Math.floor(desk.now()),
    } as const
    const thing = shelves.stock.byLabel(label.identifier)
    if (thing) return this.#keep(scan, { ...row, tag: thing.member.tag }, this.#answerOf(thing, label.lot))
    const unit = label.identifier.type === 'unit' ? label.identifier : undefined
    const asked = maker ?? (unit && shelves.makerOf(unit.gtin))
    if (!unit || label.lot === null || asked === undefined) return this.#keep(scan, row, 'unknown')
    const told = desk.tell(
      asked,
      encode(supplyNote, { type: 'label-asked', scan, identifier: label.identifier, lot: label.lot }),
    )
    desk.write([
      ...told.changes,
      this.#asking.put(told.note, String(scan)),
      this.scans.put(sequenceKey(scan), { ...row, asked, answer: 'asked' }),
    ])
    return { scan, answer: 'asked', incident: null, noticeDueAt: null }
  }

  read(scan: number): Scan | undefined {
    const row = this.scans.get(sequenceKey(scan))
    return row && this.#shown(scan, row)
  }

  /** At the maker. */
  takeAsked(
    from: string,
    note: Extract<SupplyNote, { type: 'label-asked' }>,
    tell: (note: SupplyNote) => readonly JournalChange[],
  ): Taken {
    if (!this.#mayAsk(from)) return no({ type: 'too-many-questions' })
    const { shelves } = this.#parts
    const thing = shelves.stock.byLabel(note.identifier)
    const [handle] = thing?.member.lots ?? []
    const lot = handle && shelves.lots.get(toHex(handle))
    const isSaid = lot?.own && handle && shelves.lotOf(handle)?.lot === note.lot
    const found =
      thing && lot && isSaid
        ? { labelKey: thing.labelKey, statement: lot.statement, makerKey: lot.makerKey, around: thing.around }
        : null
    return ok(tell({ type: 'label-answered', scan: note.scan, found }))
  }

  /** At whoever asked. The answer is believed as far as the ledger bears it out. */
  takeAnswered(from: string, { scan, found }: Extract<SupplyNote, { type: 'label-answered' }>): Taken {
    const { shelves } = this.#parts
    const row = this.scans.get(sequenceKey(scan))
    if (row?.asked !== from || row.answer !== 'asked') return no({ type: 'not-asked' })
    if (!found) return ok(this.#settled(scan, row, 'not-made'))
    const lot = shelves.believed(found)
    const tag = tagOf(found.labelKey, row.identifier)
    if (!tag.ok || lot?.maker !== from || lot.lot !== row.lot) return ok(this.#settled(scan, row, 'not-made'))
    const member = { tag: tag.value, contents: null, lots: [lot.handle] }
    const answer = this.#standing({ member, around: found.around })
    return ok([
      ...shelves.putLot(toHex(lot.handle), lot.row),
      ...this.#settled(scan, { ...row, tag: tag.value }, answer),
    ])
  }

  refused(note: string, code: string): readonly JournalChange[] {
    const scan = this.#asking.get(note)
    const row = scan === undefined ? undefined : this.scans.get(sequenceKey(Number(scan)))
    if (scan === undefined || !row) return []
    return [this.#asking.drop(note), this.scans.put(sequenceKey(Number(scan)), { ...row, answer: code })]
  }

  /** Of a person: what carries this label is not what it says. */
  suspect(scan: number): Result<Scan, SupplyRefusal> {
    const row = this.scans.get(sequenceKey(scan))
    if (!row?.tag) return no({ type: 'scan-unknown' })
    if (row.incident) return ok(this.#shown(scan, row))
    const changes = this.#report(scan, row)
    if (changes.length === 0) return no({ type: 'no-key' })
    this.#parts.desk.write(changes)
    return ok(this.read(scan) ?? this.#shown(scan, row))
  }

  /** An incident that the ledger refused is none; it may be reported again. */
  reportEnded(scan: number, outcome: StepOutcome): readonly JournalChange[] {
    const row = this.scans.get(sequenceKey(scan))
    return !row || outcome.type === 'accepted' ? [] : [this.scans.put(sequenceKey(scan), { ...row, incident: null })]
  }

  /** The authority was told of an incident, by what this commits to. */
  notifyAuthority(scan: number): Result<{ readonly step: string }, SupplyRefusal> {
    const { desk, compose, shelves } = this.#parts
    const incident = this.scans.get(sequenceKey(scan))?.incident
    const key = incident && shelves.keys.get(toHex(incident))
    if (!incident || !key) return no({ type: 'scan-unknown' })
    const made = compose({ type: 'notify', incident, notice: desk.random(32) }, [key.seed], { type: 'other' })
    desk.write(made.changes)
    return ok({ step: made.step })
  }

  #answerOf(thing: Thing, lot: string | null): string {
    const isAnother =
      lot !== null && thing.member.lots.every((handle) => this.#parts.shelves.lotOf(handle)?.lot !== lot)
    return isAnother ? 'label-differs' : this.#standing(thing)
  }

  #standing({ member, around }: Pick<Thing, 'around' | 'member'>): string {
    const { desk, shelves } = this.#parts
    const found = scanLabel(shelves.view, {
      tags: [member.tag, ...around],
      lots: member.lots,
      holders: { has: (key) => shelves.keys.get(key) !== undefined },
      time: Math.max(desk.now(), desk.tip().time),
    })
    return 'status' in found ? `${found.type}: ${found.status}` : found.type
  }

  #keep(scan: number, row: ScanRow, answer: string): Scan {
    this.#parts.desk.write(this.#settled(scan, row, answer))
    return this.read(scan) ?? this.#shown(scan, row)
  }

  /** What ended elsewhere cannot be here: something else has its label. What ended here is for people. */
  #settled(scan: number, row: ScanRow, answer: string): readonly JournalChange[] {
    const settled = { ...row, answer }
    const ended = answer.startsWith('ended') && row.tag ? this.#parts.shelves.holderOf(row.tag) : undefined
    const reported = ended && !this.#parts.shelves.isOwn(ended) ? this.#report(scan, settled) : []
    return reported.length > 0 ? reported : [this.scans.put(sequenceKey(scan), settled)]
  }

  /** None when this member has no key left that may report. */
  #report(scan: number, row: ScanRow): readonly JournalChange[] {
    const { desk, shelves, compose } = this.#parts
    const free = shelves.freeKey(reporters)
    if (!free?.row.licence || !row.tag) return []
    const incident = handleOfSeed(free.row.seed)
    const recordKey = desk.random(32)
    const content = encode(recordContent, { identifier: row.identifier, answer: row.answer })
    const record = leafOf(recordKey, statementHash(recordType, desk.chain, content))
    const made = compose(
      { type: 'report', incident, tag: row.tag, record, licence: free.row.licence },
      [free.row.seed],
      { type: 'report', scan, incident },
    )
    return [
      ...made.changes,
      ...shelves.putKey(free.hash, { ...free.row, use: 'used' }),
      this.scans.put(sequenceKey(scan), { ...row, incident, recordKey }),
    ]
  }

  #shown(scan: number, { answer, incident }: ScanRow): Scan {
    const handle = incident && toHex(incident)
    const known = handle ? supply.queries.incident(this.#parts.shelves.view, handle) : undefined
    return { scan, answer, incident: handle, noticeDueAt: known?.noticeDueAt ?? null }
  }

  #mayAsk(partner: string): boolean {
    const minute = Math.floor(this.#parts.desk.now() / 60)
    if (this.#questions.minute !== minute || this.#questions.byPartner.size >= partnersMax)
      this.#questions = { minute, byPartner: new Map() }
    const asked = (this.#questions.byPartner.get(partner) ?? 0) + 1
    this.#questions.byPartner.set(partner, asked)
    return asked <= questionsPerMinuteMax
  }
}
