/** What happened to organisations, keys, proposals and the policy. A network is founded in the same events. */
import { boolean, bytes, type Infer, option, text, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { scopeSet } from '../scopes.ts'
import { action } from './actions.ts'
import { askerCounts, dayNumber } from './transactions.ts'
import {
  address,
  consensusKey,
  engineAddress,
  misbehaviourKind,
  nextKeyHash,
  owner,
  peerAddress,
  policyParameters,
  powerMax,
  profile,
  sealingKey,
} from './values.ts'

const key = bytes({ length: 32 })

export const event = variant({
  'member-founded': { member: organisationId, address, sealingKey, owner },
  'key-registered': { holder: organisationId, key, scopes: scopeSet, next: option(nextKeyHash), height: uint() },
  'policy-set': { profile, version: uint(), parameters: policyParameters },
  'tenant-registered': { tenant: organisationId, host: organisationId, height: uint() },
  /** A powerful key that signs for nobody before it is activated: whoever else governs for its holder can still revoke it. */
  'key-announced': {
    holder: organisationId,
    key,
    scopes: scopeSet,
    next: option(nextKeyHash),
    dueAt: uint(),
    height: uint(),
  },
  'key-activated': { key, height: uint() },
  'key-rotated': { key, successor: key, next: nextKeyHash, height: uint() },
  'key-revoked': { key, height: uint() },
  'proposal-made': { proposal: uint(), action, proposer: organisationId, proposedAt: uint(), expiresAt: uint() },
  'vote-cast': { proposal: uint(), voter: organisationId, inFavour: boolean() },
  'proposal-passed': { proposal: uint(), dueAt: uint(), expiresAt: uint() },
  /** It had passed, and a vote took the majority away again. */
  'proposal-fallen': { proposal: uint() },
  'proposal-expired': { proposal: uint() },
  'proposal-enacted': { proposal: uint(), height: uint() },
  'member-admitted': { member: organisationId, address, sealingKey, owner, height: uint() },
  'address-changed': { member: organisationId, address: peerAddress },
  'engine-address-set': { member: organisationId, engineAddress },
  'member-suspended': { member: organisationId, height: uint() },
  'member-reinstated': { member: organisationId, height: uint() },
  /** Its keys are revoked with it. */
  'member-removed': { member: organisationId, height: uint() },
  'validator-set': { member: organisationId, key: consensusKey, power: uint(powerMax), height: uint() },
  'validator-removed': { member: organisationId, height: uint() },
  /** The engine proved it of the key of this member's seat: `at` is the height about which was signed. */
  'validator-misbehaved': {
    member: organisationId,
    key: consensusKey,
    kind: misbehaviourKind,
    at: uint(),
    height: uint(),
  },
  /** How much of the power `of` the validators at the beginning of an epoch has moved in it so far. */
  'validator-power-moved': { epoch: uint(), of: uint(), moved: uint() },
  /** From the first block of this height on, this version runs. */
  'contract-activated': { contract: text({ min: 1, max: 40 }), version: uint(), height: uint() },
  'leaving-announced': { organisation: organisationId, successor: organisationId, dueAt: uint(), height: uint() },
  'leaving-withdrawn': { organisation: organisationId },
  'custody-handed-over': { from: organisationId, to: organisationId, height: uint() },
  /** Its keys are revoked with it. */
  'organisation-left': { organisation: organisationId, height: uint() },
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
