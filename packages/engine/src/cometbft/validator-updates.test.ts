import { toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { memoryLedger } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { chainOf, machineOf, validatorSeedOf, validators } from './network.testing.ts'
import { type Seat, updatesOfBlock, validatorsMax, validatorUpdates } from './validator-updates.ts'

const seat = (number: number, power = 1): Seat => ({ key: new Uint8Array(32).fill(number), power })
const told = (before: readonly Seat[], after: readonly Seat[]) =>
  validatorUpdates(before, after).map(({ key, power }) => [key[0], power])

test('only what changed is told, gone seats with power 0, in the order of the keys', () => {
  expect(told([seat(1), seat(2), seat(3, 5)], [seat(1), seat(3, 6), seat(0)])).toEqual([
    [0, 1],
    [2, 0],
    [3, 6],
  ])
  expect(told([seat(1)], [seat(1)])).toEqual([])
})

test('the last validators stay: an empty set would end the chain', () => {
  expect(told([seat(1), seat(2)], [])).toEqual([])
  expect(told([seat(1)], [seat(2, 0), seat(3, -4), { key: new Uint8Array(31), power: 1 }])).toEqual([])
})

test('a key is told once, and never more seats than the engine can bear, the most powerful first', () => {
  expect(told([], [seat(1, 4), seat(1, 9)])).toEqual([[1, 4]])
  const many = Array.from({ length: validatorsMax + 5 }, (_, index) => seat(index, index + 1))
  const seats = told([], many)
  expect(seats.length).toBe(validatorsMax)
  expect(seats[0]).toEqual([5, 6])
})

test('a block tells of the validators when it changed them, and of nothing otherwise', () => {
  const { machine } = machineOf(chainOf(1_700_000_000), { verify: async () => [] })
  const { reader } = memoryLedger(machine)
  const key = 'members/validators/alder'
  expect(validators.seats(reader).length).toBe(4)
  const gone = updatesOfBlock(validators, reader, [{ key, value: null }])
  expect(gone.map((each) => [toHex(each.key), each.power])).toEqual([[toHex(publicKeyOf(validatorSeedOf('alder'))), 0]])
  expect(updatesOfBlock(validators, reader, [{ key: 'members/members/alder', value: null }])).toEqual([])
})
