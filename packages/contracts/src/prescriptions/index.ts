import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { type Transaction, transaction } from './transactions.ts'

/** Lines of prescriptions, each filled once: by one holder at a time, within its limits. */
export const prescriptions = defineContract({
  name: 'prescriptions',
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

/** What stays: an item and its patient's key, each key that claims and holds, each fill. */
function objects(transaction: Transaction): number {
  switch (transaction.type) {
    case 'sign-items':
      return 2 * transaction.items.length + 1
    case 'make-available':
    case 'nominate':
    case 'open-refill':
    case 'claim':
    case 'fill':
      return 1
    default:
      return 0
  }
}

export { dayAt, type Place, startOfDay } from './days.ts'
export type { Event as PrescriptionsEvent } from './events.ts'
export {
  type LimitsName,
  lastDayOf,
  limitsFor,
  limitsOf,
  limitsSuffice,
  type RemainderReason,
  remainderReason,
  type Schedule,
} from './limits.ts'
export { itemStatusAt } from './queries.ts'
export type { Rejection as PrescriptionsRejection } from './rejections.ts'
export {
  type Fill,
  type Item,
  type Signing,
  type Status as ItemStatus,
  terminal as itemEndings,
  whole,
} from './state.ts'
export {
  type Dispenser,
  dispensers,
  type SignedItem,
  type Transaction as PrescriptionsTransaction,
} from './transactions.ts'
