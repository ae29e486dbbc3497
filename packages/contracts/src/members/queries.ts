/** What can be looked up of organisations, keys, votes and the policy of the network. */
import { toHex } from '@plexus/codec'
import type { View } from '@plexus/kernel'
import {
  dayKey,
  type Membership,
  type Misbehaved,
  type NetworkPolicy,
  type Proposal,
  proposalKey,
  type RegisteredKey,
  type state,
  type Validator,
} from './state.ts'

type MembersView = View<typeof state>

/** In force until the founding or a later event sets another. */
export const defaultPolicy: NetworkPolicy = {
  profile: 'us',
  version: 1,
  parameters: {
    selfAssertedPatientsPerDayMax: 50,
    selfAssertedPatientsPerClinicianPerDayMax: 10,
    selfAssertedWindowDays: 31,
    intentSecondsMax: 300,
    blockAgeSecondsMax: 15,
    envelopesPerMinuteMax: 6_000,
    objectsPerMinuteMax: 120_000,
    votingDelaySeconds: 7 * 86_400,
    proposalSeconds: 30 * 86_400,
    votesPerOwnerMax: 2,
  },
}

/** The contracts that stand in every network from its first block on, each at version 1. All others wait to be activated. */
const foundingContracts: readonly string[] = ['members', 'notary', 'practitioners']

/** Successors follow one another without a circle; more of them than this mean that the state is damaged. */
const successorsMax = 10_000

export const queries = {
  isActive,
  hostOf,
  keyOf,
  holderAt,
  keysHeld,
  policy,
  member,
  enginesOf,
  custodyOf,
  organisations,
  proposals,
  votesOn,
  tallyOf,
  validatorSet,
  misbehaviours,
  activeVersion,
  activeVersions,
  selfAssertedExcess,
}

/** Whether an organisation takes part now: an active member, or an active tenant of one. */
export function isActive({ members, tenants }: MembersView, id: string): boolean {
  const tenant = tenants.get(id)
  if (tenant && tenant.status !== 'active') return false
  return members.get(tenant?.host ?? id)?.status === 'active'
}

/** The member that answers for an organisation: itself, or the host of a tenant. */
export function hostOf({ members, tenants }: MembersView, id: string): string | undefined {
  return members.get(id) ? id : tenants.get(id)?.host
}

/** What is registered of a public key, given in hexadecimal; also of a revoked one. */
function keyOf({ keys }: MembersView, key: string): RegisteredKey | undefined {
  return keys.get(key)
}

/**
 * Who held a public key (in hexadecimal) on the state after the block of this height, whatever became of the key or of
 * its holder since: what an organisation signed before it left is still its own.
 */
function holderAt({ keys }: MembersView, key: string, height: number): string | undefined {
  const known = keys.get(key)
  if (!known || known.from === null || height < known.from) return undefined
  return known.status === 'revoked' && height >= known.since ? undefined : known.holder
}

/** An organisation's keys that are not revoked, in their order; `dueAt` says when a pending one may be activated. */
function keysHeld(
  { keyrings, keys, pendingKeys }: MembersView,
  holder: string,
): readonly (RegisteredKey & { readonly key: string; readonly dueAt: number | null })[] {
  return [...keyrings.entries(`${holder}/`)].flatMap(([entry]) => {
    const key = entry.slice(holder.length + 1)
    const known = keys.get(key)
    return known ? [{ ...known, key, dueAt: pendingKeys.get(key)?.dueAt ?? null }] : []
  })
}

export function policy(view: MembersView): NetworkPolicy {
  return view.policy.get('current') ?? defaultPolicy
}

function member({ members }: MembersView, id: string): Membership | undefined {
  return members.get(id)
}

/**
 * The engines that belong to the network, in the order of the members' ids: of active members, and of whoever still has a
 * seat among the validators, whose vote the others need until it is taken away.
 */
function enginesOf(view: MembersView): readonly { readonly member: string; readonly address: string }[] {
  return [...view.engineAddresses.entries()].flatMap(([member, { address }]) =>
    view.members.get(member)?.status === 'active' || view.validators.get(member) ? [{ member, address }] : [],
  )
}

/** The organisation that has now what this custodian kept: itself, or the last of those to whom custody was handed over. */
export function custodyOf({ successions }: MembersView, custodian: string): string {
  let keeper = custodian
  for (let steps = 0; steps < successorsMax; steps++) {
    const next = successions.get(keeper)
    if (!next) return keeper
    keeper = next.to
  }
  throw new Error('custody goes round in a circle')
}

/** Every organisation that was ever admitted, by id, with the member that answers for it now. */
function organisations(view: MembersView): readonly {
  readonly organisation: string
  readonly member: string
  readonly active: boolean
}[] {
  const ids = [...view.members.entries(), ...view.tenants.entries()].map(([id]) => id)
  return [...new Set(ids)].sort().map((organisation) => ({
    organisation,
    member: hostOf(view, custodyOf(view, organisation)) ?? organisation,
    active: isActive(view, organisation),
  }))
}

/** What gathers votes, or waits to be enacted, in the order in which it was proposed; what expired is there until the next proposal. */
function proposals(view: MembersView): readonly (Proposal & { readonly proposal: number })[] {
  return [...view.proposals.entries()].map(([key, proposal]) => ({ ...proposal, proposal: Number(key) }))
}

/** The votes that stand on a proposal, in the order of the voters' ids. */
function votesOn(
  { votes }: MembersView,
  proposal: number,
): readonly { readonly voter: string; readonly inFavour: boolean }[] {
  const prefix = `${proposalKey(proposal)}/`
  return [...votes.entries(prefix)].map(([key, { inFavour }]) => ({ voter: key.slice(prefix.length), inFavour }))
}

export interface Tally {
  readonly inFavour: number
  /** Votes that there are. */
  readonly of: number
  /** More than two thirds. */
  readonly passes: boolean
}

/** How a proposal stands now: only members that are active now count, and of each owner group at most as many as the policy says. */
export function tallyOf(view: MembersView, proposal: number): Tally {
  return tally(view, (voter) => view.votes.get(`${proposalKey(proposal)}/${voter}`)?.inFavour ?? false)
}

export function tally(view: MembersView, isInFavour: (member: string) => boolean): Tally {
  const groups = new Map<string, { members: number; inFavour: number }>()
  for (const [id, { status, owner }] of view.members.entries()) {
    if (status !== 'active') continue
    const group = groups.get(owner) ?? { members: 0, inFavour: 0 }
    group.members++
    if (isInFavour(id)) group.inFavour++
    groups.set(owner, group)
  }
  const max = policy(view).parameters.votesPerOwnerMax
  let inFavour = 0
  let of = 0
  for (const group of groups.values()) {
    inFavour += Math.min(group.inFavour, max)
    of += Math.min(group.members, max)
  }
  return { inFavour, of, passes: 3 * inFavour > 2 * of }
}

/** Who signs blocks, in the order of the members' ids; an engine takes a change over as its protocol says. */
function validatorSet({ validators }: MembersView): readonly (Validator & { readonly member: string })[] {
  return [...validators.entries()].map(([member, validator]) => ({ member, ...validator }))
}

/**
 * What the engine proved of validators' keys (in hexadecimal), in the order of the keys. `seated`: the key still has its
 * seat, since too much power had moved that day.
 */
function misbehaviours(
  view: MembersView,
): readonly (Misbehaved & { readonly key: string; readonly seated: boolean })[] {
  const seated = new Set([...view.validators.entries()].map(([, { key }]) => toHex(key)))
  return [...view.misbehaviours.entries()].map(([key, each]) => ({ ...each, key, seated: seated.has(key) }))
}

/** The version of a contract that runs in the block of this height; 0 means that the contract is not active. */
export function activeVersion({ activations }: MembersView, contract: string, height: number): number {
  const decided = activations.get(contract)
  if (decided) return height >= decided.height ? decided.version : decided.before
  return foundingContracts.includes(contract) ? 1 : 0
}

/** The version of every contract that is active in the block of this height. */
export function activeVersions(view: MembersView, height: number): ReadonlyMap<string, number> {
  const versions = new Map(foundingContracts.map((contract) => [contract, 1]))
  for (const [contract, { version, height: from, before }] of view.activations.entries()) {
    const active = height >= from ? version : before
    if (active > 0) versions.set(contract, active)
  }
  return versions
}

/** The first height above this one at which a version is to begin, as far as is decided; null when none is. */
export function nextActivation(view: MembersView, height: number): number | null {
  let next: number | null = null
  for (const [, { height: from }] of view.activations.entries())
    if (from > height && (next === null || from < next)) next = from
  return next
}

/**
 * By how many patients an asker is over its daily ceiling, counting what all custodians posted for the days of the
 * window before `day` (days since 1970, UTC). A leaky bucket, day by day in order: what lies above the ceiling is a
 * debt, and each later day pays back what it leaves unused. 0 means that the asker owes nothing.
 */
function selfAssertedExcess(view: MembersView, asker: string, day: number): number {
  const { selfAssertedPatientsPerDayMax: max, selfAssertedWindowDays: days } = policy(view).parameters
  let debt = 0
  for (let each = Math.max(0, day - days); each < day; each++) {
    let posted = 0
    for (const [, { requests }] of view.counts.entries(`${dayKey(each)}/${asker}/`)) posted += requests
    debt = Math.max(0, debt + posted - max)
  }
  return debt
}
