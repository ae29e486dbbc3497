/**
 * The books of one contract held against the ledger at one height: nothing left out, nothing counted twice, and the sums agree.
 * Whoever holds the openings, a party, both or an auditor, computes the same.
 */
import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type Accrual, type AccrualStatus, rebates } from '@plexus/contracts'
import type { View } from '@plexus/kernel'
import { type AccrualBook, amountDue, stepsUntil } from './check.ts'
import { type NoteOf, rebateCommitment, type StepName, type TermsContent } from './statements.ts'

/** Openings of one contract: versions and settlements by their numbers, from 1. May reach beyond the height that is audited. */
export interface Books {
  readonly terms: readonly NoteOf<'terms'>[]
  readonly settlements: readonly NoteOf<'settlement'>[]
  readonly accruals: readonly AccrualBook[]
}

/** In minor units. settled − reversed = approved − open; moved = settled − (reversed − owedBack) + announced. */
export interface Totals {
  /** What stands: approved, and not reversed since. */
  readonly approved: bigint
  /** Of it, what no settlement has paid yet. */
  readonly open: bigint
  /** Paid on accruals, also on those that were reversed later. */
  readonly settled: bigint
  /** Of it, what was paid on accruals that stand no more. */
  readonly reversed: bigint
  /** Of that, what no settlement has paid back yet. */
  readonly owedBack: bigint
  /** The sum of the settlements, from payer to claimant. */
  readonly moved: bigint
  /** In lines of settlements whose accruals do not say so yet. */
  readonly announced: bigint
}

/** Why books are not those of the ledger, with the accrual in hexadecimal where it is one. */
export interface AuditRefusal {
  readonly type:
    | 'terms-unknown'
    | 'terms-missing'
    | 'terms-differ'
    | 'accrual-repeated'
    | 'step-missing'
    | 'status-differs'
    | 'other-terms'
    | 'amount-differs'
    | 'settlement-missing'
    | 'settlement-differs'
    | 'net-differs'
    | 'line-differs'
    | 'line-without-accrual'
  readonly accrual: string | null
}

type RebatesView = View<typeof rebates.state>
const { queries } = rebates

/** The sums of one contract, by the handle of its terms, when its books are complete and right. */
export function auditTerms(
  chain: Uint8Array,
  view: RebatesView,
  handle: Uint8Array,
  books: Books,
): Result<Totals, AuditRefusal> {
  const versions = versionsOf(chain, view, handle, books)
  if (!versions.ok) return versions
  const paid = new Map<string, bigint>()
  const seen = new Set<string>()
  const sums = { approved: 0n, open: 0n, settled: 0n, reversed: 0n, owedBack: 0n, moved: 0n, announced: 0n }
  for (const book of books.accruals) {
    const id = toHex(book.accrual.content.accrual)
    if (seen.has(id)) return refused('accrual-repeated', id)
    seen.add(id)
    const kept = queries.accrual(view, id)
    // Accrued later than this height.
    if (!kept) continue
    const replayed = replay(chain, kept, book, versions.value)
    if (!replayed.ok) return refused(replayed.reason, id)
    const { amount, payments, paidSoFar, paidBefore } = replayed.value
    for (const { settlement, delta } of payments) {
      const key = `${settlement}/${id}`
      paid.set(key, (paid.get(key) ?? 0n) + delta)
    }
    const stands = kept.status === 'approved' || kept.status === 'settled'
    sums.approved += stands ? amount : 0n
    sums.open += kept.status === 'approved' ? amount - paidSoFar : 0n
    sums.settled += paidBefore
    sums.reversed += kept.ending === null ? 0n : paidBefore
    sums.owedBack += kept.status === 'reversed' ? paidBefore : 0n
  }
  return settle(chain, view, handle, { books, paid, seen, sums })
}

function versionsOf(
  chain: Uint8Array,
  view: RebatesView,
  handle: Uint8Array,
  { terms }: Books,
): Result<readonly TermsContent[], AuditRefusal> {
  const id = toHex(handle)
  const known = queries.terms(view, id)
  if (!known) return refused('terms-unknown')
  const found: TermsContent[] = []
  for (let number = 1; number <= known.versions; number++) {
    const note = terms[number - 1]
    const kept = queries.version(view, id, number)
    if (!note || !kept) return refused('terms-missing')
    const { content } = note
    const same =
      equalBytes(rebateCommitment(chain, note), kept.content) &&
      equalBytes(content.handle, handle) &&
      content.number === number &&
      content.startsAt === kept.startsAt &&
      content.endsAt === kept.endsAt
    if (!same) return refused('terms-differ')
    found.push(content)
  }
  return ok(found)
}

/** Where a step leaves an accrual; a fill that is reversed ends it after any. */
const statusAfter: Readonly<Record<StepName, readonly AccrualStatus[]>> = {
  claim: ['claimed'],
  validate: ['validated'],
  dispute: ['disputed', 'escalated'],
  resolve: ['validated'],
  decide: ['approved', 'reversed'],
  approve: ['approved'],
  restate: ['approved'],
  settle: ['settled'],
  repay: ['repaid'],
  withdraw: ['reversed'],
  displace: ['reversed'],
}

interface Replayed {
  readonly amount: bigint
  readonly payments: readonly { readonly settlement: number; readonly delta: bigint }[]
  /** What stands paid now, and what was before anything was paid back. */
  readonly paidSoFar: bigint
  readonly paidBefore: bigint
}

function replay(
  chain: Uint8Array,
  kept: Accrual,
  book: AccrualBook,
  versions: readonly TermsContent[],
): Result<Replayed, AuditRefusal['type']> {
  const taken = stepsUntil(chain, book, kept.record)
  if (taken === undefined) return no('step-missing')
  const { content } = book.accrual
  const terms = versions[content.version - 1]
  const isUnder =
    terms !== undefined &&
    equalBytes(content.terms, terms.handle) &&
    equalBytes(content.tag, kept.tag) &&
    content.programme === kept.programme &&
    terms.startsAt <= content.filledAt &&
    content.filledAt < terms.endsAt
  if (!isUnder) return no('other-terms')
  const due = amountDue(terms, content)
  if (!due.ok || due.value !== content.amount) return no('amount-differs')
  const steps = book.steps.slice(0, taken).map((step) => step.content)
  const last = steps.at(-1)
  const expected: readonly AccrualStatus[] = last ? statusAfter[last.step] : ['accrued']
  if (!expected.includes(kept.status) && kept.ending !== 'fill-reversed') return no('status-differs')
  let [paidSoFar, paidBefore] = [0n, 0n]
  const payments: { settlement: number; delta: bigint }[] = []
  for (const { step, amount, settlement } of steps) {
    if ((step === 'settle' || step === 'repay') !== (settlement !== null)) return no('settlement-missing')
    if (settlement === null) continue
    const stands = step === 'repay' ? 0n : amount
    payments.push({ settlement, delta: stands - paidSoFar })
    if (step === 'settle') paidBefore = amount
    paidSoFar = stands
  }
  return ok({ amount: last?.amount ?? content.amount, payments, paidSoFar, paidBefore })
}

/** Holds what the accruals say was paid against the lines of the settlements, and each sum against its lines. */
function settle(
  chain: Uint8Array,
  view: RebatesView,
  handle: Uint8Array,
  {
    books,
    paid,
    seen,
    sums,
  }: {
    readonly books: Books
    readonly paid: Map<string, bigint>
    readonly seen: ReadonlySet<string>
    readonly sums: Totals & Record<'moved' | 'announced', bigint>
  },
): Result<Totals, AuditRefusal> {
  const id = toHex(handle)
  const { settlements = 0 } = queries.terms(view, id) ?? {}
  let { moved, announced } = sums
  for (let number = 1; number <= settlements; number++) {
    const note = books.settlements[number - 1]
    const kept = queries.settlement(view, id, number)
    if (!note || !kept) return refused('settlement-missing')
    const { content } = note
    const same = equalBytes(rebateCommitment(chain, note), kept.record) && equalBytes(content.terms, handle)
    if (!same || content.number !== number) return refused('settlement-differs')
    if (content.lines.reduce((sum, { amount }) => sum + amount, 0n) !== content.net) return refused('net-differs')
    moved += content.net
    for (const { accrual, amount } of content.lines) {
      const of = toHex(accrual)
      if (!seen.has(of)) return refused('line-without-accrual', of)
      const said = paid.get(`${number}/${of}`)
      if (said === undefined) announced += amount
      else if (said !== amount) return refused('line-differs', of)
      paid.delete(`${number}/${of}`)
    }
  }
  // What is left was said to be paid in a settlement that has no such line.
  const [left] = paid.keys()
  if (left !== undefined) return refused('line-differs', left.slice(left.indexOf('/') + 1))
  return ok({ ...sums, moved, announced })
}

function refused(type: AuditRefusal['type'], accrual: string | null = null) {
  return no({ type, accrual })
}
