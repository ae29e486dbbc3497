import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import type { Cast, Identity } from '../world.testing.ts'
import type { Action, Admission } from './actions.ts'
import { by, carry, decide, enact, nextProposal, secondsPerDay, statusOf, voteFor } from './examples.testing.ts'
import { directory, members } from './index.ts'
import { worldPolicy } from './world.testing.ts'

type Candidate = Cast['candidates'][number]

const everybodyElse = ['birch', 'cedar', 'elm', 'fir']
const suspendAlder: Action = { type: 'suspend-member', member: 'alder' }
const toOptIn: Action = { type: 'set-profile', profile: 'opt-in' }
const profileOf = (world: Network) => members.queries.policy(world.view(members)).profile

/** Gale and its key, which does everything. */
function gale(world: Network, changes: Partial<Admission> = {}): { action: Admission; signers: Network['officeKeys'] } {
  const [candidate] = world.candidates
  if (!candidate) throw new Error('nobody may be admitted')
  const { key, handle } = candidate.identity
  const scopes = ['batches', 'credentials', 'custodian', 'governance', 'sponsor'] as const
  const action: Admission = {
    type: 'admit-member',
    member: 'gale',
    address: 'https://gale.example',
    engineAddress: `${'0c'.repeat(20)}@gale.example:26656`,
    sealingKey: new Uint8Array(1216),
    owner: 'gale',
    keys: [{ key, scopes, next: handle }],
    validator: null,
    ...changes,
  }
  return { action, signers: [candidate.identity] }
}
const admitGale = (world: Network, changes?: Partial<Admission>) => {
  const { action, signers } = gale(world, changes)
  return carry(world, action, signers)
}

describe('a vote', () => {
  test('passes with more than two thirds, takes effect after the delay, and only when somebody enacts it', () => {
    const world = network()
    decide(world, toOptIn, ['birch', 'cedar', 'elm'])
    expect(enact(world, 1)).toBe('proposal-not-passed')
    voteFor(world, 1, 'fir')
    expect(enact(world, 1)).toBe('not-due')
    world.time += 2 * secondsPerDay
    expect(profileOf(world)).toBe('us')
    expect(enact(world, 1)).toBe('accepted')
    expect(members.queries.policy(world.view(members))).toEqual({ ...worldPolicy, profile: 'opt-in', version: 2 })
    expect(enact(world, 1)).toBe('proposal-unknown')
  })

  test('the proposer is in favour, and may change its mind as everybody may', () => {
    const world = network()
    decide(world, toOptIn, ['birch', 'cedar', 'elm'])
    voteFor(world, 1, 'birch', false)
    voteFor(world, 1, 'fir')
    expect(members.queries.tallyOf(world.view(members), 1)).toEqual({ inFavour: 3, of: 5, passes: false })
  })

  test('that loses its majority during the delay is over: it must be proposed again', () => {
    const world = network()
    decide(world, toOptIn, everybodyElse)
    world.time += secondsPerDay
    expect(voteFor(world, 1, 'fir', false)).toBe('accepted')
    expect(voteFor(world, 1, 'fir')).toBe('proposal-unknown')
  })

  test('that keeps its majority goes on, though one changed its mind', () => {
    const world = network()
    decide(world, toOptIn, [...everybodyElse, 'alder'])
    voteFor(world, 1, 'fir', false)
    world.time += 2 * secondsPerDay
    expect(enact(world, 1)).toBe('accepted')
  })

  test('is counted again when it takes effect: who was suspended meanwhile no longer stands behind it', () => {
    const world = network()
    decide(world, toOptIn, everybodyElse)
    decide(world, { type: 'suspend-member', member: 'birch' }, ['alder', 'cedar', 'elm', 'fir'])
    decide(world, { type: 'suspend-member', member: 'cedar' }, ['alder', 'elm', 'fir'])
    world.time += 2 * secondsPerDay
    expect(enact(world, 1)).toBe('proposal-not-passed')
  })

  test('ends after its time, whether it has passed or not', () => {
    const world = network()
    decide(world, toOptIn, ['birch'])
    decide(world, toOptIn, everybodyElse)
    world.time += 10 * secondsPerDay + 1
    expect(voteFor(world, 1, 'cedar')).toBe('proposal-expired')
    expect(voteFor(world, 2, 'cedar')).toBe('accepted')
    world.time += 2 * secondsPerDay
    expect(enact(world, 2)).toBe('proposal-expired')
  })

  test('that expired is forgotten with the next proposal, and its number does not come again', () => {
    const world = network()
    decide(world, toOptIn, ['birch', 'cedar'])
    world.time += 10 * secondsPerDay + 1
    decide(world, toOptIn, ['birch'])
    expect(members.queries.proposals(world.view(members)).map(({ proposal }) => proposal)).toEqual([2])
    expect([...world.view(members).votes.entries()]).toHaveLength(1)
  })

  test('scope-missing: the key that sponsors neither proposes nor votes', () => {
    const world = network()
    decide(world, toOptIn, ['birch'])
    expect(world.submit(members, { type: 'propose', action: toOptIn }, { sponsor: 'alder' })).toBe('scope-missing')
    const vote = { type: 'vote', proposal: 1, inFavour: true } as const
    expect(world.submit(members, vote, { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('proposal-unknown: there is nothing to vote on', () => {
    expect(voteFor(network(), 1, 'alder')).toBe('proposal-unknown')
  })

  test('limit-reached: a member makes a bounded number of proposals at a time', () => {
    const world = network({ limited: true })
    expect(decide(world, toOptIn, ['birch'])).toEqual(['accepted'])
    expect(decide(world, toOptIn, ['birch'])).toEqual(['accepted'])
    expect(decide(world, toOptIn, ['birch'])).toEqual(['limit-reached'])
  })
})

describe('suspension and reinstatement', () => {
  test('four of five suspend a member at once, three do not, and its keys then sign for nobody', () => {
    const world = network()
    decide(world, suspendAlder, ['birch', 'cedar', 'elm'])
    expect(statusOf(world, 'alder')).toBe('active')
    voteFor(world, 1, 'fir')
    expect(statusOf(world, 'alder')).toBe('suspended')
    const tenant = { type: 'register-tenant', tenant: 'grove' } as const
    expect(world.submit(members, tenant, by(world, 'alder'))).toBe('sponsor-not-active')
  })

  test('more than two thirds of the members that are active then reinstate it, at once', () => {
    const world = network()
    decide(world, suspendAlder, everybodyElse)
    decide(world, { type: 'reinstate-member', member: 'alder' }, ['birch', 'cedar'])
    expect(statusOf(world, 'alder')).toBe('suspended')
    voteFor(world, 2, 'elm')
    expect(statusOf(world, 'alder')).toBe('active')
  })

  test('member-unknown: a vote is about a member', () => {
    expect(decide(network(), { type: 'suspend-member', member: 'nobody' }, ['alder'])).toEqual(['member-unknown'])
  })

  test('status-unfit: whoever is suspended is not suspended again, and whoever is active not reinstated', () => {
    const world = network()
    decide(world, suspendAlder, everybodyElse)
    expect(decide(world, suspendAlder, ['birch'])).toEqual(['status-unfit'])
    expect(decide(world, { type: 'reinstate-member', member: 'birch' }, ['birch'])).toEqual(['status-unfit'])
  })

  test('last-active-member: the last one cannot vote itself away', () => {
    const world = network({ size: 1 })
    expect(decide(world, suspendAlder, ['alder'])).toEqual(['last-active-member'])
    expect(decide(world, { type: 'remove-member', member: 'alder', successor: null }, ['alder'])).toEqual([
      'last-active-member',
    ])
  })
})

describe('admission', () => {
  test('a candidate that more than two thirds want is a member after the delay, with its keys', () => {
    const world = network()
    expect(admitGale(world)).toBe('accepted')
    expect(statusOf(world, 'gale')).toBe('active')
    expect(members.queries.enginesOf(world.view(members)).map(({ member }) => member)).toEqual(['gale'])
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'gale'))).toBe('accepted')
  })

  test('a seat among the validators comes with it where the proposal says so', () => {
    const world = network()
    const validator = { key: new Uint8Array(32).fill(7), power: 10 }
    expect(admitGale(world, { validator })).toBe('accepted')
    expect(members.queries.validatorSet(world.view(members))).toContainEqual({ member: 'gale', ...validator })
  })

  test('identifier-taken: nobody is admitted under the identifier of another', () => {
    expect(admitGale(network(), { member: 'alder' })).toBe('identifier-taken')
  })

  test('key-did-not-sign: nobody is admitted with keys that are not its own', () => {
    const world = network()
    const { action } = gale(world)
    expect(decide(world, action, ['birch'])).toEqual(['key-did-not-sign'])
  })

  test('key-known: a key of another member is no key of the candidate', () => {
    const world = network()
    const { key, handle } = world.officeKeys[0] as Identity
    expect(admitGale(world, { keys: [{ key, scopes: ['governance', 'sponsor'], next: handle }] })).toBe('key-known')
  })

  test('admission-without-scope: a member can govern and sponsor from its first day on', () => {
    const world = network()
    const { key, handle } = (world.candidates[0] as Candidate).identity
    expect(admitGale(world, { keys: [{ key, scopes: ['governance'], next: handle }] })).toBe('admission-without-scope')
  })

  test('limit-reached: a network has a bounded number of members', () => {
    const world = network({ limited: true })
    expect(admitGale(world)).toBe('accepted')
    expect(admitGale(world, { member: 'hazel' })).toBe('limit-reached')
  })

  test('validator-key-taken: the key for blocks is not the key for envelopes', () => {
    const world = network()
    const { key } = (world.candidates[0] as Candidate).identity
    expect(admitGale(world, { validator: { key, power: 10 } })).toBe('validator-key-taken')
  })
})

describe('removal', () => {
  test('is for good: the keys are revoked, the seat is empty, and the identifier is never free again', () => {
    const world = network()
    expect(carry(world, { type: 'remove-member', member: 'alder', successor: 'birch' })).toBe('accepted')
    expect(statusOf(world, 'alder')).toBe('removed')
    const office = world.officeKeys[0]?.key as Uint8Array
    expect(members.queries.keyOf(world.view(members), toHex(office))?.status).toBe('revoked')
    expect(members.queries.validatorSet(world.view(members)).map(({ member }) => member)).not.toContain('alder')
    expect(carry(world, { type: 'reinstate-member', member: 'alder' })).toBe('status-unfit')
    expect(admitGale(world, { member: 'alder' })).toBe('identifier-taken')
  })

  test('hands custody to the successor that the vote named, also that of the tenants', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'alder'))
    decide(world, { type: 'remove-member', member: 'alder', successor: 'birch' }, everybodyElse)
    world.time += 2 * secondsPerDay
    enact(world, 1, 'birch')
    for (const from of ['alder', 'grove'])
      expect(world.submit(members, { type: 'hand-over-custody', from, to: 'birch' }, by(world, 'birch'))).toBe(
        'accepted',
      )
    expect(members.queries.custodyOf(world.view(members), 'grove')).toBe('birch')
  })

  test('successor-unfit: custody does not go to a tenant of whoever is removed', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'alder'))
    const action: Action = { type: 'remove-member', member: 'alder', successor: 'grove' }
    expect(decide(world, action, ['birch'])).toEqual(['successor-unfit'])
  })
})

describe('parameters', () => {
  const set = (world: Network, changes: Partial<typeof worldPolicy.parameters>) =>
    carry(world, { type: 'set-parameters', parameters: { ...worldPolicy.parameters, ...changes } })

  test('a vote sets them, and the version of the policy rises', () => {
    const world = network()
    expect(set(world, { envelopesPerMinuteMax: 600 })).toBe('accepted')
    const { version, parameters } = members.queries.policy(world.view(members))
    expect([version, parameters.envelopesPerMinuteMax]).toEqual([2, 600])
  })

  test('T-33: parameter-out-of-bounds: no vote shortens the delay below seven days, or below what the founding said', () => {
    const world = network()
    expect(set(world, { votingDelaySeconds: secondsPerDay })).toBe('parameter-out-of-bounds')
    expect(set(world, { votingDelaySeconds: 8 * secondsPerDay })).toBe('accepted')
    expect(set(world, { votingDelaySeconds: 2 * secondsPerDay })).toBe('parameter-out-of-bounds')
  })

  test('T-33: parameter-out-of-bounds: no vote counts more than two members of one owner', () => {
    expect(set(network(), { votesPerOwnerMax: 3 })).toBe('parameter-out-of-bounds')
    expect(set(network(), { votesPerOwnerMax: 2 })).toBe('accepted')
  })

  test('parameter-out-of-bounds: no vote silences the network by a quota or by an age', () => {
    expect(set(network(), { envelopesPerMinuteMax: 0 })).toBe('parameter-out-of-bounds')
    expect(set(network(), { blockAgeSecondsMax: 4 })).toBe('parameter-out-of-bounds')
  })
})

describe('versions of contracts', () => {
  const activate = (changes: Partial<Extract<Action, { readonly type: 'activate-contract' }>> = {}): Action => ({
    type: 'activate-contract',
    contract: 'notary',
    version: 2,
    height: 500,
    ...changes,
  })

  test('a version runs from its height on, and not before', () => {
    const world = network()
    expect(carry(world, activate())).toBe('accepted')
    const version = (height: number) => members.queries.activeVersion(world.view(members), 'notary', height)
    expect([1, 499, 500, 501].map(version)).toEqual([1, 1, 2, 2])
    const { reader } = world
    expect([...directory.versionsAt(reader, 499)]).toContainEqual(['notary', 1])
    expect([...directory.versionsAt(reader, 500)]).toContainEqual(['notary', 2])
  })

  test('a contract that no network has from the beginning is not active before its first version', () => {
    const world = network()
    expect(members.queries.activeVersion(world.view(members), 'returns', 400)).toBe(0)
    expect(carry(world, activate({ contract: 'returns', version: 1 }))).toBe('accepted')
    expect(members.queries.activeVersion(world.view(members), 'returns', 499)).toBe(0)
    expect(members.queries.activeVersion(world.view(members), 'returns', 500)).toBe(1)
  })

  test('version-not-next: no version is left out, or comes back', () => {
    for (const version of [0, 1, 3])
      expect(decide(network(), activate({ version }), ['alder'])).toEqual(['version-not-next'])
  })

  test('height-unfit: there is time to install it, and an end to waiting', () => {
    for (const height of [1, 100, 100_000_000])
      expect(decide(network(), activate({ height }), ['alder'])).toEqual(['height-unfit'])
  })

  test('activation-pending: one after the other', () => {
    const world = network()
    carry(world, activate())
    expect(decide(world, activate({ version: 3, height: 900 }), ['alder'])).toEqual(['activation-pending'])
  })
})

test('the numbers of proposals begin with one', () => {
  const world = network()
  expect(nextProposal(world)).toBe(1)
  decide(world, toOptIn, ['alder'])
  expect(nextProposal(world)).toBe(2)
})
