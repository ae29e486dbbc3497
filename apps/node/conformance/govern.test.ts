/** Members that decide together, on a network that runs: the policy, and the version of a contract. */
import { decode } from '@plexus/codec'
import { directory, members, notary } from '@plexus/contracts'
import { sha256 } from '@plexus/crypto'
import { type EventRecord, kernelEvent, Overlay, Versions, viewOf } from '@plexus/kernel'
import { afterEach, expect, test } from 'vitest'
import {
  earlierBuild,
  GovernedWorld,
  laterBuild,
  notaryTwo,
  type Organisation,
  organisations,
  secondsPerDay,
} from './governed-world.testing.ts'
import { World } from './world.testing.ts'

/** Far enough beyond the enactment that the blocks of preparation fit in between. */
const takesOverAt = 120

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

test('members vote a parameter through on a running network; it holds everywhere once the delay is over, not before', async () => {
  const world = await World.start()
  closers.push(() => world.close())
  const [proposer = '', ...others] = world.network.nodes.keys()
  const policyAt = (member: string) => members.queries.policy(viewOf(members, world.node(member).store))
  const { parameters } = policyAt(proposer)
  const wanted = { ...parameters, intentSecondsMax: 120 }
  await world.submit(proposer, members, { type: 'propose', action: { type: 'set-parameters', parameters: wanted } })
  for (const voter of others) await world.submit(voter, members, { type: 'vote', proposal: 1, inFavour: true })
  const enact = { type: 'enact', proposal: 1 } as const
  await expect(world.submit(proposer, members, enact)).rejects.toThrow('not taken')
  expect(policyAt(proposer).parameters).toEqual(parameters)

  world.clock.ahead += parameters.votingDelaySeconds + 1
  await world.submit(proposer, members, enact)
  for (const member of world.network.nodes.keys())
    expect(policyAt(member)).toMatchObject({ version: 2, parameters: wanted })
  expect(world.failures).toEqual([])
}, 60_000)

/** The second version of the notary, decided on by all, up to the block before it takes over. */
function upToTheHeight(world: GovernedWorld): void {
  for (const member of organisations) open(world, member, `before, by ${member}`)
  open(world, 'alder', 'before, once more')
  const action = { type: 'activate-contract', contract: notary.name, version: 2, height: takesOverAt } as const
  expect(world.transact('alder', members, { type: 'propose', action })).toBeUndefined()
  for (const voter of ['birch', 'cedar'] as const)
    expect(world.transact(voter, members, { type: 'vote', proposal: 1, inFavour: true })).toBeUndefined()
  world.time += 7 * secondsPerDay
  expect(world.transact('birch', members, { type: 'enact', proposal: 1 })).toBeUndefined()
  world.blocksUpTo(takesOverAt - 1)
}

function open(world: GovernedWorld, sponsor: Organisation, name: string): void {
  const handles = [sha256(new TextEncoder().encode(name))]
  expect(world.transact(sponsor, notary, { type: 'open-handles', handles })).toBeUndefined()
}

const openedBy = (world: GovernedWorld, member: string) => {
  const view = viewOf(notaryTwo, world.store(member)) as unknown as {
    readonly openedBy: { entries(): Iterable<readonly [string, { readonly handles: number }]> }
  }
  return Object.fromEntries([...view.openedBy.entries()].map(([id, { handles }]) => [id, handles]))
}

const beganIn = (events: Iterable<EventRecord>) =>
  [...events].flatMap(({ contract, event, height }) => {
    const read = contract === 'kernel' ? decode(kernelEvent, event) : undefined
    return read?.ok ? [{ height, ...read.value }] : []
  })

test('a second version takes over at its height on every replica, with its migration; one that was down comes to the same state', () => {
  const world = new GovernedWorld()
  closers.push(() => world.close())
  upToTheHeight(world)
  world.stop('cedar')
  world.block()
  open(world, 'birch', 'after')
  expect(new Set(world.appHashes()).size).toBe(1)
  const expected = { alder: 2, birch: 2, cedar: 1 }
  expect(openedBy(world, 'alder')).toEqual(expected)

  world.start('cedar')
  expect(new Set(world.appHashes()).size).toBe(1)
  for (const member of organisations) {
    expect(openedBy(world, member)).toEqual(expected)
    expect(beganIn(world.store(member).events(0, 1_000))).toEqual([
      { type: 'version-began', contract: 'notary', version: 2, height: takesOverAt },
    ])
  }
}, 60_000)

test('a replica whose build lacks the version stops before its block, keeps what it has, and goes on with the right build', () => {
  const world = new GovernedWorld({ cedar: earlierBuild })
  closers.push(() => world.close())
  upToTheHeight(world)
  expect(() => world.block()).toThrow('version 2 of the contract notary, which this build does not have')
  expect(world.replica('cedar').height()).toBe(takesOverAt - 1)
  world.stop('cedar')
  open(world, 'alder', 'after')
  world.start('cedar', laterBuild)
  expect(new Set(world.appHashes()).size).toBe(1)
  expect(openedBy(world, 'cedar')).toEqual({ alder: 3, birch: 1, cedar: 1 })
}, 60_000)

test('whoever feeds a state with the events alone, votes and migration among them, comes to the state of the replicas', () => {
  const world = new GovernedWorld()
  closers.push(() => world.close())
  upToTheHeight(world)
  open(world, 'cedar', 'after')
  const fed = new Overlay({ get: () => undefined, entries: () => [] })
  const versions = new Versions(laterBuild, directory)
  for (const record of world.store('alder').events(0, 1_000)) versions.replay(fed, record)
  for (const contract of ['members/', 'notary/'])
    expect([...fed.entries(contract)]).toEqual([...world.store('alder').entries(contract)])
}, 60_000)
