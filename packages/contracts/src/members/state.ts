/** What is remembered of organisations, their keys, what they vote on, and who validates. */
import { boolean, type Infer, object, oneOf, option, uint } from '@plexus/codec'
import { collection, organisationId } from '@plexus/kernel'
import { scopeSet } from '../scopes.ts'
import { action } from './actions.ts'
import {
  address,
  consensusKey,
  engineAddress,
  misbehaviourKind,
  nextKeyHash,
  owner,
  policyParameters,
  powerMax,
  profile,
  sealingKey,
} from './values.ts'

/** Whoever left or was removed stays known: what it signed is still to be verified, and nobody takes its identifier. */
const member = object({
  status: oneOf('active', 'suspended', 'left', 'removed'),
  address,
  sealingKey,
  owner,
  since: uint(),
})
export type Membership = Infer<typeof member>

const tenant = object({ host: organisationId, status: oneOf('active', 'left'), since: uint() })
export type Tenancy = Infer<typeof tenant>

const key = object({
  holder: organisationId,
  scopes: scopeSet,
  /** A pending key signs for nobody yet; a revoked one for nobody any more. */
  status: oneOf('pending', 'active', 'revoked'),
  /** Height of the present status. */
  since: uint(),
  /** Height from which it was in force, or null while it never was. */
  from: option(uint()),
  next: option(nextKeyHash),
})
export type RegisteredKey = Infer<typeof key>

const policy = object({ profile, version: uint(), parameters: policyParameters })
export type NetworkPolicy = Infer<typeof policy>

/** Counters of what a member has registered: limits and last keys are checked without a walk. */
const registrations = object({
  tenants: uint(),
  /** Tenants that have not left. */
  tenantsActive: uint(),
  /** Keys of the member and of its tenants, revoked ones included. */
  keys: uint(),
  /** The member's own active keys with the scope governance, and with the scope sponsor. */
  governance: uint(),
  sponsor: uint(),
})
export type Registrations = Infer<typeof registrations>

const proposal = object({
  action,
  proposer: organisationId,
  /** Seconds since 1970, block time, like all times here. */
  proposedAt: uint(),
  /** Until then it gathers votes, or, once it has passed, waits to be enacted. */
  expiresAt: uint(),
  /** When it may be enacted; null until it has passed. */
  dueAt: option(uint()),
})
export type Proposal = Infer<typeof proposal>

const validator = object({ key: consensusKey, power: uint(powerMax) })
export type Validator = Infer<typeof validator>

const misbehaved = object({ member: organisationId, kind: misbehaviourKind, at: uint(), height: uint() })
export type Misbehaved = Infer<typeof misbehaved>

export const state = {
  /** By the member's id; `since` is the height of the present status. */
  members: collection(member),
  /** By the tenant's id. */
  tenants: collection(tenant),
  /** By the public key in hexadecimal. */
  keys: collection(key),
  /** By `holder/key`: the keys of an organisation that are not revoked. */
  keyrings: collection(object({})),
  /** By the public key in hexadecimal: when a pending key may be activated. */
  pendingKeys: collection(object({ dueAt: uint() })),
  /** By the member's id. */
  registrations: collection(registrations),
  /** One entry, `current`. */
  policy: collection(policy),
  /** By number: what gathers votes, or waits to be enacted. What ended is in the events. */
  proposals: collection(proposal),
  /** One entry, `next`: the number of the next proposal. */
  numbers: collection(object({ proposal: uint() })),
  /** By `proposal/voter`: the standing vote of one member. */
  votes: collection(object({ inFavour: boolean() })),
  /** By the member's id. */
  validators: collection(validator),
  /** One entry, `current`: how much of the validators' power moved in the newest epoch in which some did. */
  validatorMoves: collection(object({ epoch: uint(), of: uint(), moved: uint() })),
  /**
   * By the validator's key in hexadecimal: whose seat it had when the engine proved misbehaviour of it first, about which
   * height, and in which block. No seat is given to this key again.
   */
  misbehaviours: collection(misbehaved),
  /** By the contract's name: the newest version decided on, and the one before the height from which it runs. */
  activations: collection(object({ version: uint(), height: uint(), before: uint() })),
  /** By the organisation's id: who announced to leave, and to whom custody goes. */
  leavings: collection(object({ successor: organisationId, dueAt: uint() })),
  /** By the id of the custodian that handed over. */
  successions: collection(object({ to: organisationId, height: uint() })),
  /** By `day/asker/custodian`: requests on self-asserted evidence, rounded up. */
  counts: collection(object({ requests: uint() })),
  /** By `day/custodian`: that the custodian has posted for this day. */
  postings: collection(object({ height: uint() })),
  /** By the member's id, where an engine runs beside its node. */
  engineAddresses: collection(object({ address: engineAddress })),
}

/** Days are numbered from 1970; eight digits sort as numbers do. */
const dayDigits = 8
export const dayKey = (day: number): string => String(day).padStart(dayDigits, '0')
export const dayOfKey = (key: string): number => Number(key.slice(0, dayDigits))

/** As many digits as a safe integer can have, so that any number that a transaction names has a key of its own. */
const proposalDigits = 16
export const proposalKey = (proposal: number): string => String(proposal).padStart(proposalDigits, '0')
