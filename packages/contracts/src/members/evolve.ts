/** What each event changes: the only writer of what is remembered. */
import { toHex } from '@plexus/codec'
import type { Draft, Evolve } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'
import type { Event } from './events.ts'
import { activeVersion } from './queries.ts'
import {
  dayKey,
  dayOfKey,
  type Membership,
  proposalKey,
  type RegisteredKey,
  type Registrations,
  type state,
} from './state.ts'

type MembersDraft = Draft<typeof state>

const noRegistrations: Registrations = { tenants: 0, tenantsActive: 0, keys: 0, governance: 0, sponsor: 0 }

export const evolve: Evolve<typeof state, Event> = {
  'member-founded'({ members }, { member, address, sealingKey, owner }) {
    members.set(member, { status: 'active', address, sealingKey, owner, since: 0 })
  },
  'member-admitted'({ members }, { member, address, sealingKey, owner, height }) {
    members.set(member, { status: 'active', address, sealingKey, owner, since: height })
  },
  'address-changed'({ members }, { member, address }) {
    const known = members.get(member)
    if (!known) throw new Error('the address of an unknown member changed')
    members.set(member, { ...known, address })
  },
  'engine-address-set'({ engineAddresses }, { member, engineAddress: address }) {
    engineAddresses.set(member, { address })
  },
  'policy-set'({ policy }, { profile, version, parameters }) {
    policy.set('current', { profile, version, parameters })
  },
  'tenant-registered'(draft, { tenant, host, height }) {
    draft.tenants.set(tenant, { host, status: 'active', since: height })
    count(draft, host, { tenants: 1, tenantsActive: 1 })
  },

  'key-registered'(draft, { holder, key, scopes, next, height }) {
    addKey(draft, toHex(key), { holder, scopes, status: 'active', since: height, from: height, next })
  },
  'key-announced'(draft, { holder, key, scopes, next, dueAt, height }) {
    addKey(draft, toHex(key), { holder, scopes, status: 'pending', since: height, from: null, next })
    draft.pendingKeys.set(toHex(key), { dueAt })
  },
  'key-activated'(draft, { key, height }) {
    const known = knownKey(draft, toHex(key))
    draft.keys.set(toHex(key), { ...known, status: 'active', since: height, from: height })
    draft.pendingKeys.delete(toHex(key))
    countScopes(draft, known, 1)
  },
  'key-rotated'(draft, { key, successor, next, height }) {
    const { holder, scopes } = knownKey(draft, toHex(key))
    revoke(draft, toHex(key), height)
    addKey(draft, toHex(successor), { holder, scopes, status: 'active', since: height, from: height, next })
  },
  'key-revoked'(draft, { key, height }) {
    revoke(draft, toHex(key), height)
  },

  'proposal-made'(draft, { proposal, action, proposer, proposedAt, expiresAt }) {
    draft.proposals.set(proposalKey(proposal), { action, proposer, proposedAt, expiresAt, dueAt: null })
    draft.numbers.set('next', { proposal: proposal + 1 })
  },
  'vote-cast'({ votes }, { proposal, voter, inFavour }) {
    votes.set(`${proposalKey(proposal)}/${voter}`, { inFavour })
  },
  'proposal-passed'({ proposals }, { proposal, dueAt, expiresAt }) {
    const known = proposals.get(proposalKey(proposal))
    if (!known) throw new Error('a proposal passed that was never made')
    proposals.set(proposalKey(proposal), { ...known, dueAt, expiresAt })
  },
  'proposal-fallen': (draft, { proposal }) => forget(draft, proposal),
  'proposal-expired': (draft, { proposal }) => forget(draft, proposal),
  'proposal-enacted': (draft, { proposal }) => forget(draft, proposal),

  'member-suspended': (draft, { member, height }) => setStatus(draft, member, 'suspended', height),
  'member-reinstated': (draft, { member, height }) => setStatus(draft, member, 'active', height),
  'member-removed'(draft, { member, height }) {
    setStatus(draft, member, 'removed', height)
    revokeAll(draft, member, height)
  },

  'validator-set'({ validators }, { member, key, power }) {
    validators.set(member, { key, power })
  },
  'validator-removed'({ validators }, { member }) {
    validators.delete(member)
  },
  'validator-misbehaved'({ misbehaviours }, { member, key, kind, at, height }) {
    misbehaviours.set(toHex(key), { member, kind, at, height })
  },
  'validator-power-moved'({ validatorMoves }, { epoch, of, moved }) {
    validatorMoves.set('current', { epoch, of, moved })
  },
  'contract-activated'(draft, { contract, version, height }) {
    const before = height === 0 ? 0 : activeVersion(draft, contract, height - 1)
    draft.activations.set(contract, { version, height, before })
  },

  'leaving-announced'({ leavings }, { organisation, successor, dueAt }) {
    leavings.set(organisation, { successor, dueAt })
  },
  'leaving-withdrawn'({ leavings }, { organisation }) {
    leavings.delete(organisation)
  },
  'custody-handed-over'({ successions }, { from, to, height }) {
    successions.set(from, { to, height })
  },
  'organisation-left'(draft, { organisation, height }) {
    const tenancy = draft.tenants.get(organisation)
    if (tenancy) {
      draft.tenants.set(organisation, { ...tenancy, status: 'left', since: height })
      count(draft, tenancy.host, { tenantsActive: -1 })
    } else setStatus(draft, organisation, 'left', height)
    revokeAll(draft, organisation, height)
    draft.leavings.delete(organisation)
  },

  'self-asserted-counts-posted'(draft, { custodian, day, counts, height }) {
    draft.postings.set(`${dayKey(day)}/${custodian}`, { height })
    for (const { asker, requests } of counts) draft.counts.set(`${dayKey(day)}/${asker}/${custodian}`, { requests })
  },
  'self-asserted-counts-forgotten'(draft, { before }) {
    for (const forgetting of [draft.counts, draft.postings]) {
      const gone: string[] = []
      for (const [key] of forgetting.entries()) {
        if (dayOfKey(key) >= before) break
        gone.push(key)
      }
      for (const key of gone) forgetting.delete(key)
    }
  },
}

function addKey(draft: MembersDraft, key: string, registered: RegisteredKey): void {
  draft.keys.set(key, registered)
  draft.keyrings.set(`${registered.holder}/${key}`, {})
  count(draft, draft.tenants.get(registered.holder)?.host ?? registered.holder, { keys: 1 })
  if (registered.status === 'active') countScopes(draft, registered, 1)
}

function knownKey({ keys }: MembersDraft, key: string): RegisteredKey {
  const known = keys.get(key)
  if (!known) throw new Error('something happened to a key that was never registered')
  return known
}

function revoke(draft: MembersDraft, key: string, height: number): void {
  const known = knownKey(draft, key)
  draft.keys.set(key, { ...known, status: 'revoked', since: height })
  draft.keyrings.delete(`${known.holder}/${key}`)
  if (known.status === 'pending') draft.pendingKeys.delete(key)
  else countScopes(draft, known, -1)
}

function revokeAll(draft: MembersDraft, holder: string, height: number): void {
  const held = [...draft.keyrings.entries(`${holder}/`)].map(([entry]) => entry.slice(holder.length + 1))
  for (const key of held) revoke(draft, key, height)
}

/** An active key counts towards the scopes that must not run out. */
function countScopes(
  draft: MembersDraft,
  { holder, scopes }: { readonly holder: string; readonly scopes: readonly Scope[] },
  step: 1 | -1,
): void {
  count(draft, draft.tenants.get(holder)?.host ?? holder, {
    governance: scopes.includes('governance') ? step : 0,
    sponsor: scopes.includes('sponsor') ? step : 0,
  })
}

function count({ registrations }: MembersDraft, host: string, steps: Partial<Registrations>): void {
  const counted = registrations.get(host) ?? noRegistrations
  registrations.set(host, {
    tenants: counted.tenants + (steps.tenants ?? 0),
    tenantsActive: counted.tenantsActive + (steps.tenantsActive ?? 0),
    keys: counted.keys + (steps.keys ?? 0),
    governance: counted.governance + (steps.governance ?? 0),
    sponsor: counted.sponsor + (steps.sponsor ?? 0),
  })
}

function setStatus({ members }: MembersDraft, id: string, to: Membership['status'], since: number): void {
  const known = members.get(id)
  if (!known) throw new Error('the status of an unknown member changed')
  members.set(id, { ...known, status: to, since })
}

function forget({ proposals, votes }: MembersDraft, proposal: number): void {
  const key = proposalKey(proposal)
  proposals.delete(key)
  for (const [vote] of [...votes.entries(`${key}/`)]) votes.delete(vote)
}
