/** What an organisation signed stays provable, whatever becomes of its keys and of itself. */
import { encode, toHex } from '@plexus/codec'
import { type MembersTransaction, members } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { sealEnvelope, viewOf } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { verifyBundle } from './bundle.ts'
import { bundleOf, memberSeed, nextMemberSeed, seedOf, World } from './world.testing.ts'

const secondsPerDay = 86_400

/** One transaction in a block of its own; it must be accepted. */
function happens(world: World, sponsor: string, transaction: MembersTransaction, seeds = [memberSeed(sponsor)]): void {
  const envelope = sealEnvelope(
    {
      chain: world.chain.id,
      sponsor,
      nonce: world.nonce(),
      validUntil: world.time + 60,
      contract: members.name,
      transaction: encode(members.transaction, transaction),
    },
    seeds,
  )
  world.block([envelope])
}

function leave(world: World, organisations: readonly string[]): void {
  for (const organisation of organisations)
    happens(world, 'hospital', { type: 'announce-leaving', organisation, successor: 'elsewhere' })
  world.time += 7 * secondsPerDay
  for (const organisation of organisations) {
    happens(world, 'elsewhere', { type: 'hand-over-custody', from: organisation, to: 'elsewhere' })
    happens(world, 'hospital', { type: 'leave', organisation })
  }
}

test('a bundle still verifies after the custodian rotated its key, handed over custody and left', () => {
  const world = new World()
  const bundle = bundleOf(world.access())
  const before = verifyBundle(world.chain, bundle)
  expect(before.ok).toBe(true)
  leave(world, ['ward', 'hospital'])

  expect(verifyBundle(world.chain, bundle)).toEqual(before)
  const view = viewOf(members, world.ledger.reader)
  const key = toHex(publicKeyOf(memberSeed('hospital')))
  expect(members.queries.member(view, 'hospital')?.status).toBe('left')
  expect(members.queries.keyOf(view, key)?.status).toBe('revoked')
  const height = before.ok ? before.value.receiptHeight : 0
  expect(members.queries.holderAt(view, key, height)).toBe('hospital')
  expect(members.queries.custodyOf(view, 'hospital')).toBe('elsewhere')
})

test('a bundle still verifies after its key was rotated; what the old key signs later is nobody’s', () => {
  const world = new World()
  const bundle = bundleOf(world.access())
  const rotation = {
    type: 'rotate-key',
    key: publicKeyOf(memberSeed('hospital')),
    successor: publicKeyOf(nextMemberSeed('hospital')),
    next: seedOf('the one after'),
  } as const
  happens(world, 'elsewhere', rotation, [memberSeed('elsewhere'), nextMemberSeed('hospital')])
  expect(verifyBundle(world.chain, bundle).ok).toBe(true)
  expect(() => world.access({ custodianSponsor: 'hospital' })).toThrow('refused')
})
