import { defineContract } from '@plexus/kernel'
import { event } from './events.ts'
import { invariants } from './invariants.ts'
import { queries } from './queries.ts'
import { rejections } from './rejections.ts'
import { rules } from './rules.ts'
import { evolve, state } from './state.ts'
import { transaction } from './transactions.ts'

/** Licences, attested by boards, and roles, attested by organisations. */
export const practitioners = defineContract({
  name: 'practitioners',
  version: 1,
  state,
  transaction,
  event,
  rules,
  rejections,
  evolve,
  queries,
  invariants,
})

export type { Event as PractitionersEvent } from './events.ts'
export { isNpi, npiOf } from './npi.ts'
export type { Standing } from './queries.ts'
export type { Rejection as PractitionersRejection } from './rejections.ts'
export type { Licence, Role } from './state.ts'
export type { Transaction as PractitionersTransaction } from './transactions.ts'
