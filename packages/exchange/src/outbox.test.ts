import { beforeEach, describe, expect, test } from 'vitest'
import { board, clinic, hospital, seedOf } from './founding.testing.ts'
import { World } from './world.testing.ts'

let world: World
beforeEach(async () => {
  world = await World.start()
})

const outbox = () => world.exchange(hospital).outbox
const note = { type: 'deposited' as const, id: seedOf('told') }
/** One duty to tell the clinic something, in the journal. */
const add = (name: string) => world.node(hospital).journal.write(outbox().add(clinic, seedOf(name), note))

describe('what must arrive', () => {
  test('is sent at once, then ever slower, and after an hour still every minute', async () => {
    add('one')
    const sentAt: number[] = []
    const from = world.time
    for (; world.time < from + 3_700; world.time++) {
      await outbox().tick()
      for (const _ of world.wire.splice(0)) sentAt.push(world.time - from)
    }
    expect(sentAt.slice(0, 7)).toEqual([0, 1, 3, 7, 15, 31, 63])
    expect(sentAt.slice(7).every((at, index) => at - (sentAt[index + 6] as number) === 60)).toBe(true)
    expect(sentAt.at(-1)).toBeGreaterThan(3_600)
  }, 60_000)

  test('ends with its acknowledgement, and no other', async () => {
    add('one')
    add('two')
    outbox().acknowledged(seedOf('one'))
    outbox().acknowledged(seedOf('nothing that was sent'))
    await outbox().tick()
    expect(outbox().waiting).toBe(1)
    expect(world.wire).toHaveLength(1)
  })

  test('goes on after a restart, and a new duty takes no old one’s place', async () => {
    add('one')
    await outbox().tick()
    world.wire.length = 0
    world.restart(hospital)
    add('two')
    await outbox().tick()
    expect(world.wire).toHaveLength(2)
    expect(outbox().waiting).toBe(2)
  })

  test('is written once under one name', () => {
    add('one')
    expect(outbox().add(clinic, seedOf('one'), note)).toEqual([])
    expect(outbox().waiting).toBe(1)
  })

  test('of which the write never happened is forgotten, and nothing is sent', async () => {
    outbox().add(clinic, seedOf('one'), note)
    await outbox().tick()
    expect(world.wire).toEqual([])
    expect(outbox().waiting).toBe(0)
  })

  test('leaves in rounds of 64', async () => {
    for (let at = 0; at < 70; at++) add(`duty ${at}`)
    await outbox().tick()
    expect(world.wire).toHaveLength(64)
    await outbox().tick()
    expect(world.wire).toHaveLength(70)
  })

  test('and is meant for no member is never sent, and never forgotten', async () => {
    world.node(hospital).journal.write(outbox().add('nobody', seedOf('one'), note))
    await outbox().tick()
    expect(world.wire).toEqual([])
    expect(outbox().waiting).toBe(1)
  })
})

test('a notice is sealed to the wallet afresh each time, and the deposit keeps its name', async () => {
  const mailbox = { member: board, address: seedOf('box'), sealingKey: world.sealingKeyOf(clinic) }
  const notice = { type: 'set-in-force' as const, custodian: hospital, version: 1, height: 1, madeAt: 1 }
  world.node(hospital).journal.write(outbox().addNotice(mailbox, notice))
  await outbox().tick()
  world.time += 2
  await outbox().tick()
  const [first, second] = await world.intercept(board)
  if (first?.type !== 'deposit' || second?.type !== 'deposit') throw new Error('no deposits were sent')
  expect(second.id).toEqual(first.id)
  expect(second.address).toEqual(mailbox.address)
  expect(second.sealed).not.toEqual(first.sealed)
})
