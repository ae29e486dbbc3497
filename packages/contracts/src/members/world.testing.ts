import { toHex } from '@plexus/codec'
import { register } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'
import {
  type Cast,
  type ContractWorld,
  type Identity,
  type Proposal,
  successorOf,
  type World,
} from '../world.testing.ts'
import type { Event } from './events.ts'
import { type MembersTransaction, members } from './index.ts'
import { defaultPolicy, hostOf, isActive } from './queries.ts'
import { rulesWithin } from './rules.ts'
import { governance } from './votes.testing.ts'

type Propose = (world: World) => Proposal<MembersTransaction>

const secondsPerDay = 86_400

/** Delays that a history of some days lives to see the end of, and a cap that two members of one owner reach. */
export const worldPolicy = {
  ...defaultPolicy,
  parameters: {
    ...defaultPolicy.parameters,
    votingDelaySeconds: 2 * secondsPerDay,
    proposalSeconds: 10 * secondsPerDay,
    votesPerOwnerMax: 1,
  },
}

export const contractWorld: ContractWorld = {
  // A vote takes several members and many steps.
  historiesPerRejection: 4,
  limited: register({
    ...members,
    rules: rulesWithin({
      tenantsPerHostMax: 1,
      keysPerHostMax: 7,
      activeKeysPerHolderMax: 4,
      membersMax: 6,
      proposalsPerMemberMax: 2,
      activationLeadBlocks: 2,
    }),
  }),

  founding: ({ members: ids, sponsorKeys, officeKeys, boardKeys }: Cast): readonly Event[] => [
    { type: 'policy-set', ...worldPolicy },
    // So late that no history comes there: no version of it is there to run.
    { type: 'contract-activated', contract: 'orders', version: 1, height: 1_000_000 },
    ...ids.flatMap((member, index): readonly Event[] => [
      {
        type: 'member-founded',
        member,
        address: `https://${member}.example`,
        sealingKey: new Uint8Array(1216).fill(index),
        owner: member,
      },
      { type: 'validator-set', member, key: new Uint8Array(32).fill(100 + index), power: 10, height: 0 },
      ...[
        { keys: sponsorKeys, scopes: ['sponsor'] as const, next: 0 },
        { keys: officeKeys, scopes: ['batches', 'credentials', 'custodian', 'governance'] as const, next: 5 },
        { keys: boardKeys, scopes: ['licensing-board'] as const, next: 10 },
      ].flatMap(({ keys, scopes, next }): readonly Event[] => {
        const key = keys[index]?.key
        if (!key) return []
        return [
          { type: 'key-registered', holder: member, key, scopes, next: successorOf(next + index).handle, height: 0 },
        ]
      }),
    ]),
  ],

  propose: (world) => world.random.pick(proposals)(world),
}

const byGovernance = (world: World, sponsor: string, others: readonly Identity[] = []) => ({
  sponsor,
  signers: [...world.keysOf(sponsor, 'governance').slice(0, 1), ...others],
})

const registerTenant: Propose = (world) => {
  const { random, members: ids, tenants } = world
  const tenant = random.pick(random.oneIn(6) ? ids : tenants)
  return { transaction: { type: 'register-tenant', tenant }, ...byGovernance(world, world.someMember()) }
}

const registerKey: Propose = (world) => {
  const { random, identities, organisations } = world
  const view = world.view(members)
  const hosted = organisations.filter((id) => view.tenants.get(id))
  const gone = organisations.filter((id) => view.tenants.get(id)?.status === 'left')
  const someHosted = hosted.length > 0 && !random.oneIn(3) ? hosted : organisations
  const holder = random.pick(gone.length > 0 && random.oneIn(6) ? gone : someHosted)
  const sponsor = random.oneIn(8) ? world.someMember() : (hostOf(view, holder) ?? world.someMember())
  const small = identities.slice(0, 24)
  const unregistered = small.filter(({ key }) => !view.keys.get(toHex(key)))
  const identity = random.pick(random.oneIn(4) || unregistered.length === 0 ? small : unregistered)
  const scopes: readonly (readonly Scope[])[] =
    holder === sponsor
      ? [
          ['governance'],
          ['credentials'],
          ['governance', 'sponsor'],
          ['batches', 'custodian'],
          ['transport'],
          ['licensing-board'],
        ]
      : [['custodian'], ['custodian'], ['custodian', 'sponsor']]
  const next = random.oneIn(3) ? null : random.pick(identities).handle
  return {
    transaction: { type: 'register-key', holder, key: identity.key, scopes: random.pick(scopes), next },
    ...byGovernance(world, sponsor, random.oneIn(5) ? [] : [identity]),
  }
}

const activateKey: Propose = (world) => {
  const { random, identities } = world
  const view = world.view(members)
  const pending = identities.filter(({ key }) => view.pendingKeys.get(toHex(key)))
  const registered = identities.filter(({ key }) => view.keys.get(toHex(key)))
  const { key } = random.pick(
    pending.length > 0 && !random.oneIn(4) ? pending : random.oneIn(8) ? identities : registered,
  )
  const holder = view.keys.get(toHex(key))?.holder
  const sponsor = holder && !random.oneIn(6) ? (hostOf(view, holder) ?? holder) : world.someMember()
  return { transaction: { type: 'activate-key', key }, ...byGovernance(world, sponsor) }
}

const rotateKey: Propose = (world) => {
  const { random, identities } = world
  const view = world.view(members)
  const registered = identities.filter(({ key }) => view.keys.get(toHex(key)))
  const pending = identities.filter(({ key }) => view.pendingKeys.get(toHex(key)))
  const { key } = random.pick(
    random.oneIn(10) ? identities : pending.length > 0 && random.oneIn(2) ? pending : registered,
  )
  const next = view.keys.get(toHex(key))?.next
  const named = next && identities.find(({ handle }) => toHex(handle) === toHex(next))
  const successor = named && !random.oneIn(3) ? named : random.pick(identities)
  return {
    transaction: { type: 'rotate-key', key, successor: successor.key, next: random.pick(identities).handle },
    sponsor: world.someMember(),
    signers: random.oneIn(6) ? [] : [successor],
  }
}

const revokeKey: Propose = (world) => {
  const { random, identities } = world
  const view = world.view(members)
  const registered = identities.filter(({ key }) => view.keys.get(toHex(key)))
  const revoked = registered.filter(({ key }) => view.keys.get(toHex(key))?.status === 'revoked')
  const { key } = random.pick(
    random.oneIn(8) ? identities : revoked.length > 0 && random.oneIn(4) ? revoked : registered,
  )
  const known = view.keys.get(toHex(key))
  const host = known && hostOf(view, known.holder)
  const sponsor = host && !random.oneIn(8) ? host : world.someMember()
  return { transaction: { type: 'revoke-key', key }, ...byGovernance(world, sponsor) }
}

/** Who has announced to leave, mostly; or anybody. */
function leaver(world: World): { readonly organisation: string; readonly sponsor: string } {
  const { random, organisations } = world
  const view = world.view(members)
  const leaving = organisations.filter((id) => view.leavings.get(id) && isActive(view, id))
  const ready = leaving.filter((id) => view.successions.get(id))
  const among = ready.length > 0 && !random.oneIn(4) ? ready : leaving
  const organisation = random.pick(among.length > 0 && !random.oneIn(5) ? among : organisations)
  const sponsor = random.oneIn(10) ? world.someMember() : (hostOf(view, organisation) ?? world.someMember())
  return { organisation, sponsor }
}

const announceLeaving: Propose = (world) => {
  const { random, organisations } = world
  const view = world.view(members)
  const hosted = organisations.filter((id) => view.tenants.get(id))
  const hosts = hosted.flatMap((id) => view.tenants.get(id)?.host ?? [])
  const gone = hosted.filter((id) => view.tenants.get(id)?.status === 'left')
  const among = gone.length > 0 && !random.oneIn(3) ? gone : random.oneIn(2) ? hosts : hosted
  const organisation = random.pick(random.oneIn(4) || hosted.length === 0 ? organisations : among)
  const sponsor = random.oneIn(10) ? world.someMember() : (hostOf(view, organisation) ?? world.someMember())
  const others = organisations.filter((id) => id !== sponsor && view.members.get(id)?.status === 'active')
  const successor = random.pick(random.oneIn(8) || others.length === 0 ? organisations : others)
  return { transaction: { type: 'announce-leaving', organisation, successor }, ...byGovernance(world, sponsor) }
}

const handOver: Propose = (world) => {
  const { random } = world
  const view = world.view(members)
  const { organisation: from } = leaver(world)
  const named = view.leavings.get(from)?.successor
  const to = named && !random.oneIn(4) ? named : world.someMember()
  const sponsor = random.oneIn(10) ? world.someMember() : (hostOf(view, to) ?? world.someMember())
  return {
    transaction: { type: 'hand-over-custody', from, to },
    sponsor,
    signers: world.keysOf(random.oneIn(4) ? to : sponsor, 'custodian').slice(0, 1),
  }
}

/** One step of whoever leaves: mostly the one that comes next. */
const depart: Propose = (world) => {
  const { random, organisations } = world
  const view = world.view(members)
  if (random.oneIn(3) || organisations.every((id) => !view.leavings.get(id))) return announceLeaving(world)
  const { organisation, sponsor } = leaver(world)
  if (random.oneIn(12))
    return { transaction: { type: 'withdraw-leaving', organisation }, ...byGovernance(world, sponsor) }
  if (!view.successions.get(organisation) && !random.oneIn(3)) return handOver(world)
  return { transaction: { type: 'leave', organisation }, ...byGovernance(world, sponsor) }
}

const postCounts: Propose = (world) => {
  const { random, organisations } = world
  const view = world.view(members)
  const today = Math.floor(world.time / secondsPerDay)
  const custodian = random.oneIn(2) ? world.someMember() : random.pick(organisations)
  const sponsor = random.oneIn(8) ? world.someMember() : (hostOf(view, custodian) ?? world.someMember())
  const known = random.oneIn(8) ? organisations : organisations.filter((id) => hostOf(view, id))
  const askers = known.filter((_, index) => index === 0 || random.oneIn(3))
  const counts = askers.sort().map((asker) => ({
    asker,
    requests: random.oneIn(12) ? random.below(2) * 3 : 5 * (1 + random.below(20)),
  }))
  const ago = random.oneIn(10) ? 0 : random.oneIn(10) ? 40 : 1
  return {
    transaction: { type: 'post-self-asserted-counts', custodian, day: today - ago, counts },
    sponsor,
    signers: world.keysOf(random.oneIn(3) ? custodian : sponsor, 'custodian').slice(0, 1),
  }
}

const changeAddress: Propose = (world) => {
  const sponsor = world.someMember()
  return {
    transaction: { type: 'change-address', address: `plexus://${sponsor}.example:${1 + world.random.below(9)}` },
    sponsor,
    signers: world.random.oneIn(4) ? [] : world.keysOf(sponsor, 'governance').slice(0, 1),
  }
}

const changeEngineAddress: Propose = (world) => {
  const sponsor = world.someMember()
  const engineAddress = `${'0a'.repeat(20)}@${sponsor}.example:${1 + world.random.below(9)}`
  return {
    transaction: { type: 'change-engine-address', engineAddress },
    sponsor,
    signers: world.random.oneIn(4) ? [] : world.keysOf(sponsor, 'governance').slice(0, 1),
  }
}

const requireHosted: Propose = (world) => ({
  transaction: { type: 'require-hosted', organisation: world.random.pick(world.organisations) },
  sponsor: world.someMember(),
  signers: [],
})

const proposals: readonly Propose[] = [
  registerTenant,
  registerKey,
  registerKey,
  registerKey,
  activateKey,
  activateKey,
  activateKey,
  rotateKey,
  rotateKey,
  revokeKey,
  ...governance,
  depart,
  depart,
  depart,
  depart,
  depart,
  depart,
  depart,
  depart,
  postCounts,
  postCounts,
  postCounts,
  changeAddress,
  changeEngineAddress,
  requireHosted,
]
