import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import { identities } from '../world.testing.ts'
import { directory, members } from './index.ts'

const secondsPerDay = 86_400
const [newKey, otherKey] = identities.slice(20).map(({ key }) => key) as [Uint8Array, Uint8Array]

/** A transaction under the office key of the first member, alder. */
const byAlder = (world: Network) => ({ sponsor: 'alder', signers: world.officeKeys.slice(0, 1) })
/** Every listed member votes about one. */
function vote(world: Network, member: string, suspend: boolean, voters: readonly string[]): readonly string[] {
  return voters.map((sponsor) =>
    world.submit(
      members,
      { type: 'vote-suspension', member, suspend },
      { sponsor, signers: world.officeKeys.slice(world.members.indexOf(sponsor)).slice(0, 1) },
    ),
  )
}
const statusOf = (world: Network, member: string) => members.queries.member(world.view(members), member)?.status

describe('register-tenant', () => {
  test('a member hosts a small practice, which is active as long as its host is', () => {
    const world = network()
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))).toBe('accepted')
    expect(members.queries.hostOf(world.view(members), 'grove')).toBe('alder')
    expect(members.queries.isActive(world.view(members), 'grove')).toBe(true)
    vote(world, 'alder', true, ['birch', 'cedar', 'elm', 'fir'])
    expect(members.queries.isActive(world.view(members), 'grove')).toBe(false)
  })

  test('scope-missing: the key that sponsors does not govern', () => {
    const world = network()
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, { sponsor: 'alder' })).toBe(
      'scope-missing',
    )
  })

  test("scope-missing: another member's office cannot govern for the sponsor", () => {
    const world = network()
    const by = { sponsor: 'alder', signers: world.officeKeys.slice(1, 2) }
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by)).toBe('scope-missing')
  })

  test('identifier-taken: the id of a member, or of a tenant of anybody', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))
    const byBirch = { sponsor: 'birch', signers: world.officeKeys.slice(1, 2) }
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byBirch)).toBe('identifier-taken')
    expect(world.submit(members, { type: 'register-tenant', tenant: 'cedar' }, byBirch)).toBe('identifier-taken')
  })

  test('limit-reached: a member hosts a bounded number of tenants', () => {
    const world = network({ limited: true })
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))).toBe('accepted')
    expect(world.submit(members, { type: 'register-tenant', tenant: 'heath' }, byAlder(world))).toBe('limit-reached')
  })
})

describe('register-key', () => {
  test('a member registers a key of its own, and one of its tenant', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))
    const own = { type: 'register-key', holder: 'alder', key: newKey, scopes: ['batches', 'sponsor'] } as const
    const hosted = { type: 'register-key', holder: 'grove', key: otherKey, scopes: ['custodian'] } as const
    expect(world.submit(members, own, byAlder(world))).toBe('accepted')
    expect(world.submit(members, hosted, byAlder(world))).toBe('accepted')
    expect(members.queries.keyOf(world.view(members), toHex(otherKey))?.holder).toBe('grove')
  })

  test('not-hosted: nobody registers a key for another member', () => {
    const world = network()
    const transaction = { type: 'register-key', holder: 'birch', key: newKey, scopes: ['sponsor'] } as const
    expect(world.submit(members, transaction, byAlder(world))).toBe('not-hosted')
  })

  test('limit-reached: a member registers a bounded number of keys', () => {
    const world = network({ limited: true })
    const outcomes = identities
      .slice(14)
      .map(({ key }) =>
        world.submit(members, { type: 'register-key', holder: 'alder', key, scopes: ['batches'] }, byAlder(world)),
      )
    expect(outcomes.slice(0, 4)).toEqual(['accepted', 'accepted', 'accepted', 'limit-reached'])
  })

  test('key-known: a key has one holder for ever, also once it is revoked', () => {
    const world = network()
    const transaction = { type: 'register-key', holder: 'alder', key: newKey, scopes: ['batches'] } as const
    world.submit(members, transaction, byAlder(world))
    expect(world.submit(members, transaction, byAlder(world))).toBe('key-known')
    world.submit(members, { type: 'revoke-key', key: newKey }, byAlder(world))
    expect(world.submit(members, transaction, byAlder(world))).toBe('key-known')
  })

  test('scope-not-for-tenants: a tenant never sponsors, governs or attests', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))
    const transaction = {
      type: 'register-key',
      holder: 'grove',
      key: newKey,
      scopes: ['custodian', 'sponsor'],
    } as const
    expect(world.submit(members, transaction, byAlder(world))).toBe('scope-not-for-tenants')
  })

  test('scope-only-by-founding: a member cannot make itself a licensing board', () => {
    const world = network()
    const transaction = { type: 'register-key', holder: 'alder', key: newKey, scopes: ['licensing-board'] } as const
    expect(world.submit(members, transaction, byAlder(world))).toBe('scope-only-by-founding')
  })
})

describe('revoke-key', () => {
  test('a revoked key signs for nobody, from the next transaction on', () => {
    const world = network()
    const spare = { type: 'register-key', holder: 'alder', key: newKey, scopes: ['governance'] } as const
    world.submit(members, spare, byAlder(world))
    const office = world.officeKeys[0]?.key as Uint8Array
    expect(world.submit(members, { type: 'revoke-key', key: office }, byAlder(world))).toBe('accepted')
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))).toBe('scope-missing')
  })

  test('key-unknown: only what is registered can be revoked', () => {
    const world = network()
    expect(world.submit(members, { type: 'revoke-key', key: newKey }, byAlder(world))).toBe('key-unknown')
  })

  test("not-hosted: nobody revokes another member's key", () => {
    const world = network()
    const key = world.officeKeys[1]?.key as Uint8Array
    expect(world.submit(members, { type: 'revoke-key', key }, byAlder(world))).toBe('not-hosted')
  })

  test('key-revoked: once is enough', () => {
    const world = network()
    world.submit(members, { type: 'register-key', holder: 'alder', key: newKey, scopes: ['batches'] }, byAlder(world))
    expect(world.submit(members, { type: 'revoke-key', key: newKey }, byAlder(world))).toBe('accepted')
    expect(world.submit(members, { type: 'revoke-key', key: newKey }, byAlder(world))).toBe('key-revoked')
  })

  test('last-key-of-scope: a member keeps a key that governs, and one that sponsors', () => {
    const world = network()
    for (const { key } of [world.officeKeys[0], world.sponsorKeys[0]] as { key: Uint8Array }[])
      expect(world.submit(members, { type: 'revoke-key', key }, byAlder(world))).toBe('last-key-of-scope')
  })
})

describe('vote-suspension', () => {
  test('four of five suspend a member, three do not, and its keys then sign for nobody', () => {
    const world = network()
    vote(world, 'alder', true, ['birch', 'cedar', 'elm'])
    expect(statusOf(world, 'alder')).toBe('active')
    vote(world, 'alder', true, ['fir'])
    expect(statusOf(world, 'alder')).toBe('suspended')
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))).toBe(
      'sponsor-not-active',
    )
  })

  test('a vote may change: who no longer stands behind a suspension is not counted for it', () => {
    const world = network()
    vote(world, 'alder', true, ['birch', 'cedar', 'elm'])
    vote(world, 'alder', false, ['birch'])
    vote(world, 'alder', true, ['fir'])
    expect(statusOf(world, 'alder')).toBe('active')
  })

  test('more than two thirds of the active members reinstate a member', () => {
    const world = network()
    vote(world, 'alder', true, ['birch', 'cedar', 'elm', 'fir'])
    vote(world, 'alder', false, ['birch', 'cedar'])
    expect(statusOf(world, 'alder')).toBe('suspended')
    vote(world, 'alder', false, ['elm'])
    expect(statusOf(world, 'alder')).toBe('active')
  })

  test('member-unknown: a vote is about a member', () => {
    expect(vote(network(), 'nobody', true, ['alder'])).toEqual(['member-unknown'])
  })

  test('last-active-member: the last one cannot vote itself away', () => {
    expect(vote(network({ size: 1 }), 'alder', true, ['alder'])).toEqual(['last-active-member'])
  })
})

describe('post-self-asserted-counts', () => {
  const post = (
    world: Network,
    changes: { readonly day?: number; readonly asker?: string; readonly requests?: number },
  ) => {
    const { day = Math.floor(world.time / secondsPerDay) - 1, asker = 'birch', requests = 60 } = changes
    const counts = [{ asker, requests }]
    return world.submit(members, { type: 'post-self-asserted-counts', custodian: 'alder', day, counts }, byAlder(world))
  }

  test('what lies above the ceiling is a debt, which quiet days pay back', () => {
    const world = network()
    const today = Math.floor(world.time / secondsPerDay)
    expect(post(world, { requests: 120 })).toBe('accepted')
    const excess = (day: number) => members.queries.selfAssertedExcess(world.view(members), 'birch', day)
    expect([today - 1, today, today + 1, today + 2].map(excess)).toEqual([0, 70, 20, 0])
  })

  test('the ceiling holds over all custodians together', () => {
    const world = network()
    const today = Math.floor(world.time / secondsPerDay)
    for (const index of [0, 2, 3])
      world.submit(
        members,
        {
          type: 'post-self-asserted-counts',
          custodian: world.members[index] as string,
          day: today - 1,
          counts: [{ asker: 'birch', requests: 40 }],
        },
        { sponsor: world.members[index] as string, signers: world.officeKeys.slice(index, index + 1) },
      )
    expect(members.queries.selfAssertedExcess(world.view(members), 'birch', today)).toBe(70)
  })

  test('counts that no longer weigh on anybody are forgotten with the next posting', () => {
    const world = network()
    post(world, {})
    world.time += 40 * secondsPerDay
    post(world, {})
    expect([...world.view(members).counts.entries()]).toHaveLength(1)
  })

  test('scope-missing: the custodian or its host signs with a key for custody', () => {
    const world = network()
    const day = Math.floor(world.time / secondsPerDay) - 1
    const counts = [{ asker: 'birch', requests: 5 }]
    const transaction = { type: 'post-self-asserted-counts', custodian: 'alder', day, counts } as const
    expect(world.submit(members, transaction, { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('not-hosted: nobody posts for another custodian', () => {
    const world = network()
    const day = Math.floor(world.time / secondsPerDay) - 1
    const counts = [{ asker: 'birch', requests: 5 }]
    const transaction = { type: 'post-self-asserted-counts', custodian: 'cedar', day, counts } as const
    expect(world.submit(members, transaction, byAlder(world))).toBe('not-hosted')
  })

  test('day-not-over: today still counts', () => {
    const world = network()
    expect(post(world, { day: Math.floor(world.time / secondsPerDay) })).toBe('day-not-over')
  })

  test('day-too-old: the 31st day back still weighs, the 32nd does not', () => {
    const world = network()
    const today = Math.floor(world.time / secondsPerDay)
    expect(post(world, { day: today - 31 })).toBe('accepted')
    expect(post(world, { day: today - 32 })).toBe('day-too-old')
  })

  test('counts-already-posted: once for a custodian and a day', () => {
    const world = network()
    post(world, {})
    expect(post(world, { asker: 'cedar' })).toBe('counts-already-posted')
  })

  test('count-not-rounded: neither 0 nor 7 is a multiple of five that was counted', () => {
    const world = network()
    expect(post(world, { requests: 7 })).toBe('count-not-rounded')
    expect(post(world, { requests: 0 })).toBe('count-not-rounded')
  })

  test('asker-unknown: an asker is a member or a tenant', () => {
    expect(post(network(), { asker: 'nobody' })).toBe('asker-unknown')
  })
})

test('scope-missing: the key that sponsors neither registers keys, nor revokes them, nor votes', () => {
  const world = network()
  const key = world.officeKeys[0]?.key as Uint8Array
  for (const transaction of [
    { type: 'register-key', holder: 'alder', key: newKey, scopes: ['governance'] },
    { type: 'revoke-key', key },
    { type: 'vote-suspension', member: 'birch', suspend: true },
  ] as const)
    expect(world.submit(members, transaction, { sponsor: 'alder' })).toBe('scope-missing')
})

test('only-by-contract: no envelope asks whether an organisation is hosted', () => {
  const world = network()
  expect(world.submit(members, { type: 'require-hosted', organisation: 'alder' }, byAlder(world))).toBe(
    'only-by-contract',
  )
})

test('the directory knows nothing of a key that was never registered', () => {
  expect(directory.holderOf({ get: () => undefined, entries: () => [] }, toHex(newKey))).toBeUndefined()
})

test('the founding sets the policy of the network', () => {
  const { parameters } = members.queries.policy(network().view(members))
  expect(parameters).toEqual({
    selfAssertedPatientsPerDayMax: 50,
    selfAssertedPatientsPerClinicianPerDayMax: 10,
    selfAssertedWindowDays: 31,
    intentSecondsMax: 300,
    blockAgeSecondsMax: 15,
    envelopesPerMinuteMax: 6_000,
    objectsPerMinuteMax: 120_000,
    votingDelaySeconds: 604_800,
    proposalSeconds: 2_592_000,
    votesPerOwnerMax: 2,
  })
})
