import { toHex } from '@plexus/codec'
import { expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import { by, carry, decide, secondsPerDay, statusOf } from './examples.testing.ts'
import { members } from './index.ts'

const announce = (world: Network, organisation: string, successor: string, sponsor = 'alder') =>
  world.submit(members, { type: 'announce-leaving', organisation, successor }, by(world, sponsor))
const takeOver = (world: Network, from: string, to: string) =>
  world.submit(members, { type: 'hand-over-custody', from, to }, by(world, to))
const leave = (world: Network, organisation: string, sponsor = 'alder') =>
  world.submit(members, { type: 'leave', organisation }, by(world, sponsor))
const withdraw = (world: Network, organisation: string, sponsor = 'alder') =>
  world.submit(members, { type: 'withdraw-leaving', organisation }, by(world, sponsor))
const custodyOf = (world: Network, id: string) => members.queries.custodyOf(world.view(members), id)
const host = (world: Network, tenant: string) =>
  world.submit(members, { type: 'register-tenant', tenant }, by(world, 'alder'))

/** Past the delay of this network. */
const wait = (world: Network) => {
  world.time += 2 * secondsPerDay
}

test('a member announces that it leaves, after the delay its successor confirms custody, and it is gone with its keys', () => {
  const world = network()
  expect(announce(world, 'alder', 'birch')).toBe('accepted')
  expect(leave(world, 'alder')).toBe('not-due')
  wait(world)
  expect(takeOver(world, 'alder', 'birch')).toBe('accepted')
  expect(leave(world, 'alder')).toBe('accepted')
  expect(statusOf(world, 'alder')).toBe('left')
  expect(custodyOf(world, 'alder')).toBe('birch')
  expect(host(world, 'grove')).toBe('sponsor-not-active')
  const office = toHex(world.officeKeys[0]?.key as Uint8Array)
  expect(members.queries.keyOf(world.view(members), office)?.status).toBe('revoked')
  expect(members.queries.holderAt(world.view(members), office, 1)).toBe('alder')
  expect(members.queries.validatorSet(world.view(members)).map(({ member }) => member)).not.toContain('alder')
})

test('custody goes on when a successor leaves in its turn', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  wait(world)
  takeOver(world, 'alder', 'birch')
  announce(world, 'birch', 'cedar', 'birch')
  wait(world)
  takeOver(world, 'birch', 'cedar')
  expect(custodyOf(world, 'alder')).toBe('cedar')
})

test('a tenant leaves its host in the same way; its host stays', () => {
  const world = network()
  host(world, 'grove')
  announce(world, 'grove', 'birch')
  wait(world)
  takeOver(world, 'grove', 'birch')
  expect(leave(world, 'grove')).toBe('accepted')
  expect(members.queries.isActive(world.view(members), 'grove')).toBe(false)
  expect(statusOf(world, 'alder')).toBe('active')
  expect(announce(world, 'grove', 'birch')).toBe('organisation-not-active')
})

test('T-22: what a thief announced, whoever else governs withdraws; no accomplice makes it final before the delay is over', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  expect(takeOver(world, 'alder', 'birch')).toBe('not-due')
  expect(withdraw(world, 'alder')).toBe('accepted')
  wait(world)
  expect(leave(world, 'alder')).toBe('leaving-not-announced')
})

test('scope-missing: leaving is governance, taking over is custody', () => {
  const world = network()
  const bySponsorKey = (sponsor: string) => ({ sponsor })
  for (const transaction of [
    { type: 'announce-leaving', organisation: 'alder', successor: 'birch' },
    { type: 'withdraw-leaving', organisation: 'alder' },
    { type: 'hand-over-custody', from: 'birch', to: 'alder' },
    { type: 'leave', organisation: 'alder' },
  ] as const)
    expect(world.submit(members, transaction, bySponsorKey('alder'))).toBe('scope-missing')
})

test('not-hosted: nobody leaves, stays or takes over for another', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  expect(announce(world, 'cedar', 'birch')).toBe('not-hosted')
  expect(withdraw(world, 'alder', 'birch')).toBe('not-hosted')
  expect(leave(world, 'alder', 'birch')).toBe('not-hosted')
  const forBirch = { type: 'hand-over-custody', from: 'alder', to: 'birch' } as const
  expect(world.submit(members, forBirch, by(world, 'cedar'))).toBe('not-hosted')
})

test('leaving-already-announced: a successor is changed by withdrawing first', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  expect(announce(world, 'alder', 'cedar')).toBe('leaving-already-announced')
})

test('successor-unfit: custody goes to an active organisation of another member, which itself stays', () => {
  const world = network()
  host(world, 'grove')
  for (const unfit of ['alder', 'grove', 'nobody']) expect(announce(world, 'alder', unfit)).toBe('successor-unfit')
  announce(world, 'birch', 'cedar', 'birch')
  expect(announce(world, 'alder', 'birch')).toBe('successor-unfit')
  expect(announce(world, 'alder', 'cedar')).toBe('accepted')
  announce(world, 'cedar', 'elm', 'cedar')
  wait(world)
  expect(takeOver(world, 'alder', 'cedar')).toBe('successor-unfit')
})

test('leaving-not-announced: nothing is handed over, withdrawn or left before', () => {
  const world = network()
  expect(takeOver(world, 'alder', 'birch')).toBe('leaving-not-announced')
  expect(withdraw(world, 'alder')).toBe('leaving-not-announced')
  expect(leave(world, 'alder')).toBe('leaving-not-announced')
})

test('not-the-successor: custody goes where it was announced to go', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  expect(takeOver(world, 'alder', 'cedar')).toBe('not-the-successor')
})

test('custody-not-handed-over: nobody leaves its patients behind', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  wait(world)
  expect(leave(world, 'alder')).toBe('custody-not-handed-over')
})

test('custody-handed-over-already: it stays where it is, and nobody takes it back', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  wait(world)
  takeOver(world, 'alder', 'birch')
  expect(takeOver(world, 'alder', 'birch')).toBe('custody-handed-over-already')
  expect(withdraw(world, 'alder')).toBe('custody-handed-over-already')
})

test('tenants-remain: a host leaves last', () => {
  const world = network()
  host(world, 'grove')
  announce(world, 'alder', 'birch')
  wait(world)
  takeOver(world, 'alder', 'birch')
  expect(leave(world, 'alder')).toBe('tenants-remain')
})

test('last-active-member: somebody stays', () => {
  const world = network({ size: 3 })
  announce(world, 'alder', 'birch')
  wait(world)
  takeOver(world, 'alder', 'birch')
  decide(world, { type: 'suspend-member', member: 'birch' }, ['alder', 'birch', 'cedar'])
  decide(world, { type: 'suspend-member', member: 'cedar' }, ['alder', 'cedar'])
  expect(leave(world, 'alder')).toBe('last-active-member')
})

test('power-moves-too-fast: a seat is given up at the pace of all', () => {
  const world = network()
  for (const member of ['alder', 'birch']) announce(world, member, 'cedar', member)
  wait(world)
  for (const member of ['alder', 'birch']) takeOver(world, member, 'cedar')
  expect(leave(world, 'alder')).toBe('accepted')
  expect(leave(world, 'birch', 'birch')).toBe('power-moves-too-fast')
  world.time += secondsPerDay
  expect(leave(world, 'birch', 'birch')).toBe('accepted')
})

test('what was voted on goes on without whoever left', () => {
  const world = network()
  announce(world, 'alder', 'birch')
  wait(world)
  takeOver(world, 'alder', 'birch')
  leave(world, 'alder')
  expect(carry(world, { type: 'set-profile', profile: 'opt-in' })).toBe('sponsor-not-active')
  expect(members.queries.tallyOf(world.view(members), 1)).toEqual({ inFavour: 4, of: 4, passes: true })
})
