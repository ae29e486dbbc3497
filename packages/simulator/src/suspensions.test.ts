import { tmpdir } from 'node:os'
import { members } from '@plexus/contracts'
import { viewOf } from '@plexus/kernel'
import { expect, test } from 'vitest'
import { chanceOf } from './chance.ts'
import { Suspensions } from './suspensions.ts'
import { World } from './world.ts'

/** A world of four members. */
const seed = 2261
const secondsMax = 200

test('two members that are suspended at once stand again, though each vote began without the other', async () => {
  const world = await World.of(seed, tmpdir())
  const both = ['member-1', 'member-2']
  const standing = () =>
    world.founding.members
      .map(({ name }) => name)
      .filter((name) => members.queries.isActive(viewOf(members, world.watch.ledger), name))
  try {
    world.faulty = false
    world.begin()
    expect(world.founding.members).toHaveLength(4)
    const chance = { ...chanceOf(seed), happens: () => false, between: (least: number) => least }
    const suspensions = new Suspensions(world, chance, () => undefined)
    for (const member of both) suspensions.member(member)
    expect(await world.run(secondsMax * 1000, () => both.every((member) => !standing().includes(member)))).toBe(true)
    expect(await world.run(secondsMax * 1000, () => world.people.alive === 0)).toBe(true)
    expect(standing()).toHaveLength(4)
  } finally {
    world.close()
  }
})
