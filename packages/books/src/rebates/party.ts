/** What the parts of the book share: the member's one-time keys, what the ledger says, and how a step and a note go out. */
import { encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type Accrual, type RebatesTransaction, rebates, type Terms } from '@plexus/contracts'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import type { JournalChange } from '@plexus/exchange'
import { signBody, viewOf } from '@plexus/kernel'
import {
  accrualSeed,
  contractStep,
  type NoteOf,
  type PartySecret,
  payerSeed,
  rebateCommitment,
  type Share,
  type StepName,
  stepAfter,
  termsSeed,
} from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import { type Message, message } from './messages.ts'
import { type About, type AccrualRow, aboutBytes, Rows, type TermsRow } from './rows.ts'

/** Why a member's own book does not do what its people ask. */
export type RebateRefusal = {
  readonly type:
    | 'accrual-unknown'
    | 'amount-differs'
    | 'contract-known'
    | 'fill-unknown'
    | 'keys-wanted'
    | 'member-unknown'
    | 'no-terms-in-force'
    | 'nothing-accrued'
    | 'nothing-due'
    | 'nothing-proposed'
    | 'not-the-claimant'
    | 'not-the-payer'
    | 'other-product'
    | 'product-not-covered'
    | 'quantity-missing'
    | 'step-under-way'
    | 'terms-unknown'
    | 'unit-differs'
    | 'units-implausible'
    | 'wrong-status'
}

export type Done = Result<{ readonly step: string; readonly changes: readonly JournalChange[] }, RebateRefusal>

export class Party {
  readonly desk: BookDesk
  readonly rows: Rows
  readonly secret: PartySecret

  constructor(desk: BookDesk) {
    this.desk = desk
    this.rows = new Rows(desk)
    const known = this.rows.secret.get('own')
    const secret = known ?? desk.random(32)
    if (!known) desk.write([this.rows.secret.put('own', secret)])
    this.secret = { secret, chain: desk.chain }
  }

  get view() {
    return viewOf(rebates, this.desk.state)
  }

  /** What the ledger has of terms, and of an accrual. */
  termsNow(handle: Uint8Array): Terms | undefined {
    return rebates.queries.terms(this.view, toHex(handle))
  }

  accrualNow(handle: Uint8Array): Accrual | undefined {
    return rebates.queries.accrual(this.view, toHex(handle))
  }

  termsSeed({ name }: Pick<TermsRow, 'name'>): Uint8Array {
    return termsSeed(this.secret, name)
  }

  /** Of the member's own key of an accrual. */
  accrualSeed({ role, number, terms, handle }: AccrualRow): Uint8Array {
    if (role === 'payer') return payerSeed(this.secret, terms, number)
    return accrualSeed(this.secret, this.rows.bookOf(handle).accrual.content.tag, number)
  }

  /** The newest of what was said of an accrual. */
  last(handle: Uint8Array): NoteOf<'accrual' | 'step'> {
    const { accrual, steps } = this.rows.bookOf(handle)
    return steps.at(-1) ?? accrual
  }

  /** What is said next, as `stepAfter`. */
  next(
    handle: Uint8Array,
    step: StepName,
    said: { readonly amount?: bigint; readonly settlement?: number; readonly note?: string } = {},
  ) {
    return stepAfter(this.desk.chain, this.last(handle), { step, ...said }, this.desk.random)
  }

  /** A step that this member's own keys move. */
  step(transaction: RebatesTransaction, seeds: readonly Uint8Array[], of: About) {
    const { desk } = this
    const made = contractStep(desk.chain, desk.frame(), rebates, transaction, seeds)
    return desk.step({ ...made, about: aboutBytes(of) })
  }

  /** The same of one accrual: while it is on its way, no other step of the accrual is made. */
  stepOf(
    row: AccrualRow,
    transaction: RebatesTransaction,
    note: NoteOf<'step'>,
  ): { step: string; changes: readonly JournalChange[] } {
    const { step, changes } = this.step(transaction, [this.accrualSeed(row)], { type: 'said', step: note })
    return { step, changes: [...changes, this.rows.putAccrual({ ...row, pending: true, refused: null })] }
  }

  tell(to: string, told: Message): readonly JournalChange[] {
    return this.desk.tell(to, encode(message, told)).changes
  }

  share(body: Uint8Array, seed: Uint8Array): Share {
    return { key: publicKeyOf(seed), signature: signBody(this.desk.chain, body, seed) }
  }

  /** The member's own accrual, when no step of it is on its way and the ledger has it where it is wanted. */
  ready(
    handle: Uint8Array,
    ...from: readonly Accrual['status'][]
  ): Result<{ row: AccrualRow; now: Accrual }, RebateRefusal> {
    const row = this.rows.accrualOf(handle)
    const now = this.accrualNow(handle)
    if (!row || !now) return no({ type: 'accrual-unknown' })
    if (row.pending || !equalBytes(this.commitmentOf(this.last(handle)), now.record))
      return no({ type: 'step-under-way' })
    return from.includes(now.status) ? ok({ row, now }) : no({ type: 'wrong-status' })
  }

  commitmentOf(note: Parameters<typeof rebateCommitment>[1]): Uint8Array {
    return rebateCommitment(this.desk.chain, note)
  }

  otherOf(terms: Uint8Array): string {
    const row = this.rows.termsOf(terms)
    if (!row) throw new Error('an accrual under terms that are not kept')
    return row.other
  }
}

export const hashOf = (seed: Uint8Array): Uint8Array => handleOf(publicKeyOf(seed))
