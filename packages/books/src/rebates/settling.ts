/** What is due between two parties under their terms: one sum, its lines, and a step for each accrual that says it is paid. */
import { equalBytes, no, ok, type Result } from '@plexus/codec'
import type { Accrual } from '@plexus/contracts'
import type { JournalChange } from '@plexus/exchange'
import { type AccrualBook, type SettlementContent, settlementOf } from '@plexus/sdk'
import { settledAtOnceMax } from './bounds.ts'
import type { Party, RebateRefusal } from './party.ts'
import type { AccrualRow, TermsRow } from './rows.ts'
import type { Sharing } from './sharing.ts'

/** What a settlement paid on an accrual and nothing paid back, in minor units. */
export function paidOn({ steps }: AccrualBook): bigint {
  const last = steps.findLast(({ content }) => content.settlement !== null)?.content
  return last?.step === 'settle' ? last.amount : 0n
}

/** What is due on an accrual now, in minor units, to the claimant; undefined where nothing is to be settled. */
export function dueOn(book: AccrualBook, { status, paid }: Accrual): bigint | undefined {
  const amount = (book.steps.at(-1) ?? book.accrual).content.amount
  if (status === 'approved') return amount - paidOn(book)
  return status === 'reversed' && paid ? -paidOn(book) : undefined
}

/** Why a settlement is not what this member's own book says is due, or undefined. */
export function settlementDiffers(party: Party, { terms, lines, net }: SettlementContent): string | undefined {
  if (lines.reduce((sum, { amount }) => sum + amount, 0n) !== net) return 'net-differs'
  for (const { accrual, amount } of lines) {
    const row = party.rows.accrualOf(accrual)
    const now = party.accrualNow(accrual)
    if (!row || !now || !equalBytes(row.terms, terms)) return 'accrual-unknown'
    if (dueOn(party.rows.bookOf(accrual), now) !== amount) return 'amount-differs'
  }
  return undefined
}

/** What is due now: a sum of so many accruals, composed and sent for the other's shares. */
export interface Settling {
  readonly number: number
  readonly net: bigint
  readonly lines: number
  readonly changes: readonly JournalChange[]
}

export function settle(party: Party, sharing: Sharing, terms: Uint8Array): Result<Settling, RebateRefusal> {
  const { rows, desk } = party
  const row = rows.termsOf(terms)
  const now = party.termsNow(terms)
  if (!row?.otherKey || !now) return no({ type: 'terms-unknown' })
  const due = [...dueUnder(party, row)].slice(0, settledAtOnceMax)
  if (due.length === 0) return no({ type: 'nothing-due' })
  const number = now.settlements + 1
  const lines = due.map(({ row: { handle }, amount }) => ({ accrual: handle, amount }))
  const { note, transaction } = settlementOf(desk.chain, { terms, number, lines }, desk.random)
  const steps = due.map(({ row: each, isBack }) => {
    const said = isBack ? { amount: 0n, settlement: number } : { settlement: number }
    const { note: step, record } = party.next(each.handle, isBack ? 'repay' : 'settle', said)
    return { each, step, record }
  })
  const bodies = [
    {
      transaction,
      seed: party.termsSeed(row),
      otherKey: row.otherKey,
      about: { type: 'net', settlement: note },
    } as const,
    ...steps.map(({ each, step, record }) => ({
      transaction: { type: 'settle', handle: each.handle, record } as const,
      seed: party.accrualSeed(each),
      otherKey: each.otherKey,
      about: { type: 'said', step } as const,
    })),
  ]
  const opens = [note, ...steps.map(({ step }) => step)]
  const changes = sharing.ask(row.other, bodies, { opens, accruals: due.map((each) => each.row) })
  return ok({ number, net: note.content.net, lines: lines.length, changes: [...changes, rows.putSettlement(note)] })
}

function* dueUnder(party: Party, { handle }: TermsRow): Iterable<{ row: AccrualRow; amount: bigint; isBack: boolean }> {
  for (const row of party.rows.accrualsUnder(handle)) {
    const now = row.pending ? undefined : party.accrualNow(row.handle)
    const amount = now && dueOn(party.rows.bookOf(row.handle), now)
    if (now && amount !== undefined) yield { row, amount, isBack: now.status === 'reversed' }
  }
}
