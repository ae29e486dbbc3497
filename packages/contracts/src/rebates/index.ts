import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { type Transaction, transaction } from './transactions.ts'

/** Discounts, rebates and refunds: each fill bears at most one of those that exclude one another, on terms that both signed. */
export const rebates = defineContract({
  name: 'rebates',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
  objects,
})

/** What stays: terms with two keys, their versions and settlements; an accrual with two keys; an arbiter's key. */
function objects({ type }: Transaction): number {
  switch (type) {
    case 'propose-terms':
    case 'accrue':
    case 'displace':
      return 3
    case 'sign-version':
    case 'settle-net':
    case 'escalate':
      return 1
    default:
      return 0
  }
}

export type { Event as RebatesEvent } from './events.ts'
export { type DisputeCode, dueSecondsOf, type Group, groupOf, type Programme } from './programmes.ts'
export type { Rejection as RebatesRejection } from './rejections.ts'
export type { Accrual, Settlement, Status as AccrualStatus, Terms, TermsVersion } from './state.ts'
export type { Transaction as RebatesTransaction } from './transactions.ts'
