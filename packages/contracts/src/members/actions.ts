/** What members may put to the vote. */
import { bytes, compareBytes, type Infer, object, option, sortedList, text, uint, variant } from '@plexus/codec'
import { organisationId } from '@plexus/kernel'
import { scopeSet } from '../scopes.ts'
import {
  address,
  consensusKey,
  engineAddress,
  nextKeyHash,
  owner,
  policyParameters,
  powerMax,
  profile,
  sealingKey,
} from './values.ts'

/** The first keys of an organisation: one for each kind of work, and a few to spare. More are registered later. */
const keysAtAdmissionMax = 8

const admittedKey = object({ key: bytes({ length: 32 }), scopes: scopeSet, next: nextKeyHash })

const seat = { key: consensusKey, power: uint(powerMax) }

export const action = variant({
  /** Each of the keys signs the envelope of the proposal: nobody is proposed with keys that are not its own. */
  'admit-member': {
    member: organisationId,
    address,
    /** Null for a member without an engine of its own. */
    engineAddress: option(engineAddress),
    sealingKey,
    owner,
    keys: sortedList(admittedKey, { min: 1, max: keysAtAdmissionMax, order: (a, b) => compareBytes(a.key, b.key) }),
    validator: option(object(seat)),
  },
  'suspend-member': { member: organisationId },
  'reinstate-member': { member: organisationId },
  /** For good. The successor takes over custody, where there is any. */
  'remove-member': { member: organisationId, successor: option(organisationId) },
  'set-parameters': { parameters: policyParameters },
  'set-profile': { profile },
  'set-validator': { member: organisationId, ...seat },
  'remove-validator': { member: organisationId },
  /** From the first block of this height on, this version of the contract runs. */
  'activate-contract': {
    contract: text({ min: 1, max: 40, pattern: /^[a-z][a-z0-9-]*$/ }),
    version: uint(),
    height: uint(),
  },
})

export type Action = Infer<typeof action>
export type Admission = Extract<Action, { readonly type: 'admit-member' }>
