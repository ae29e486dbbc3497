/**
 * A member's side of its discounts: with each partner the terms, what accrued under them, what was said of it, and what is paid.
 * The ledger has commitments and states; each step's end, and each word of a partner, is held against it.
 */
import { decode, no, ok, type Result, toHex, utf8 } from '@plexus/codec'
import { prescriptions, rebates } from '@plexus/contracts'
import { leafOf, statementHash } from '@plexus/crypto'
import { bookNoteBytesMax, type JournalChange } from '@plexus/exchange'
import { viewOf } from '@plexus/kernel'
import { type AuditRefusal, auditTerms, type Totals } from '@plexus/sdk'
import type { Book, BookDesk, StepEnd, StepOutcome, Taken } from '../desk.ts'
import { Accruing, type Claimed } from './accruing.ts'
import { Agreeing, type Offer, type SaidTerms } from './agreeing.ts'
import { aboutBytesMax } from './bounds.ts'
import { Clearing } from './clearing.ts'
import { type Message, message } from './messages.ts'
import { type Done, hashOf, Party, type RebateRefusal } from './party.ts'
import { accrualsOf, booksOf, type KnownAccrual, type KnownTerms, termsOf } from './reading.ts'
import { about } from './rows.ts'
import { type Settling, settle } from './settling.ts'
import { Sharing } from './sharing.ts'

/** A step that is on its way; its end is asked of `BookDesk.outcome`. */
export type Stepped = Result<{ readonly step: string }, RebateRefusal>

export class RebatesBook implements Book {
  private readonly party: Party
  private readonly agreeing: Agreeing
  private readonly accruing: Accruing
  private readonly sharing: Sharing
  private readonly clearing: Clearing

  constructor(desk: BookDesk) {
    this.party = new Party(desk)
    this.agreeing = new Agreeing(this.party)
    this.accruing = new Accruing(this.party, this.agreeing)
    this.sharing = new Sharing(this.party)
    this.clearing = new Clearing(this.party, this.accruing, this.sharing)
  }

  /** Offers terms to another member; they are proposed on the ledger once that one has named its key. */
  propose(offer: Offer): Result<{ readonly terms: string }, RebateRefusal> {
    const offered = this.agreeing.offer(offer)
    if (!offered.ok) return offered
    this.write(offered.value.changes)
    return ok({ terms: toHex(offered.value.terms) })
  }

  proposeVersion(terms: Uint8Array, said: SaidTerms): Stepped {
    return this.done(this.agreeing.offerVersion(terms, said))
  }

  sign(terms: Uint8Array): Stepped {
    return this.done(this.agreeing.sign(terms))
  }

  /**
   * Keeps the key of a fill's tag (Ed25519 seed of 32 bytes) from a copy of its record of dispensing; `filledAt` in seconds
   * since 1970. The fill must be on the ledger.
   */
  keepFill(fill: {
    readonly tagSeed: Uint8Array
    readonly pharmacy: string
    readonly filledAt: number
  }): Result<{ readonly tag: string }, RebateRefusal> {
    const tag = hashOf(fill.tagSeed)
    const { rows, desk } = this.party
    if (!prescriptions.queries.fill(viewOf(prescriptions, desk.state), toHex(tag))) return no({ type: 'fill-unknown' })
    this.write([rows.fills.put(rows.at(tag), fill)])
    return ok({ tag: toHex(tag) })
  }

  /** A discount on a fill whose key is kept; claimed by itself once it stands. */
  accrue(claimed: Claimed): Result<{ readonly step: string; readonly accrual: string }, RebateRefusal> {
    const made = this.accruing.accrue(claimed)
    if (!made.ok) return made
    const { step, handle, changes } = made.value
    this.write(changes)
    return ok({ step, accrual: toHex(handle) })
  }

  approve(accrual: Uint8Array): Stepped {
    return this.done(this.clearing.approve(accrual))
  }

  dispute(...said: Parameters<Clearing['dispute']>): Stepped {
    return this.done(this.clearing.dispute(...said))
  }

  /** Settles a dispute at an amount in minor units, or restates what was approved; done when both have said the same. */
  setAmount(...said: Parameters<Clearing['setAmount']>): Result<void, RebateRefusal> {
    return this.written(this.clearing.setAmount(...said))
  }

  /** Asks the payer for the place of the discount that refused this claim; given where this is the lower price. */
  displace(accrual: Uint8Array): Result<void, RebateRefusal> {
    return this.written(this.clearing.displace(accrual))
  }

  /** One sum over all that is due under terms, either way; the other party's book signs when it has the same. */
  settle(terms: Uint8Array): Result<Pick<Settling, 'number' | 'net' | 'lines'>, RebateRefusal> {
    const settled = settle(this.party, this.sharing, terms)
    if (!settled.ok) return settled
    const { changes, ...told } = settled.value
    this.write(changes)
    return ok(told)
  }

  /**
   * Takes a fill back with all that accrued on it, by the key of whoever holds its item and, through `supply`, that of its
   * units (Ed25519 seeds).
   */
  reverse(
    tag: Uint8Array,
    seeds: readonly Uint8Array[],
    { why, through }: { readonly why: string; readonly through: 'prescriptions' | 'supply' },
  ): Stepped {
    const { rows, desk, view } = this.party
    const standing = rebates.queries.spentBy(view, toHex(tag))
    if (Object.keys(standing).length === 0) return no({ type: 'nothing-accrued' })
    const leafKey = desk.random(32)
    const record = leafOf(leafKey, statementHash('fill-reversal', desk.chain, utf8(why)))
    const transaction = { type: 'reverse-fill', tag, record, through } as const
    const { step, changes } = this.party.step(transaction, seeds, { type: 'reverse', tag })
    return this.done(ok({ step, changes: [...changes, rows.reversals.put(rows.at(tag), { why, leafKey })] }))
  }

  /** All contracts of this member, and what stands under one, as the ledger and the own book have it. */
  terms(): readonly KnownTerms[] {
    return [...this.party.rows.terms.entries()].map(([, row]) => termsOf(this.party, row))
  }

  accruals(terms: Uint8Array): readonly KnownAccrual[] {
    return accrualsOf(this.party, terms)
  }

  /** The sums of one contract, when the book is complete and right against the ledger. */
  audit(terms: Uint8Array): Result<Totals, AuditRefusal> {
    return auditTerms(this.party.desk.chain, this.party.view, terms, booksOf(this.party, terms))
  }

  take(from: string | null, body: Uint8Array): Taken {
    if (from === null) return no({ type: 'not-for-wallets' })
    const read = decode(message, body, bookNoteBytesMax)
    return read.ok ? this.takeMessage(from, read.value) : no({ type: 'malformed' })
  }

  ended({ about: bytes, outcome }: StepEnd): readonly JournalChange[] {
    const read = decode(about, bytes, aboutBytesMax)
    if (!read.ok) throw new Error('what a step of a discount was about does not decode')
    const of = read.value
    switch (of.type) {
      case 'terms':
        return this.agreeing.ended(of.handle, reasonOf(outcome))
      case 'accrue':
        return this.accruing.ended(of.handle, outcome)
      case 'said':
        return of.step.type === 'step' ? this.accruing.saidEnded(of.step, outcome) : []
      case 'displace': {
        const { step, accrual, number, key } = of
        if (step.type !== 'step' || accrual.type !== 'accrual') return []
        return this.clearing.displaced({ step, accrual, number, key }, outcome)
      }
      // What the ledger has of a sum and of a fill is read there.
      case 'net':
      case 'reverse':
        return []
    }
  }

  refused(note: string, code: string): readonly JournalChange[] {
    return [...this.accruing.placeRefused(note, code), ...this.sharing.refused(note, code)]
  }

  look(): readonly JournalChange[] {
    return [...this.sharing.look(), ...this.accruing.look()]
  }

  private takeMessage(from: string, told: Message): Taken {
    switch (told.type) {
      case 'offered':
        return this.agreeing.takeOffer(from, told)
      case 'named':
        return this.agreeing.takeNamed(from, told)
      case 'version-offered':
        return this.agreeing.takeVersion(from, told)
      case 'keys-wanted':
        return this.agreeing.takeKeysWanted(from, told)
      case 'keys':
        return this.agreeing.takeKeys(from, told)
      case 'accrued':
        return this.accruing.takeAccrued(from, told)
      case 'said':
        return this.accruing.takeSaid(from, told)
      case 'wanted':
        return this.clearing.takeWanted(from, told)
      case 'displacing':
        return this.clearing.takeDisplacing(from, told)
      case 'share-wanted':
        return this.sharing.take(from, told)
      case 'shared':
        return this.sharing.takeShared(from, told)
    }
  }

  private done(of: Done): Stepped {
    if (!of.ok) return of
    this.write(of.value.changes)
    return ok({ step: of.value.step })
  }

  private written(
    of: Result<{ readonly changes: readonly JournalChange[] }, RebateRefusal>,
  ): Result<void, RebateRefusal> {
    if (!of.ok) return of
    this.write(of.value.changes)
    return ok()
  }

  private write(changes: readonly JournalChange[]): void {
    this.party.desk.write(changes)
  }
}

function reasonOf(outcome: StepOutcome): string | null {
  if (outcome.type === 'accepted') return null
  return outcome.type === 'lapsed' ? 'lapsed' : outcome.reason
}
