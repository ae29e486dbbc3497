import { toHex } from '@plexus/codec'
import { register } from '@plexus/kernel'
import type { Scope } from '../scopes.ts'
import type { Cast, ContractWorld, Proposal, World } from '../world.testing.ts'
import type { Event } from './events.ts'
import { type MembersTransaction, members } from './index.ts'
import { defaultPolicy, hostOf } from './queries.ts'
import { rulesWithin } from './rules.ts'

type Propose = (world: World) => Proposal<MembersTransaction>

const secondsPerDay = 86_400

export const contractWorld: ContractWorld = {
  limited: register({ ...members, rules: rulesWithin({ tenantsPerHostMax: 1, keysPerHostMax: 6 }) }),

  founding: ({ members: ids, sponsorKeys, officeKeys, boardKeys }: Cast): readonly Event[] => [
    { type: 'policy-set', ...defaultPolicy },
    ...ids.flatMap((member, index): readonly Event[] => [
      {
        type: 'member-founded',
        member,
        address: `https://${member}.example`,
        sealingKey: new Uint8Array(1216).fill(index),
        owner: member,
      },
      ...[
        { keys: sponsorKeys, scopes: ['sponsor'] as const },
        { keys: officeKeys, scopes: ['batches', 'credentials', 'custodian', 'governance'] as const },
        { keys: boardKeys, scopes: ['licensing-board'] as const },
      ].flatMap(({ keys, scopes }): readonly Event[] => {
        const key = keys[index]?.key
        return key ? [{ type: 'key-registered', holder: member, key, scopes, height: 0 }] : []
      }),
    ]),
  ],

  propose: (world) => world.random.pick(proposals)(world),
}

const registerTenant: Propose = (world) => {
  const { random, members: ids, tenants } = world
  const sponsor = world.someMember()
  return {
    transaction: { type: 'register-tenant', tenant: random.pick(random.oneIn(6) ? ids : tenants) },
    sponsor,
    signers: world.keysOf(sponsor, 'governance').slice(0, 1),
  }
}

const registerKey: Propose = (world) => {
  const { random, identities, organisations } = world
  const hosted = organisations.filter((id) => world.view(members).tenants.get(id))
  const holder = random.pick(hosted.length > 0 && random.oneIn(2) ? hosted : organisations)
  const sponsor = random.oneIn(8) ? world.someMember() : (hostOf(world.view(members), holder) ?? world.someMember())
  const unregistered = identities.filter(({ key }) => !world.view(members).keys.get(toHex(key)))
  const scopes: readonly (readonly Scope[])[] =
    holder === sponsor
      ? [['governance'], ['sponsor'], ['governance', 'sponsor'], ['batches', 'credentials'], ['licensing-board']]
      : [['custodian'], ['custodian', 'sponsor']]
  return {
    transaction: {
      type: 'register-key',
      holder,
      key: random.pick(random.oneIn(3) ? identities : unregistered).key,
      scopes: random.pick(scopes),
    },
    sponsor,
    signers: world.keysOf(sponsor, 'governance').slice(0, 1),
  }
}

const revokeKey: Propose = (world) => {
  const { random, identities } = world
  const view = world.view(members)
  const registered = identities.filter(({ key }) => view.keys.get(toHex(key)))
  const revoked = registered.filter(({ key }) => view.keys.get(toHex(key))?.status === 'revoked')
  const { key } = random.pick(
    random.oneIn(4) ? identities : revoked.length > 0 && random.oneIn(4) ? revoked : registered,
  )
  const known = view.keys.get(toHex(key))
  const host = known && hostOf(view, known.holder)
  const sponsor = host && !random.oneIn(8) ? host : world.someMember()
  return {
    transaction: { type: 'revoke-key', key },
    sponsor,
    signers: world.keysOf(sponsor, 'governance').slice(0, 1),
  }
}

// Votes gather on one member at a time: spread evenly, two thirds would never meet.
const voteSuspension: Propose = (world) => {
  const { random, members: ids } = world
  const subject = random.oneIn(10)
    ? 'nobody'
    : (ids[Math.floor(world.time / (3 * secondsPerDay)) % ids.length] as string)
  const suspended = world.view(members).members.get(subject)?.status === 'suspended'
  const sponsor = world.someMember()
  return {
    transaction: { type: 'vote-suspension', member: subject, suspend: random.oneIn(6) ? suspended : !suspended },
    sponsor,
    signers: world.keysOf(sponsor, 'governance').slice(0, 1),
  }
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

const requireHosted: Propose = (world) => ({
  transaction: { type: 'require-hosted', organisation: world.random.pick(world.organisations) },
  sponsor: world.someMember(),
  signers: [],
})

const proposals: readonly Propose[] = [
  registerTenant,
  registerKey,
  registerKey,
  revokeKey,
  voteSuspension,
  voteSuspension,
  postCounts,
  postCounts,
  requireHosted,
]
