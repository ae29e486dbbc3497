/** Parties of a discount on a real ledger, who keep their books and audit them after each step. */
import { randomBytes } from 'node:crypto'
import { toHex } from '@plexus/codec'
import { type RebatesTransaction, rebates } from '@plexus/contracts'
import { expect } from 'vitest'
import { auditTerms, type Books } from './audit.ts'
import type { AccrualBook } from './check.ts'
import { accrualOf, proposeTerms, settlementOf, stepAfter } from './composing.ts'
import { priceScale, unitScale } from './fixed-point.ts'
import { accrualSeed, payerSeed, termsSeed } from './keys.ts'
import { type NoteOf, rebateCommitment, type StepName, type TermsContent } from './statements.ts'
import { negotiatedRefund } from './statutory.ts'
import { type Key, RebateWorld } from './world.testing.ts'

export const random = (length: number) => new Uint8Array(randomBytes(length))
export const secondsPerDay = 86_400
export const product = '00003089421'
export const dollars = (whole: bigint) => whole * priceScale
export const pharmacy = '1234567893'
export const refundPrice = negotiatedRefund({ wac: dollars(521n), mfp: dollars(231n) })

/** A contract of two parties, and what its books hold. */
export class Contract {
  readonly world: RebateWorld
  readonly content: TermsContent
  readonly books: { terms: NoteOf<'terms'>[]; settlements: NoteOf<'settlement'>[]; accruals: AccrualBook[] }
  private readonly proposer: Key
  private readonly counterpart: Key
  private readonly payers = { secret: random(32), chain: new Uint8Array(32) }
  private readonly claimants = { secret: random(32), chain: new Uint8Array(32) }

  constructor(world: RebateWorld, programme: TermsContent['programme'], claimant: string, price: bigint) {
    this.world = world
    this.proposer = world.keyOf(termsSeed(this.payers, claimant))
    this.counterpart = world.keyOf(termsSeed(this.claimants, claimant))
    this.content = {
      handle: this.proposer.handle,
      number: 1,
      programme,
      payer: 'maker',
      claimant,
      arbiter: null,
      startsAt: world.time,
      endsAt: world.time + 365 * secondsPerDay,
      currency: 'USD',
      rounding: 'half-even',
      rates: [{ product, unit: '{30d}', price, unitsMax: 3n * unitScale }],
    }
    const counterpart = this.counterpart.handle
    const { note, transaction } = proposeTerms(world.chain, this.content, { counterpart, random })
    this.books = { terms: [note], settlements: [], accruals: [] }
    world.take(transaction, this.proposer)
    const { handle, content } = transaction
    world.take({ type: 'sign-version', handle, number: 1, content }, this.counterpart)
  }

  composed(tag: Key) {
    const { world, content, books } = this
    const number = books.accruals.length
    const claimant = world.keyOf(accrualSeed(this.claimants, tag.handle, number))
    const payer = world.keyOf(payerSeed(this.payers, content.handle, number))
    const fill = { tag: tag.handle, product, unit: '{30d}', units: unitScale, pharmacy, filledAt: world.time }
    const made = accrualOf(world.chain, content, fill, { handle: claimant.handle, payer: payer.handle, random })
    return { ...made, claimant, payer }
  }

  accrue(tag: Key): Discount {
    const { note, transaction, claimant, payer } = this.composed(tag)
    this.world.take(transaction, tag)
    return new Discount(this, { claimant, payer, tag }, note)
  }

  /** One sum for all of these, and then each says that it is paid. */
  settle(...discounts: readonly Discount[]): bigint {
    const number = this.books.settlements.length + 1
    const lines = discounts.map(({ handle, due }) => ({ accrual: handle, amount: due }))
    const { note } = settlementOf(this.world.chain, { terms: this.content.handle, number, lines }, random)
    this.commit(note)
    this.audit()
    for (const discount of discounts) discount.settleIn(number)
    return note.content.net
  }

  /** Puts a settlement on the ledger as it is, right or not. */
  commit(note: NoteOf<'settlement'>): void {
    this.books.settlements.push(note)
    const { terms, number } = note.content
    const record = rebateCommitment(this.world.chain, note)
    this.world.take({ type: 'settle-net', handle: terms, number, record }, this.proposer, this.counterpart)
  }

  /** The sums at this height; Σ settled − Σ reversed = Σ approved, less what is open, and the money moved is that. */
  audit(books: Books = this.books) {
    const audited = auditTerms(this.world.chain, this.world.rebates, this.content.handle, books)
    if (!audited.ok) throw new Error(`${audited.reason.type} ${audited.reason.accrual}`)
    const { approved, open, settled, reversed, owedBack, moved, announced } = audited.value
    expect(settled - reversed).toBe(approved - open)
    expect(moved).toBe(settled - (reversed - owedBack) + announced)
    return audited.value
  }

  refusal(books: Books): string {
    const audited = auditTerms(this.world.chain, this.world.rebates, this.content.handle, books)
    return audited.ok ? 'right' : audited.reason.type
  }
}

/** One discount: its keys, and what was said of it. */
export class Discount {
  readonly book: { accrual: NoteOf<'accrual'>; steps: NoteOf<'step'>[] }
  readonly claimant: Key
  readonly payer: Key
  readonly tag: Key
  private readonly contract: Contract
  private paid = 0n

  constructor(contract: Contract, keys: Readonly<Record<'claimant' | 'payer' | 'tag', Key>>, note: NoteOf<'accrual'>) {
    this.contract = contract
    this.claimant = keys.claimant
    this.payer = keys.payer
    this.tag = keys.tag
    this.book = { accrual: note, steps: [] }
    contract.books.accruals.push(this.book)
    contract.audit()
  }

  get handle(): Uint8Array {
    return this.claimant.handle
  }

  get now() {
    const found = rebates.queries.accrual(this.contract.world.rebates, toHex(this.handle))
    if (!found) throw new Error('an accrual is gone')
    return found
  }

  get due(): bigint {
    const { status } = this.now
    return (status === 'reversed' ? 0n : (this.last.content.amount as bigint)) - this.paid
  }

  private get last(): NoteOf<'accrual' | 'step'> {
    return this.book.steps.at(-1) ?? this.book.accrual
  }

  /** What is said with a step: kept, and committed to. */
  say(step: StepName, said: { readonly amount?: bigint; readonly settlement?: number } = {}): Uint8Array {
    const { note, record } = stepAfter(this.contract.world.chain, this.last, { step, ...said }, random)
    this.book.steps.push(note)
    return record
  }

  step(
    type: Exclude<StepName, 'decide' | 'displace' | 'dispute' | 'repay'>,
    by: readonly Key[],
    amount?: bigint,
  ): this {
    const record = this.say(type, amount === undefined ? {} : { amount })
    this.contract.world.take({ type, handle: this.handle, record } as RebatesTransaction, ...by)
    this.contract.audit()
    return this
  }

  dispute(): void {
    const { handle, payer, contract } = this
    contract.world.take({ type: 'dispute', handle, record: this.say('dispute'), code: 'price' }, payer)
    contract.audit()
  }

  approved(): this {
    return this.step('claim', [this.claimant]).step('validate', [this.payer]).step('approve', [this.payer])
  }

  settleIn(settlement: number): void {
    const isBack = this.now.status === 'reversed'
    const { amount } = this.last.content
    const record = this.say(isBack ? 'repay' : 'settle', isBack ? { amount: 0n, settlement } : { settlement })
    this.contract.world.take({ type: 'settle', handle: this.handle, record }, this.claimant, this.payer)
    this.paid = isBack ? 0n : amount
    this.contract.audit()
  }
}

/** A network on which each of so many items is filled: with the tags of the fills. */
export function worldWithFills(items: number) {
  const world = new RebateWorld({ items, signatures: true })
  const tags = Array.from({ length: items }, (_, item) => {
    const { tag, step } = world.filling(item, 1, 1)
    world.take(...step)
    return tag
  })
  return { world, tags: tags as [Key, ...Key[]] }
}
