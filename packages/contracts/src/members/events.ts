/** What happened to organisations and keys. The first three also found a network: genesis is written in them. */
import { boolean, bytes, type Infer, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { scopeSet } from '../scopes.ts'
import { address, owner, policyParameters, profile, sealingKey } from './state.ts'
import { askerCounts, dayNumber } from './transactions.ts'

export const event = variant({
  'member-founded': { member: organisationId, address, sealingKey, owner },
  'key-registered': { holder: organisationId, key: bytes({ length: 32 }), scopes: scopeSet, height: uint() },
  'policy-set': { profile, version: uint(), parameters: policyParameters },
  'tenant-registered': { tenant: organisationId, host: organisationId, height: uint() },
  'key-revoked': { key: bytes({ length: 32 }), height: uint() },
  'suspension-voted': { member: organisationId, voter: organisationId, suspend: boolean() },
  'member-suspended': { member: organisationId, height: uint() },
  'member-reinstated': { member: organisationId, height: uint() },
  'self-asserted-counts-posted': {
    custodian: organisationId,
    day: dayNumber,
    counts: askerCounts,
    height: uint(),
  },
  /** Counts of the days before this one no longer weigh on anybody, and are dropped. */
  'self-asserted-counts-forgotten': { before: dayNumber },
})

export type Event = Infer<typeof event>
