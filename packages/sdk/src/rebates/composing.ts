/** Composes what a party submits, with the note that opens it. */
import { compareBytes } from '@plexus/codec'
import type { Programme, RebatesTransaction } from '@plexus/contracts'
import type { RandomBytes } from '@plexus/crypto'
import type { Member } from '@plexus/kernel'
import { amountDue } from './check.ts'
import {
  type AccrualContent,
  type NoteOf,
  rebateCommitment,
  type SettlementContent,
  type StepContent,
  type TermsContent,
} from './statements.ts'

export interface Composed<
  Type extends 'terms' | 'accrual' | 'step' | 'settlement',
  Transaction extends RebatesTransaction['type'],
> {
  readonly note: NoteOf<Type>
  readonly transaction: Member<RebatesTransaction, Transaction>
}

/** The first version of terms. Whoever reads the note signs its commitment with `sign-version`. */
export function proposeTerms(
  chain: Uint8Array,
  content: TermsContent,
  { counterpart, random }: { readonly counterpart: Uint8Array; readonly random: RandomBytes },
): Composed<'terms', 'propose-terms'> {
  const note = { type: 'terms', content, leafKey: random(32) } as const
  const { handle, startsAt, endsAt } = content
  const committed = rebateCommitment(chain, note)
  return { note, transaction: { type: 'propose-terms', handle, counterpart, content: committed, startsAt, endsAt } }
}

/** What is known of a dispensed fill by who claims a discount on it. */
export type Dispensed = Pick<AccrualContent, 'tag' | 'product' | 'unit' | 'units' | 'pharmacy' | 'filledAt'>

/**
 * An accrual under a version of terms; `handle` and `payer` are hashes of one-time keys. Throws when the terms give nothing for
 * it: the payer would dispute it, and a claimant that has the terms knows before.
 */
export function accrualOf(
  chain: Uint8Array,
  terms: TermsContent,
  fill: Dispensed,
  { handle, payer, random }: { readonly handle: Uint8Array; readonly payer: Uint8Array; readonly random: RandomBytes },
): Composed<'accrual', 'accrue'> {
  const due = amountDue(terms, fill)
  if (!due.ok) throw new RangeError(`an accrual that is not due: ${due.reason.type}`)
  const programme: Programme = terms.programme
  const content = { ...fill, accrual: handle, terms: terms.handle, version: terms.number, programme, amount: due.value }
  const note = { type: 'accrual', content, leafKey: random(32) } as const
  const committed = rebateCommitment(chain, note)
  return { note, transaction: { type: 'accrue', handle, tag: fill.tag, programme, payer, content: committed } }
}

/** The note of a step after another note of the same accrual; its commitment is the `record` of the step's transaction. */
export function stepAfter(
  chain: Uint8Array,
  last: NoteOf<'accrual' | 'step'>,
  said: Pick<StepContent, 'step'> & Partial<Pick<StepContent, 'amount' | 'settlement' | 'note'>>,
  random: RandomBytes,
): { readonly note: NoteOf<'step'>; readonly record: Uint8Array } {
  const { accrual, amount } = last.content
  const before = rebateCommitment(chain, last)
  const content = { accrual, before, amount, settlement: null, note: '', ...said }
  const note = { type: 'step', content, leafKey: random(32) } as const
  return { note, record: rebateCommitment(chain, note) }
}

/** A settlement of terms over lines in any order: one sum, in minor units, from payer to claimant. */
export function settlementOf(
  chain: Uint8Array,
  { terms, number, lines }: Omit<SettlementContent, 'net'>,
  random: RandomBytes,
): Composed<'settlement', 'settle-net'> {
  const net = lines.reduce((sum, { amount }) => sum + amount, 0n)
  const sorted = [...lines].sort((a, b) => compareBytes(a.accrual, b.accrual))
  const note = { type: 'settlement', content: { terms, number, lines: sorted, net }, leafKey: random(32) } as const
  const record = rebateCommitment(chain, note)
  return { note, transaction: { type: 'settle-net', handle: terms, number, record } }
}

/** What one party owes another, in minor units; the other way when negative. */
export interface Owed {
  readonly payer: string
  readonly claimant: string
  readonly net: bigint
}

/** What each party receives when all settlements of a day are cleared together; what one pays is negative. In order of names. */
export function netPositions(settlements: readonly Owed[]): readonly (readonly [party: string, position: bigint])[] {
  const positions = new Map<string, bigint>()
  const add = (party: string, amount: bigint) => positions.set(party, (positions.get(party) ?? 0n) + amount)
  for (const { payer, claimant, net } of settlements) {
    add(payer, -net)
    add(claimant, net)
  }
  return [...positions].sort(([a], [b]) => (a < b ? -1 : 1))
}
