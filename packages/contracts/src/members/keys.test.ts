import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import { type Identity, identities, successorOf } from '../world.testing.ts'
import { by, decide, secondsPerDay } from './examples.testing.ts'
import { directory, type MembersTransaction, members } from './index.ts'

const [newKey, otherKey, laterKey] = identities.slice(20) as [Identity, Identity, Identity]
const officeKey = (world: Network, index: number) => world.officeKeys[index]?.key as Uint8Array
const sponsorKey = (world: Network, index: number) => world.sponsorKeys[index]?.key as Uint8Array
/** Founded office keys name their successors at 5 and after, keys that sponsor at 0 and after. */
const nextOffice = successorOf(5)
const nextSponsor = successorOf(0)

const registering = (
  { key, handle }: Identity,
  changes: Partial<Extract<MembersTransaction, { readonly type: 'register-key' }>> = {},
) => ({ type: 'register-key', holder: 'alder', key, scopes: ['batches'], next: handle, ...changes }) as const

const register = (world: Network, identity: Identity, changes?: Parameters<typeof registering>[1]) =>
  world.submit(members, registering(identity, changes), by(world, 'alder', [identity]))

const rotate = (world: Network, key: Uint8Array, successor: Identity, sponsor = 'alder', signers = [successor]) =>
  world.submit(
    members,
    { type: 'rotate-key', key, successor: successor.key, next: laterKey.handle },
    { sponsor, signers },
  )

const scopesNow = (world: Network, { key }: Identity) => {
  let found: readonly string[] | undefined
  const view = world.view(members)
  const known = members.queries.keyOf(view, toHex(key))
  if (known?.status === 'active' && members.queries.isActive(view, known.holder)) found = known.scopes
  return found
}

describe('register-key', () => {
  test('a member registers a key of its own, and one of its tenant', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'alder'))
    expect(register(world, newKey, { scopes: ['batches', 'custodian'] })).toBe('accepted')
    expect(register(world, otherKey, { holder: 'grove', scopes: ['custodian'], next: null })).toBe('accepted')
    expect(members.queries.keyOf(world.view(members), toHex(otherKey.key))?.holder).toBe('grove')
  })

  test('T-22: a key that governs, sponsors or vouches for clinicians waits, in sight of everybody', () => {
    for (const scope of ['governance', 'sponsor', 'credentials'] as const) {
      const world = network()
      expect(register(world, newKey, { scopes: [scope] })).toBe('accepted')
      expect(scopesNow(world, newKey)).toBeUndefined()
      const activate = { type: 'activate-key', key: newKey.key } as const
      expect(world.submit(members, activate, by(world, 'alder'))).toBe('not-due')
      world.time += 2 * secondsPerDay
      expect(world.submit(members, activate, by(world, 'alder'))).toBe('accepted')
      expect(scopesNow(world, newKey)).toEqual([scope])
    }
  })

  test('T-22: while it waits it can be revoked, and then never comes in force', () => {
    const world = network()
    register(world, newKey, { scopes: ['governance'] })
    expect(world.submit(members, { type: 'revoke-key', key: newKey.key }, by(world, 'alder'))).toBe('accepted')
    world.time += 2 * secondsPerDay
    expect(world.submit(members, { type: 'activate-key', key: newKey.key }, by(world, 'alder'))).toBe('key-not-pending')
  })

  test('scope-missing: the key that sponsors does not govern', () => {
    const world = network()
    const signers = { sponsor: 'alder', signers: [newKey] }
    expect(world.submit(members, registering(newKey), signers)).toBe('scope-missing')
  })

  test('not-hosted: nobody registers a key for another member', () => {
    expect(register(network(), newKey, { holder: 'birch' })).toBe('not-hosted')
  })

  test('organisation-not-active: no key for a tenant that has left', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'alder'))
    const leaving = { organisation: 'grove', successor: 'birch' } as const
    world.submit(members, { type: 'announce-leaving', ...leaving }, by(world, 'alder'))
    world.time += 2 * secondsPerDay
    world.submit(members, { type: 'hand-over-custody', from: 'grove', to: 'birch' }, by(world, 'birch'))
    expect(world.submit(members, { type: 'leave', organisation: 'grove' }, by(world, 'alder'))).toBe('accepted')
    expect(register(world, newKey, { holder: 'grove', scopes: ['custodian'] })).toBe('organisation-not-active')
  })

  test('limit-reached: a member registers a bounded number of keys, and a bounded number of them is in force', () => {
    const world = network({ limited: true })
    // Three were founded, four may be in force, and seven be registered at all.
    expect(register(world, identities[14] as Identity)).toBe('accepted')
    expect(register(world, identities[15] as Identity)).toBe('limit-reached')
    const rounds = identities.slice(15, 19).map((identity, index) => {
      const revoked = identities[14 + index] as Identity
      world.submit(members, { type: 'revoke-key', key: revoked.key }, by(world, 'alder'))
      return register(world, identity)
    })
    expect(rounds).toEqual(['accepted', 'accepted', 'accepted', 'limit-reached'])
  })

  test('key-known: a key has one holder for ever, also once it is revoked', () => {
    const world = network()
    register(world, newKey)
    expect(register(world, newKey)).toBe('key-known')
    world.submit(members, { type: 'revoke-key', key: newKey.key }, by(world, 'alder'))
    expect(register(world, newKey)).toBe('key-known')
  })

  test('scope-not-for-tenants: a tenant never sponsors, governs or attests', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'alder'))
    const scopes = ['custodian', 'sponsor'] as const
    expect(register(world, newKey, { holder: 'grove', scopes })).toBe('scope-not-for-tenants')
  })

  test('scope-only-by-founding: a member cannot make itself a licensing board', () => {
    expect(register(network(), newKey, { scopes: ['licensing-board'] })).toBe('scope-only-by-founding')
  })

  test('key-did-not-sign: nobody takes a key that another holds', () => {
    const world = network()
    expect(world.submit(members, registering(newKey), by(world, 'alder'))).toBe('key-did-not-sign')
  })

  test("next-key-missing: a member's key names its successor from the beginning", () => {
    expect(register(network(), newKey, { next: null })).toBe('next-key-missing')
  })
})

describe('activate-key', () => {
  const activate = (world: Network, { key }: Identity, sponsor = 'alder') =>
    world.submit(members, { type: 'activate-key', key }, by(world, sponsor))

  test('key-unknown, key-not-pending: only an announced key waits to be activated', () => {
    const world = network()
    expect(activate(world, newKey)).toBe('key-unknown')
    register(world, newKey)
    expect(activate(world, newKey)).toBe('key-not-pending')
  })

  test("not-hosted: nobody activates another member's key", () => {
    const world = network()
    register(world, newKey, { scopes: ['governance'] })
    world.time += 2 * secondsPerDay
    expect(activate(world, newKey, 'birch')).toBe('not-hosted')
  })

  test('scope-missing: a key does not activate itself', () => {
    const world = network()
    register(world, newKey, { scopes: ['governance'] })
    world.time += 2 * secondsPerDay
    const signers = { sponsor: 'alder', signers: [newKey] }
    expect(world.submit(members, { type: 'activate-key', key: newKey.key }, signers)).toBe('scope-missing')
  })
})

describe('rotate-key', () => {
  test('the successor that was named before takes over at once, with the same scopes; the old key signs for nobody', () => {
    const world = network()
    expect(rotate(world, officeKey(world, 0), nextOffice)).toBe('accepted')
    const tenant = { type: 'register-tenant', tenant: 'grove' } as const
    expect(world.submit(members, tenant, by(world, 'alder'))).toBe('scope-missing')
    expect(world.submit(members, tenant, { sponsor: 'alder', signers: [nextOffice] })).toBe('accepted')
    expect(scopesNow(world, nextOffice)).toEqual(['batches', 'credentials', 'custodian', 'governance'])
  })

  test('the successor names its own successor, and so on', () => {
    const world = network()
    rotate(world, officeKey(world, 0), nextOffice)
    expect(rotate(world, nextOffice.key, newKey)).toBe('not-the-next-key')
    expect(rotate(world, nextOffice.key, laterKey)).toBe('accepted')
  })

  test('T-22: whoever stole a key, and not its successor, cannot rotate it', () => {
    const world = network()
    const stolen = world.officeKeys[0] as Identity
    for (const thief of [newKey, stolen])
      expect(rotate(world, stolen.key, thief, 'alder', [stolen, thief])).not.toBe('accepted')
    expect(rotate(world, stolen.key, newKey, 'alder', [stolen, newKey])).toBe('not-the-next-key')
    expect(rotate(world, stolen.key, nextOffice, 'alder', [stolen])).toBe('not-the-next-key')
  })

  test('T-22: after the theft of every key that signs, the successors alone win the organisation back', () => {
    const world = network()
    // The thief announces a key of his own and revokes what else governs; the owner asks any member to sponsor.
    expect(register(world, newKey, { scopes: ['governance', 'sponsor'] })).toBe('accepted')
    expect(rotate(world, officeKey(world, 0), nextOffice, 'birch')).toBe('accepted')
    expect(rotate(world, sponsorKey(world, 0), nextSponsor, 'birch')).toBe('accepted')
    world.time += 2 * secondsPerDay
    const activate = { type: 'activate-key', key: newKey.key } as const
    expect(world.submit(members, activate, by(world, 'alder'))).toBe('sponsor-did-not-sign')
    const owner = { sponsor: 'alder', signers: [nextSponsor, nextOffice] }
    expect(world.submit(members, { type: 'revoke-key', key: newKey.key }, owner)).toBe('accepted')
  })

  test('a suspended member rotates its keys too: that may be how it earns its place again', () => {
    const world = network()
    decide(world, { type: 'suspend-member', member: 'alder' }, ['birch', 'cedar', 'elm', 'fir'])
    expect(rotate(world, officeKey(world, 0), nextOffice, 'birch')).toBe('accepted')
  })

  test('key-unknown, key-revoked: what is not in force has no successor', () => {
    const world = network()
    expect(rotate(world, newKey.key, otherKey)).toBe('key-unknown')
    rotate(world, officeKey(world, 0), nextOffice)
    expect(rotate(world, officeKey(world, 0), nextOffice)).toBe('key-revoked')
  })

  test('key-pending: a key that waits is not rotated into force', () => {
    const world = network()
    register(world, newKey, { scopes: ['governance'], next: otherKey.handle })
    expect(rotate(world, newKey.key, otherKey)).toBe('key-pending')
  })

  test('key-known: a successor is a new key', () => {
    const world = network()
    register(world, newKey, { next: otherKey.handle })
    register(world, otherKey)
    expect(rotate(world, newKey.key, otherKey)).toBe('key-known')
  })

  test("not-the-next-key: a tenant's key that named no successor has none", () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, by(world, 'alder'))
    register(world, newKey, { holder: 'grove', scopes: ['custodian'], next: null })
    expect(rotate(world, newKey.key, otherKey)).toBe('not-the-next-key')
  })
})

describe('revoke-key', () => {
  test('a revoked key signs for nobody, from the next transaction on', () => {
    const world = network()
    register(world, newKey, { scopes: ['governance'] })
    world.time += 2 * secondsPerDay
    world.submit(members, { type: 'activate-key', key: newKey.key }, by(world, 'alder'))
    expect(world.submit(members, { type: 'revoke-key', key: officeKey(world, 0) }, by(world, 'alder'))).toBe('accepted')
    const tenant = { type: 'register-tenant', tenant: 'grove' } as const
    expect(world.submit(members, tenant, by(world, 'alder'))).toBe('scope-missing')
  })

  test('scope-missing: the key that sponsors does not revoke', () => {
    const world = network()
    const revoke = { type: 'revoke-key', key: officeKey(world, 0) } as const
    expect(world.submit(members, revoke, { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('key-unknown: only what is registered can be revoked', () => {
    const world = network()
    expect(world.submit(members, { type: 'revoke-key', key: newKey.key }, by(world, 'alder'))).toBe('key-unknown')
  })

  test("not-hosted: nobody revokes another member's key", () => {
    const world = network()
    const revoke = { type: 'revoke-key', key: officeKey(world, 1) } as const
    expect(world.submit(members, revoke, by(world, 'alder'))).toBe('not-hosted')
  })

  test('key-revoked: once is enough', () => {
    const world = network()
    register(world, newKey)
    expect(world.submit(members, { type: 'revoke-key', key: newKey.key }, by(world, 'alder'))).toBe('accepted')
    expect(world.submit(members, { type: 'revoke-key', key: newKey.key }, by(world, 'alder'))).toBe('key-revoked')
  })

  test('last-key-of-scope: a member keeps a key that governs, and one that sponsors; one that waits does not count', () => {
    const world = network()
    register(world, newKey, { scopes: ['governance', 'sponsor'] })
    for (const key of [officeKey(world, 0), sponsorKey(world, 0)])
      expect(world.submit(members, { type: 'revoke-key', key }, by(world, 'alder'))).toBe('last-key-of-scope')
  })
})

test('who held a key is known for every height, also of a key that is long revoked', () => {
  const world = network()
  register(world, newKey)
  register(world, otherKey, { scopes: ['governance'] })
  world.submit(members, { type: 'revoke-key', key: newKey.key }, by(world, 'alder'))
  const holders = (identity: Identity) =>
    [0, 1, 2, 3, 4].map((height) => members.queries.holderAt(world.view(members), toHex(identity.key), height))
  expect(holders(newKey)).toEqual([undefined, 'alder', 'alder', undefined, undefined])
  expect(holders(otherKey)).toEqual([undefined, undefined, undefined, undefined, undefined])
  expect(holders(world.officeKeys[0] as Identity)).toEqual(['alder', 'alder', 'alder', 'alder', 'alder'])
  expect(directory.contract).toBe('members')
})
