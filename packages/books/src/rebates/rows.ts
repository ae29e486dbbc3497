/** What a member keeps of its discounts: terms, keys handed over, accruals with all that was said of them, settlements. */
import {
  boolean,
  bytes,
  encode,
  type Infer,
  list,
  object,
  oneOf,
  option,
  text,
  toHex,
  uint,
  variant,
} from '@plexus/codec'
import { type JournalChange, sequenceKey, type Table } from '@plexus/exchange'
import { organisationId } from '@plexus/kernel'
import { type AccrualBook, type NoteOf, type RebateNote, rebateNote } from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import { aboutBytesMax, bodyBytesMax, settledAtOnceMax } from './bounds.ts'

const hash = bytes({ length: 32 })
const word = text({ min: 1, max: 40 })

const termsRow = object({
  handle: hash,
  /** The member's own name of the contract. */
  name: text({ min: 1, max: 100 }),
  role: oneOf('payer', 'claimant'),
  side: oneOf('proposer', 'counterpart'),
  other: organisationId,
  /** The other's public key of the terms, once it is known. */
  otherKey: option(hash),
  /** Keys of the payer: how many were handed over, and, at the claimant, how many of them are used. */
  handed: uint(),
  used: uint(),
  refused: option(word),
})
export type TermsRow = Infer<typeof termsRow>

const accrualRow = object({
  handle: hash,
  terms: hash,
  role: oneOf('payer', 'claimant'),
  /** Of the own key of this accrual: among those of its fill, or of its terms where the member pays. */
  number: uint(),
  /** The other's public key. */
  otherKey: hash,
  /** A step of this accrual is on its way: until its end is known, no other is made. */
  pending: boolean(),
  /** A step that takes both: what this member would take, and what the other would. */
  wants: option(rebateNote),
  wanted: option(rebateNote),
  /** At the payer: `due`, or why it is not. */
  check: option(word),
  /** Why the ledger refused the newest step, or the other did. */
  refused: option(word),
})
export type AccrualRow = Infer<typeof accrualRow>

/** The key of a fill's tag, from a copy of its record of dispensing. */
const fillRow = object({ tagSeed: hash, pharmacy: text({ min: 10, max: 10 }), filledAt: uint() })
export type FillRow = Infer<typeof fillRow>

/** What became of a step is told with this. */
export const about = variant({
  terms: { handle: hash },
  accrue: { handle: hash },
  said: { step: rebateNote },
  net: { settlement: rebateNote },
  /** At the payer: the step that ends one accrual; the one that begins, with the own key's number and the claimant's key. */
  displace: { step: rebateNote, accrual: rebateNote, number: uint(), key: hash },
  reverse: { tag: hash },
})
export type About = Infer<typeof about>

const share = object({ key: hash, signature: bytes({ length: 64 }) })
/** Bodies that wait for the other's shares. */
const sharingRow = object({
  other: organisationId,
  /** Which note asked for them. */
  note: hash,
  /** From this second of block time on nobody takes the bodies. */
  validUntil: uint(),
  /** Accruals that wait with them. */
  accruals: list(hash, { max: settledAtOnceMax }),
  bodies: list(
    object({ body: bytes({ max: bodyBytesMax }), own: share, otherKey: hash, about: bytes({ max: aboutBytesMax }) }),
    { max: settledAtOnceMax + 1 },
  ),
})
export type SharingRow = Infer<typeof sharingRow>

/** A version of terms, a step and a settlement have numbers from 1; an accrual itself stands before its steps. */
const accrualItself = 0

export class Rows {
  readonly secret: Table<Uint8Array>
  readonly terms: Table<TermsRow>
  readonly accruals: Table<AccrualRow>
  readonly fills: Table<FillRow>
  readonly sharings: Table<SharingRow>
  /** By the note that asked for a place: the accrual that is to take it. */
  readonly places: Table<Uint8Array>
  /** Why a fill was taken back, with the key of the commitment; by tag. */
  readonly reversals: Table<{ readonly why: string; readonly leafKey: Uint8Array }>
  private readonly desk: BookDesk
  private readonly versions: Table<RebateNote>
  private readonly settlements: Table<RebateNote>
  private readonly said: Table<RebateNote>
  private readonly handed: Table<Uint8Array>
  private readonly payers: Table<{ readonly terms: Uint8Array; readonly number: number }>
  private readonly ofTerms: Table<Uint8Array>

  constructor(desk: BookDesk) {
    this.desk = desk
    this.secret = desk.table('secret', hash)
    this.terms = desk.table('terms', termsRow)
    this.accruals = desk.table('accruals', accrualRow)
    this.fills = desk.table('fills', fillRow)
    this.sharings = desk.table('sharings', sharingRow)
    this.places = desk.table('places', hash)
    this.reversals = desk.table('reversals', object({ why: text({ max: 300 }), leafKey: hash }))
    this.versions = desk.table('versions', rebateNote)
    this.settlements = desk.table('settlements', rebateNote)
    this.said = desk.table('said', rebateNote)
    this.handed = desk.table('handed', hash)
    this.payers = desk.table('payers', object({ terms: hash, number: uint() }))
    this.ofTerms = desk.table('of-terms', hash)
  }

  /** Rows are named by what stands on the ledger, under the node's key: the files do not say to what this member is party. */
  at(handle: Uint8Array): string {
    return this.desk.keyOf(toHex(handle))
  }

  termsOf(handle: Uint8Array): TermsRow | undefined {
    return this.terms.get(this.at(handle))
  }

  putTerms(row: TermsRow): JournalChange {
    return this.terms.put(this.at(row.handle), row)
  }

  accrualOf(handle: Uint8Array): AccrualRow | undefined {
    return this.accruals.get(this.at(handle))
  }

  putAccrual(row: AccrualRow): JournalChange {
    return this.accruals.put(this.at(row.handle), row)
  }

  addAccrual(row: AccrualRow, note: NoteOf<'accrual'>): readonly JournalChange[] {
    const { handle, terms } = row
    return [
      this.putAccrual(row),
      this.said.put(this.numbered(handle, accrualItself), note),
      this.ofTerms.put(`${this.at(terms)}/${this.at(handle)}`, handle),
    ]
  }

  /** What was said of an accrual so far, as both parties know it. */
  bookOf(handle: Uint8Array): AccrualBook {
    const [first, ...rest] = [...this.said.entries({ prefix: `${this.at(handle)}/` })].map(([, note]) => note)
    if (first?.type !== 'accrual') throw new Error('an accrual of which nothing was said')
    return { accrual: first, steps: rest.flatMap((note) => (note.type === 'step' ? [note] : [])) }
  }

  addStep(handle: Uint8Array, step: NoteOf<'step'>): JournalChange {
    return this.said.put(this.numbered(handle, this.bookOf(handle).steps.length + 1), step)
  }

  *accrualsUnder(terms: Uint8Array): Iterable<AccrualRow> {
    for (const [, handle] of this.ofTerms.entries({ prefix: `${this.at(terms)}/` })) {
      const row = this.accrualOf(handle)
      if (row) yield row
    }
  }

  version(terms: Uint8Array, number: number): NoteOf<'terms'> | undefined {
    const note = this.versions.get(this.numbered(terms, number))
    return note?.type === 'terms' ? note : undefined
  }

  putVersion(note: NoteOf<'terms'>): JournalChange {
    return this.versions.put(this.numbered(note.content.handle, note.content.number), note)
  }

  settlement(terms: Uint8Array, number: number): NoteOf<'settlement'> | undefined {
    const note = this.settlements.get(this.numbered(terms, number))
    return note?.type === 'settlement' ? note : undefined
  }

  putSettlement(note: NoteOf<'settlement'>): JournalChange {
    return this.settlements.put(this.numbered(note.content.terms, note.content.number), note)
  }

  /** Of the payer's keys under terms, at the claimant. */
  handedKey(terms: Uint8Array, number: number): Uint8Array | undefined {
    return this.handed.get(this.numbered(terms, number))
  }

  putHanded(terms: Uint8Array, number: number, key: Uint8Array): JournalChange {
    return this.handed.put(this.numbered(terms, number), key)
  }

  /** At the payer: under which terms, and with which number, a key with this hash was handed over. */
  payerOf(hash: Uint8Array) {
    return this.payers.get(this.at(hash))
  }

  putPayer(hash: Uint8Array, terms: Uint8Array, number: number): JournalChange {
    return this.payers.put(this.at(hash), { terms, number })
  }

  private numbered(handle: Uint8Array, number: number): string {
    return `${this.at(handle)}/${sequenceKey(number)}`
  }
}

export const aboutBytes = (of: About): Uint8Array => encode(about, of)
