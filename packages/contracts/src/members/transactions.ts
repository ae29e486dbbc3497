/** What may be asked of the contract of organisations and keys. */
import { boolean, bytes, type Infer, object, sortedList, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { scopeSet } from '../scopes.ts'

/** Room for every member and tenant of a large network in one transaction (65 bytes each). */
const askersMax = 2_000

/** One custodian's day: who asked it on self-asserted evidence, and how often, rounded up. */
export const askerCounts = sortedList(object({ asker: organisationId, requests: uint() }), {
  min: 1,
  max: askersMax,
  order: (a, b) => (a.asker < b.asker ? -1 : a.asker > b.asker ? 1 : 0),
})

/** Days since 1970-01-01 UTC, in eight digits: the key under which a day is kept. */
export const dayNumber = uint(99_999_999)

export const transaction = variant({
  'register-tenant': { tenant: organisationId },
  'register-key': { holder: organisationId, key: bytes({ length: 32 }), scopes: scopeSet },
  'revoke-key': { key: bytes({ length: 32 }) },
  'vote-suspension': { member: organisationId, suspend: boolean() },
  'post-self-asserted-counts': { custodian: organisationId, day: dayNumber, counts: askerCounts },
  /** Asked by other contracts: the sponsor is this organisation, or hosts it. */
  'require-hosted': { organisation: organisationId },
})

export type Transaction = Infer<typeof transaction>
