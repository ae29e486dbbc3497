/** What may be asked of the contract of organisations and keys. */
import { boolean, bytes, type Infer, object, option, sortedList, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { scopeSet } from '../scopes.ts'
import { action } from './actions.ts'
import { engineAddress, nextKeyHash, peerAddress } from './values.ts'

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

const key = bytes({ length: 32 })

export const transaction = variant({
  'register-tenant': { tenant: organisationId },
  /** The new key signs too. `next` may be null for a tenant's key alone, which then cannot rotate. */
  'register-key': { holder: organisationId, key, scopes: scopeSet, next: option(nextKeyHash) },
  /** Puts an announced key in force, once its delay is over. */
  'activate-key': { key },
  /** Signed by the successor, whose hash the key names; any member may sponsor it. */
  'rotate-key': { key, successor: key, next: nextKeyHash },
  'revoke-key': { key },
  /** Counts as the proposer's vote in favour. */
  propose: { action },
  /** A vote stands until its voter changes it. */
  vote: { proposal: uint(), inFavour: boolean() },
  enact: { proposal: uint() },
  'announce-leaving': { organisation: organisationId, successor: organisationId },
  'withdraw-leaving': { organisation: organisationId },
  /** Signed by whoever takes over, when it has what was handed over. */
  'hand-over-custody': { from: organisationId, to: organisationId },
  leave: { organisation: organisationId },
  'post-self-asserted-counts': { custodian: organisationId, day: dayNumber, counts: askerCounts },
  /** The sponsor's own address: nobody else is concerned. */
  'change-address': { address: peerAddress },
  /** Of the engine beside the sponsor's own node. */
  'change-engine-address': { engineAddress },
  /** Asked by other contracts: the sponsor is this organisation, or hosts it. */
  'require-hosted': { organisation: organisationId },
})

export type Transaction = Infer<typeof transaction>
