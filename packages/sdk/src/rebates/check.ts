/** Whether an accrual that a claimant shows is due as it says: every cent traces to a fill and to the terms in force. */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import type { Accrual, Fill } from '@plexus/contracts'
import { amountAt } from './fixed-point.ts'
import { type AccrualContent, type NoteOf, rebateCommitment, type TermsContent } from './statements.ts'

/** An accrual opened: what was said when it accrued, and with each step since, oldest first. */
export interface AccrualBook {
  readonly accrual: NoteOf<'accrual'>
  readonly steps: readonly NoteOf<'step'>[]
}

/**
 * How many of the steps had been taken when the ledger kept this commitment as the newest; undefined when it kept none of them,
 * or a step does not name the one before it.
 */
export function stepsUntil(chain: Uint8Array, { accrual, steps }: AccrualBook, record: Uint8Array): number | undefined {
  let last = rebateCommitment(chain, accrual)
  for (const [index, step] of steps.entries()) {
    if (equalBytes(last, record)) return index
    const { before, accrual: of } = step.content
    if (!equalBytes(before, last) || !equalBytes(of, accrual.content.accrual)) return undefined
    last = rebateCommitment(chain, step)
  }
  return equalBytes(last, record) ? steps.length : undefined
}

/** Why an accrual is not due, first reason first. */
export type AccrualRefusal = {
  readonly type:
    | 'not-as-committed'
    | 'other-accrual'
    | 'other-terms'
    | 'no-terms-in-force'
    | 'fill-reversed'
    | 'pharmacy-not-registered'
    | 'product-not-covered'
    | 'unit-differs'
    | 'quantity-missing'
    | 'units-implausible'
    | 'amount-differs'
}

export interface AccrualFacts {
  readonly chain: Uint8Array
  /** The handle of the accrual, and what the ledger keeps of it. */
  readonly handle: Uint8Array
  readonly accrual: Accrual
  /** The fill behind the accrual's tag. */
  readonly fill: Fill
  /** The version that the accrual names, opened, and the number of the one in force when the fill was made (`versionInForce`). */
  readonly terms: TermsContent
  readonly inForce: number | undefined
  /** Pharmacies that the parties registered for the programme. */
  readonly pharmacies: readonly string[]
}

/** The content, when the ledger holds it and the terms give the amount that it says. */
export function checkAccrual(
  shown: AccrualBook,
  { chain, handle, accrual, fill, terms, inForce, pharmacies }: AccrualFacts,
): Result<AccrualContent, AccrualRefusal> {
  const { content } = shown.accrual
  if (stepsUntil(chain, shown, accrual.record) === undefined) return no({ type: 'not-as-committed' })
  const sameObject = equalBytes(content.accrual, handle) && equalBytes(content.tag, accrual.tag)
  if (!sameObject || content.programme !== accrual.programme) return no({ type: 'other-accrual' })
  const sameTerms = equalBytes(content.terms, terms.handle) && content.version === terms.number
  if (!sameTerms || content.programme !== terms.programme) return no({ type: 'other-terms' })
  if (inForce !== content.version) return no({ type: 'no-terms-in-force' })
  if (fill.reversed !== null) return no({ type: 'fill-reversed' })
  if (!pharmacies.includes(content.pharmacy)) return no({ type: 'pharmacy-not-registered' })
  const due = amountDue(terms, content)
  if (!due.ok) return due
  return due.value === content.amount ? ok(content) : no({ type: 'amount-differs' })
}

/** What terms give for units of a product, in minor units. */
export function amountDue(
  { rates, rounding }: TermsContent,
  { product, unit, units }: Pick<AccrualContent, 'product' | 'unit' | 'units'>,
): Result<bigint, AccrualRefusal> {
  const rate = rates.find((each) => each.product === product)
  if (!rate) return no({ type: 'product-not-covered' })
  if (rate.unit !== unit) return no({ type: 'unit-differs' })
  if (units <= 0n) return no({ type: 'quantity-missing' })
  if (units > rate.unitsMax) return no({ type: 'units-implausible' })
  return ok(amountAt(rate.price, units, rounding))
}
