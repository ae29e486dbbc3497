import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { evolve } from './evolve.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { state } from './state.ts'
import { transaction } from './transactions.ts'
import { misbehaved } from './validators.ts'

/** Organisations, their keys and votes, the policy of the network, and who validates. */
export const members = defineContract({
  name: 'members',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
  misbehaved,
})

export type { Action as MembersAction } from './actions.ts'
export { directory } from './directory.ts'
export type { Event as MembersEvent } from './events.ts'
export { defaultPolicy } from './queries.ts'
export type { Rejection as MembersRejection } from './rejections.ts'
export type { Membership, NetworkPolicy, RegisteredKey, Tenancy } from './state.ts'
export type { Transaction as MembersTransaction } from './transactions.ts'
