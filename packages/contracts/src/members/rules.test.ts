import { encode, toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import { decide, enact, nextProposal } from './examples.testing.ts'
import { defaultPolicy, directory, type MembersTransaction, members } from './index.ts'
import { worldPolicy } from './world.testing.ts'

const secondsPerDay = 86_400
/** A transaction under the office key of the first member, alder. */
const byAlder = (world: Network) => ({ sponsor: 'alder', signers: world.officeKeys.slice(0, 1) })

describe('register-tenant', () => {
  test('a member hosts a small practice, which is active as long as its host is', () => {
    const world = network()
    expect(world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byAlder(world))).toBe('accepted')
    expect(members.queries.hostOf(world.view(members), 'grove')).toBe('alder')
    expect(members.queries.isActive(world.view(members), 'grove')).toBe(true)
    decide(world, { type: 'suspend-member', member: 'alder' }, ['birch', 'cedar', 'elm', 'fir'])
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

describe('change-address', () => {
  const moved = { type: 'change-address', address: 'plexus://alder.example:7443' } as const
  const accepts = (transaction: MembersTransaction): boolean => {
    try {
      encode(members.transaction, transaction)
      return true
    } catch {
      return false
    }
  }
  const addressOf = (world: Network) => members.queries.member(world.view(members), 'alder')?.address

  test('a member moves by itself, under an office key, and all else of it stays', () => {
    const world = network()
    const before = members.queries.member(world.view(members), 'alder')
    expect(world.submit(members, moved, byAlder(world))).toBe('accepted')
    expect(members.queries.member(world.view(members), 'alder')).toEqual({ ...before, address: moved.address })
  })

  test('scope-missing: the key that sponsors does not govern, and another member cannot move this one', () => {
    const world = network()
    const before = addressOf(world)
    expect(world.submit(members, moved, { sponsor: 'alder' })).toBe('scope-missing')
    expect(world.submit(members, moved, { sponsor: 'birch', signers: world.officeKeys.slice(0, 1) })).toBe(
      'scope-missing',
    )
    expect(addressOf(world)).toBe(before)
  })

  test('an address that no node could follow is no transaction', () => {
    const text = (address: string) => accepts({ type: 'change-address', address })
    expect(['plexus://alder.example:7443', 'plexus://[2001:db8::1]:1'].map(text)).toEqual([true, true])
    expect(
      ['local:', 'https://alder.example', 'plexus://alder.example', 'plexus://Alder.example:1', 'plexus://[01]:1'].map(
        text,
      ),
    ).toEqual([false, false, false, false, false])
  })
})

describe('change-engine-address', () => {
  const at = (host: string) => `${'0a'.repeat(20)}@${host}`
  const moved = { type: 'change-engine-address', engineAddress: at('alder.example:26656') } as const
  const engines = (world: Network) => members.queries.enginesOf(world.view(members))

  test('a member says by itself where its engine is reached, and nobody else does', () => {
    const world = network()
    expect(world.submit(members, moved, { sponsor: 'alder' })).toBe('scope-missing')
    expect(engines(world)).toEqual([])
    expect(world.submit(members, moved, byAlder(world))).toBe('accepted')
    expect(engines(world)).toEqual([{ member: 'alder', address: moved.engineAddress }])
  })

  test.each([
    'alder.example:26656',
    at('alder.example'),
    at('Alder.example:1'),
    at('alder.example:0'),
    at('alder.example:1,b'),
    `A${at('alder.example:1').slice(1)}`,
  ])('%s is no transaction', (engineAddress) => {
    expect(() => encode(members.transaction, { type: 'change-engine-address', engineAddress })).toThrow()
  })

  test('the engine of a suspended member belongs to the network while it has a seat', () => {
    const world = network()
    world.submit(members, moved, byAlder(world))
    decide(world, { type: 'suspend-member', member: 'alder' }, ['birch', 'cedar', 'elm', 'fir'])
    expect(engines(world)).toHaveLength(1)
    const proposal = nextProposal(world)
    decide(world, { type: 'remove-validator', member: 'alder' }, ['birch', 'cedar', 'elm', 'fir'])
    world.time += 2 * secondsPerDay
    expect(enact(world, proposal, 'birch')).toBe('accepted')
    expect(engines(world)).toEqual([])
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

test('only-by-contract: no envelope asks whether an organisation is hosted', () => {
  const world = network()
  expect(world.submit(members, { type: 'require-hosted', organisation: 'alder' }, byAlder(world))).toBe(
    'only-by-contract',
  )
})

test('the directory knows nothing of a key that was never registered', () => {
  expect(directory.holderOf({ get: () => undefined, entries: () => [] }, toHex(new Uint8Array(32)))).toBeUndefined()
})

test('the founding sets the policy of the network', () => {
  expect(members.queries.policy(network().view(members))).toEqual(worldPolicy)
})

test('without one the default holds: seven days of delay, thirty to vote, two votes for each owner', () => {
  const { profile, parameters } = defaultPolicy
  expect(profile).toBe('us')
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

test('every member has the same quota: the one of the policy', () => {
  const nothing = { get: () => undefined, entries: () => [] }
  expect(directory.quotaOf(nothing, 'alder')).toEqual({ envelopesPerMinuteMax: 6_000, objectsPerMinuteMax: 120_000 })
})
