import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { transaction } from './transactions.ts'

/** What this contract keeps, in one line. */
export const identifier = defineContract({
  name: 'NAME',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
  objects: ({ type }) => (type === 'enter' ? 1 : 0),
})

export type { Event as IdentifierEvent } from './events.ts'
export type { Rejection as IdentifierRejection } from './rejections.ts'
export type { Entry as IdentifierEntry } from './state.ts'
export type { Transaction as IdentifierTransaction } from './transactions.ts'
