import { expect, test } from 'vitest'
import { network } from '../network.testing.ts'
import { identifier } from './index.ts'

const enter = { type: 'enter', key: 'a-1' } as const
const withdraw = { type: 'withdraw', key: 'a-1' } as const

test('a member enters a key, and withdraws it again', () => {
  const world = network()
  expect(world.submit(identifier, enter, { sponsor: 'alder' })).toBe('accepted')
  expect(identifier.queries.entry(world.view(identifier), 'a-1')).toEqual({ member: 'alder', since: 1 })
  expect(world.submit(identifier, withdraw, { sponsor: 'alder' })).toBe('accepted')
  expect(identifier.queries.entry(world.view(identifier), 'a-1')).toBeUndefined()
})

test('already-entered: a key is entered once, whoever asks', () => {
  const world = network()
  world.submit(identifier, enter, { sponsor: 'alder' })
  expect(world.submit(identifier, enter, { sponsor: 'birch' })).toBe('already-entered')
})

test('not-entered: what is not there cannot be withdrawn', () => {
  expect(network().submit(identifier, withdraw, { sponsor: 'alder' })).toBe('not-entered')
})

test('not-its-member: nobody withdraws what another entered', () => {
  const world = network()
  world.submit(identifier, enter, { sponsor: 'alder' })
  expect(world.submit(identifier, withdraw, { sponsor: 'birch' })).toBe('not-its-member')
})
