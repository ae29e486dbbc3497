import { expect, test } from 'vitest'
import { type Network, network } from '../network.testing.ts'
import type { Action } from './actions.ts'
import { carry, decide, enact, nextProposal, secondsPerDay, statusOf } from './examples.testing.ts'
import { members } from './index.ts'

/** Each of the five founded with power 10, and a key of 32 equal bytes from 100 on. */
const consensusKey = (number: number) => new Uint8Array(32).fill(number)
const seat = (member: string, number: number, power: number): Action => ({
  type: 'set-validator',
  member,
  key: consensusKey(number),
  power,
})
const powers = (world: Network) =>
  Object.fromEntries(members.queries.validatorSet(world.view(members)).map(({ member, power }) => [member, power]))

test('a vote changes the power of a validator, and its key', () => {
  const world = network()
  expect(carry(world, seat('alder', 100, 12))).toBe('accepted')
  expect(powers(world)).toEqual({ alder: 12, birch: 10, cedar: 10, elm: 10, fir: 10 })
  expect(carry(world, seat('alder', 7, 12))).toBe('accepted')
  expect(members.queries.validatorSet(world.view(members))[0]?.key).toEqual(consensusKey(7))
})

test('a vote takes a seat away', () => {
  const world = network()
  expect(carry(world, { type: 'remove-validator', member: 'fir' })).toBe('accepted')
  expect(Object.keys(powers(world))).toEqual(['alder', 'birch', 'cedar', 'elm'])
})

test('T-33: power-moves-too-fast: at most a third of the power moves in a day, however many votes passed', () => {
  const world = network()
  const first = nextProposal(world)
  for (const member of ['elm', 'fir'])
    decide(world, { type: 'remove-validator', member }, ['alder', 'birch', 'cedar', 'elm'])
  world.time += 2 * secondsPerDay
  expect(enact(world, first)).toBe('accepted')
  expect(enact(world, first + 1)).toBe('power-moves-too-fast')
  world.time += secondsPerDay
  expect(enact(world, first + 1)).toBe('accepted')
})

test('power-moves-too-fast: the last validator stays, since the network would have nobody to sign', () => {
  const world = network({ size: 1 })
  decide(world, { type: 'remove-validator', member: 'alder' }, ['alder'])
  world.time += 2 * secondsPerDay
  expect(enact(world, 1)).toBe('power-moves-too-fast')
})

test('validator-key-taken: two validators with one key would stop every node', () => {
  const world = network()
  expect(carry(world, seat('alder', 101, 10))).toBe('validator-key-taken')
  const envelopes: Action = {
    type: 'set-validator',
    member: 'alder',
    key: world.officeKeys[0]?.key as Uint8Array,
    power: 10,
  }
  expect(carry(world, envelopes)).toBe('validator-key-taken')
})

test('power-unfit: a seat has power, and of four or more none has a third', () => {
  const world = network()
  expect(carry(world, seat('alder', 100, 0))).toBe('power-unfit')
  expect(carry(world, seat('alder', 100, 20))).toBe('power-unfit')
  expect(carry(world, seat('alder', 100, 19))).toBe('accepted')
})

test('status-unfit, member-unknown, validator-unknown: seats are of active members', () => {
  const world = network()
  decide(world, { type: 'suspend-member', member: 'alder' }, ['birch', 'cedar', 'elm', 'fir'])
  expect(carry(world, seat('alder', 100, 12))).toBe('status-unfit')
  expect(carry(world, seat('nobody', 100, 12))).toBe('member-unknown')
  expect(carry(world, { type: 'remove-validator', member: 'nobody' })).toBe('validator-unknown')
})

test('T-33: seats-of-owner-taken: one owner has as many seats as it has votes that count', () => {
  const world = network()
  const [candidate] = world.candidates
  if (!candidate) throw new Error('nobody may be admitted')
  const { key, handle } = candidate.identity
  const action: Action = {
    type: 'admit-member',
    member: 'gale',
    address: 'https://gale.example',
    engineAddress: null,
    sealingKey: new Uint8Array(1216),
    owner: 'alder',
    keys: [{ key, scopes: ['governance', 'sponsor'], next: handle }],
    validator: { key: consensusKey(7), power: 10 },
  }
  expect(carry(world, action, [candidate.identity])).toBe('seats-of-owner-taken')
  expect(carry(world, { ...action, validator: null }, [candidate.identity])).toBe('accepted')
  expect(members.queries.tallyOf(world.view(members), 99).of).toBe(5)
})

test('a member that is removed loses its seat with it', () => {
  const world = network()
  expect(carry(world, { type: 'remove-member', member: 'alder', successor: null })).toBe('accepted')
  expect(Object.keys(powers(world))).toEqual(['birch', 'cedar', 'elm', 'fir'])
})

const lost = ['validator-misbehaved', 'validator-power-moved', 'validator-removed']

test('T-05: a seat whose key signed twice is gone in the block that proves it, and the key gets none again', () => {
  const world = network()
  expect(world.prove(consensusKey(100))).toEqual(lost)
  expect(Object.keys(powers(world))).toEqual(['birch', 'cedar', 'elm', 'fir'])
  // What else is proven of it concerns nobody any more.
  expect(world.prove(consensusKey(100))).toEqual([])
  world.time += secondsPerDay
  expect(carry(world, seat('alder', 100, 10))).toBe('validator-key-misbehaved')
  expect(carry(world, seat('birch', 100, 10))).toBe('validator-key-misbehaved')
  expect(carry(world, seat('alder', 7, 10))).toBe('accepted')
  expect(members.queries.misbehaviours(world.view(members))).toEqual([
    { key: '64'.repeat(32), member: 'alder', kind: 'double-vote', at: 0, height: 1, seated: false },
  ])
  expect(statusOf(world, 'alder')).toBe('active')
})

test('what is proven of a key that has no seat changes nothing', () => {
  const world = network()
  expect(world.prove(consensusKey(7))).toEqual([])
  expect(Object.keys(powers(world))).toHaveLength(5)
})

test('T-05: less than two thirds of the power is forfeited in a day; what is proven tomorrow takes the rest', () => {
  const world = network()
  for (const guilty of [100, 101, 102]) expect(world.prove(consensusKey(guilty))).toEqual(lost)
  // Who follows the network by yesterday's validators still knows more than a third of whoever signs.
  expect(world.prove(consensusKey(103), 'light-client-attack')).toEqual(['validator-misbehaved'])
  expect(world.prove(consensusKey(103))).toEqual([])
  expect(powers(world)).toEqual({ elm: 10, fir: 10 })
  expect(members.queries.misbehaviours(world.view(members)).map(({ seated }) => seated)).toEqual([
    false,
    false,
    false,
    true,
  ])
  // Votes may move a third, and that much is gone already.
  expect(carry(world, seat('fir', 104, 9))).toBe('accepted')
  world.time += secondsPerDay
  expect(world.prove(consensusKey(103))).toEqual(lost.slice(1))
  expect(powers(world)).toEqual({ fir: 9 })
})

test('the last validator stays, since the network would have nobody to sign', () => {
  const world = network({ size: 1 })
  expect(world.prove(consensusKey(100))).toEqual(['validator-misbehaved'])
  world.time += secondsPerDay
  expect(world.prove(consensusKey(100))).toEqual([])
  expect(powers(world)).toEqual({ alder: 10 })
})

test('power-moves-too-fast: what was forfeited counts towards what votes may move that day', () => {
  const world = network()
  const proposal = nextProposal(world)
  decide(world, { type: 'remove-validator', member: 'elm' }, ['alder', 'birch', 'cedar', 'elm'])
  world.time += 2 * secondsPerDay
  expect(world.prove(consensusKey(104))).toEqual(lost)
  expect(enact(world, proposal)).toBe('power-moves-too-fast')
  world.time += secondsPerDay
  expect(enact(world, proposal)).toBe('accepted')
})
