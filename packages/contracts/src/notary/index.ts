import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { transaction } from './transactions.ts'

/** Roots of batches of statements, and handles. */
export const notary = defineContract({
  name: 'notary',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
  objects: (transaction) => (transaction.type === 'open-handles' ? transaction.handles.length : 0),
})

export type { Event as NotaryEvent } from './events.ts'
export type { Rejection as NotaryRejection } from './rejections.ts'
export type { Batch, Handle } from './state.ts'
export { sizeClasses, type Transaction as NotaryTransaction } from './transactions.ts'
