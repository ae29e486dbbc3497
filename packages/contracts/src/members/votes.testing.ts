/** Proposals and votes of the small world: votes gather on few proposals, or two thirds would never meet. */
import { compareBytes } from '@plexus/codec'
import type { Identity, Proposal, World } from '../world.testing.ts'
import type { Action } from './actions.ts'
import { type MembersTransaction, members } from './index.ts'
import { policy } from './queries.ts'

type Propose = (world: World) => Proposal<MembersTransaction>

const secondsPerDay = 86_400

const governs = (world: World, sponsor: string, others: readonly Identity[] = []) => ({
  sponsor,
  signers: [...world.keysOf(sponsor, 'governance').slice(0, 1), ...others],
})

/** A member, mostly one in this status. */
function memberIn(world: World, status: 'active' | 'suspended'): string {
  const { random, organisations } = world
  const view = world.view(members)
  const fit = organisations.filter((id) => view.members.get(id)?.status === status)
  const known = organisations.filter((id) => view.members.get(id))
  return random.pick(random.oneIn(12) ? organisations : fit.length > 0 && !random.oneIn(4) ? fit : known)
}

const consensusKey = (number: number): Uint8Array => new Uint8Array(32).fill(100 + number)

function admission(world: World): { readonly action: Action; readonly signers: readonly Identity[] } {
  const { random, candidates, members: ids } = world
  const { id, identity } = random.pick(candidates)
  const spare = random.pick(world.identities.slice(12, 24))
  const pair = random.oneIn(5) ? [spare] : random.oneIn(3) ? [identity, spare] : [identity]
  const scopes = ['batches', 'credentials', 'custodian', 'governance', 'sponsor'] as const
  const action: Action = {
    type: 'admit-member',
    member: random.oneIn(6) ? random.pick(ids) : id,
    address: `https://${id}.example`,
    engineAddress: random.oneIn(2) ? `${'0b'.repeat(20)}@${id}.example:26656` : null,
    sealingKey: new Uint8Array(1216),
    owner: random.pick(['alder', 'birch', id]),
    keys: [...pair]
      .sort((a, b) => compareBytes(a.key, b.key))
      .map(({ key }) => ({
        key,
        scopes: key === identity.key ? scopes : ['custodian'],
        next: random.pick(world.identities).handle,
      })),
    validator: random.oneIn(2) ? { key: consensusKey(random.below(9)), power: random.below(25) } : null,
  }
  return { action, signers: random.oneIn(6) ? [] : pair }
}

function someAction(world: World): Action {
  const { random, organisations } = world
  const view = world.view(members)
  const { parameters } = policy(view)
  switch (random.below(12)) {
    case 0:
    case 1:
      return { type: 'suspend-member', member: memberIn(world, 'active') }
    case 2:
      return { type: 'reinstate-member', member: memberIn(world, 'suspended') }
    case 3: {
      // Seldom: a history of members that are gone shows little.
      const member = random.oneIn(4) ? memberIn(world, 'suspended') : 'nobody'
      return { type: 'remove-member', member, successor: random.oneIn(3) ? null : random.pick(organisations) }
    }
    case 4:
      return {
        type: 'set-parameters',
        parameters: random.oneIn(2)
          ? { ...parameters, envelopesPerMinuteMax: 10 + random.below(100) }
          : { ...parameters, votingDelaySeconds: random.pick([1, 2, 3]) * secondsPerDay },
      }
    case 5:
      return { type: 'set-profile', profile: random.pick(['us', 'opt-in']) }
    case 6:
    case 7:
    case 8:
      return {
        type: 'set-validator',
        member: memberIn(world, 'active'),
        key: random.oneIn(8) ? random.pick(world.identities).key : consensusKey(random.below(9)),
        power: random.oneIn(6) ? 0 : random.below(40),
      }
    case 9: {
      const seated = organisations.filter((id) => view.validators.get(id))
      return {
        type: 'remove-validator',
        member: random.pick(seated.length > 0 && random.oneIn(2) ? seated : organisations),
      }
    }
    default: {
      const height = world.height + (random.oneIn(2) ? 1 : 150 + random.below(200))
      return {
        type: 'activate-contract',
        contract: random.pick(['orders', 'returns']),
        version: random.oneIn(3) ? 2 : 1,
        height,
      }
    }
  }
}

const propose: Propose = (world) => {
  const sponsor = world.someMember()
  if (!world.random.oneIn(4))
    return { transaction: { type: 'propose', action: someAction(world) }, ...governs(world, sponsor) }
  const { action, signers } = admission(world)
  return { transaction: { type: 'propose', action }, ...governs(world, sponsor, signers) }
}

/** Active members vote one after another on the oldest proposals, mostly in favour. */
const vote: Propose = (world) => {
  const { random } = world
  const open = members.queries.proposals(world.view(members))
  if (open.every(({ expiresAt }) => expiresAt < world.time) && !random.oneIn(12)) return propose(world)
  const gathering = open.filter(
    ({ dueAt, expiresAt }) => dueAt === null && (expiresAt >= world.time || random.oneIn(6)),
  )
  const among = gathering.length > 0 && !random.oneIn(8) ? gathering : open
  const { proposal } = random.oneIn(12) ? { proposal: 999 } : (among[random.below(2)] ?? among[0] ?? { proposal: 999 })
  const view = world.view(members)
  const key = String(proposal).padStart(16, '0')
  const silent = [...view.members.entries()].flatMap(([id, { status }]) =>
    status === 'active' && !view.votes.get(`${key}/${id}`) ? [id] : [],
  )
  const sponsor = silent.length > 0 && !random.oneIn(6) ? random.pick(silent) : world.someMember()
  return { transaction: { type: 'vote', proposal, inFavour: !random.oneIn(8) }, ...governs(world, sponsor) }
}

const enact: Propose = (world) => {
  const { random } = world
  const open = members.queries.proposals(world.view(members))
  if (open.every(({ dueAt }) => dueAt === null) && !random.oneIn(6)) return vote(world)
  const due = open.filter(({ dueAt }) => dueAt !== null && dueAt <= world.time)
  const passed = open.filter(({ dueAt }) => dueAt !== null)
  const among = due.length > 0 ? due : passed.length > 0 && random.oneIn(2) ? passed : open
  const proposal = random.oneIn(12) || among.length === 0 ? 999 : random.pick(among).proposal
  return { transaction: { type: 'enact', proposal }, sponsor: world.someMember(), signers: [] }
}

export const governance: readonly Propose[] = [
  propose,
  propose,
  propose,
  vote,
  vote,
  vote,
  vote,
  vote,
  vote,
  enact,
  enact,
  enact,
]
