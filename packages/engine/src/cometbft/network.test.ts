import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import type { Chain } from '@plexus/kernel'
import { openLedgerStore } from '@plexus/store'
import { describe, expect, test } from 'vitest'
import { createSequencer } from '../local/sequencer.ts'
import { nodeIdOf } from './engine-address.ts'
import {
  chainOf,
  enginePath,
  folderIn,
  freePorts,
  governing,
  machineOf,
  memberNames,
  type NodeWord,
  networkDirectory,
  nodeSeedOf,
  opening,
  peersOf,
  seedOf,
  validatorSeedOf,
} from './network.testing.ts'
import { type RunningNode, runNode } from './running-node.testing.ts'
import { signedLastOf } from './signed-last.ts'

const now = (): number => Math.floor(Date.now() / 1_000)

/** App hashes by height, of the blocks that a node keeps, ordered once more by the embedded engine. */
function onEmbeddedEngine(chain: Chain, directory: string): ReadonlyMap<number, string> {
  const kept = openLedgerStore(join(directory, 'ledger'), { chain: chain.id })
  const own = openLedgerStore(join(directory, 'embedded'), { chain: chain.id })
  const { machine } = machineOf(chain, { verify: async () => [] })
  const sequencer = createSequencer({ machine, store: own, seed: seedOf('no sequencer'), intervalSeconds: 0 })
  const found = new Map<number, string>()
  const tell = (): void => {
    const tip = own.tip()
    if (tip) found.set(tip.height, toHex(tip.appHash))
  }
  tell()
  for (let height = 1; height <= (kept.tip()?.height ?? 0); height++) {
    const block = kept.block(height)
    for (const transaction of block?.transactions ?? [])
      expect(sequencer.submit(transaction, block?.time ?? 0)).toMatchObject({ ok: true })
    sequencer.cut(block?.time ?? 0)
    tell()
  }
  for (const store of [kept, own]) store.close()
  return found
}

/** Those that one block passes, at the start of a chain and later (CometBFT `libs/fail`). `npm run chaos` draws later ones. */
const failPoints = 9

describe.skipIf(!existsSync(enginePath))('with a real engine (needs `npm run engine`)', () => {
  test('one validator applies what is offered, and goes on after its engine, then all of it, was killed', async () => {
    const foundedAt = now() - 5
    const chain = chainOf(foundedAt, ['alder'])
    const [port = 0] = await freePorts(1)
    const plan = {
      directory: networkDirectory(),
      member: 'alder',
      validating: ['alder'],
      foundedAt,
      port,
      peers: [],
      environment: {},
    }
    const node = runNode(plan)
    await node.up()
    expect((await node.offer(opening(chain, 'alder', 'one', now()))).text).toBe('kernel 0')
    const same = opening(chain, 'alder', 'two', now())
    const first = await node.offer(same)
    expect(await node.offer(same)).toEqual(first)
    expect(node.words).toContainEqual({ type: 'call', call: 'initChain' })
    expect((await node.offer(opening(chain, 'birch', 'one', now()))).text).toBe('handle-known')

    process.kill(node.engine(), 'SIGKILL')
    await node.reaches(node.height() + 2)
    await node.up()
    expect((await node.offer(opening(chain, 'alder', 'three', now()))).text).toBe('kernel 0')

    await node.kill()
    const again = runNode(plan, node.blocks)
    await again.up()
    expect(await again.offer(same)).toEqual(first)
    const later = await again.offer(opening(chain, 'alder', 'four', now()))
    expect(later.text).toBe('kernel 0')
    expect(later.height).toBeGreaterThan(first.height)
    await again.stop()
    // The embedded engine, given the same blocks, computes the same.
    expect(onEmbeddedEngine(chain, plan.directory)).toEqual(new Map([...again.blocks].sort(([a], [b]) => a - b)))
  })
  test('three validators vote a fourth in; whoever is killed, away or wrong afterwards, there is one app hash per height', async () => {
    const foundedAt = now() - 5
    const founders = memberNames.slice(0, 3)
    const chain = chainOf(foundedAt, founders)
    const ports = await freePorts(memberNames.length)
    const directory = networkDirectory()
    const plans = memberNames.map((member, index) => ({
      directory: folderIn(directory, member),
      member,
      validating: founders,
      foundedAt,
      port: ports[index] ?? 0,
      peers: peersOf(memberNames, ports, member),
      environment: {},
    }))
    const nodes = plans.map((plan) => runNode(plan))
    const [alder, birch, cedar, elm] = nodes as [RunningNode, RunningNode, RunningNode, RunningNode]
    await Promise.all(nodes.map((node) => node.up()))
    const accepted = async (node: RunningNode, envelope: Uint8Array) =>
      expect((await node.offer(envelope)).text).toBe('kernel 0')
    const each = (round: string, of: readonly RunningNode[]) =>
      Promise.all(
        of.flatMap((node) =>
          Array.from({ length: 5 }, (_, number) => {
            const member = memberNames[nodes.indexOf(node)] ?? 'alder'
            return accepted(node, opening(chain, member, `${round} ${member} ${number}`, now()))
          }),
        ),
      )
    await each('first', nodes)
    // The engine asks the ledger who may connect.
    const asked = elm.words.flatMap((word) => (word.type === 'peer' ? [word.nodeId] : []))
    // Some may not have found it yet, and nobody else is asked about.
    expect(asked.length).toBeGreaterThan(0)
    const ids = founders.map((name) => nodeIdOf(publicKeyOf(nodeSeedOf(name))))
    expect(ids).toEqual(expect.arrayContaining(asked))

    const seat = { member: 'elm', key: publicKeyOf(validatorSeedOf('elm')), power: 10 } as const
    const propose = { type: 'propose', action: { type: 'set-validator', ...seat } } as const
    const vote = { type: 'vote', proposal: 1, inFavour: true } as const
    /** Whoever goes on has the block of the step before. */
    const step = async (node: RunningNode, member: string, transaction: Parameters<typeof governing>[3]) => {
      const { text, height } = await node.offer(governing(chain, member, now(), transaction))
      expect(text).toBe('kernel 0')
      await Promise.all(nodes.map((each) => each.reaches(height)))
      return height
    }
    await step(alder, 'alder', propose)
    await step(birch, 'birch', vote)
    await step(cedar, 'cedar', vote)
    const enactedAt = await step(cedar, 'cedar', { type: 'enact', proposal: 1 })
    // What a block says of the validators holds from the second block after it.
    await elm.reaches(enactedAt + 3)

    // Two of the three founders have no majority of two thirds: without the fourth nothing would move.
    await alder.kill()
    await each('second', [birch, cedar, elm])
    const back = runNode(plans[0] as (typeof plans)[number], alder.blocks)
    await back.reaches(birch.height())
    await back.up()
    await each('third', [birch, elm])
    // With half of them gone nothing is decided; what was offered meanwhile waits for a third.
    await Promise.all([back.kill(), elm.kill()])
    const waiting = birch.offer(opening(chain, 'birch', 'waiting', now()))
    const again = runNode(plans[0] as (typeof plans)[number], alder.blocks)
    expect((await waiting).text).toBe('kernel 0')
    await again.up()

    // One that computes something else stands still, since no header fits what it has; the others go on.
    const liar = runNode({ ...(plans[3] as (typeof plans)[number]), lies: true })
    await liar.reaches(1)
    const [first] = liar.words.flatMap((word) => (word.type === 'block' ? [word.height] : []))
    const honest = first ?? 0
    await liar.reaches(honest + 1)
    await each('fourth', [again, birch, cedar])
    await birch.reaches(honest + 5)
    expect(liar.height()).toBe(honest + 1)
    await liar.kill()

    const top = Math.max(...nodes.map(({ blocks }) => Math.max(...blocks.keys())))
    const running = [again, birch, cedar]
    await Promise.all(running.map((node) => node.reaches(top)))
    for (let height = 1; height <= top; height++) {
      const hashes = nodes.flatMap(({ blocks }) => blocks.get(height) ?? [])
      expect([new Set(hashes).size, hashes.length >= 3], `height ${height}`).toEqual([1, true])
    }
    // Each envelope bears one signature: 20 came at first, 4 with the vote, then 15 and 10, one that waited, and 15.
    expect(birch.verified()).toBe(65)
    await Promise.all(running.map((node) => node.stop()))
  })

  test('T-05: a key that signs on two nodes loses its seat, by evidence alone, and the others go on without it', async () => {
    const foundedAt = now() - 5
    const founders = memberNames.slice(0, 3)
    const chain = chainOf(foundedAt, founders)
    const ports = await freePorts(memberNames.length)
    const directory = networkDirectory()
    const nodes = memberNames.map((member, index) =>
      runNode({
        directory: folderIn(directory, member),
        member,
        validating: founders,
        foundedAt,
        port: ports[index] ?? 0,
        peers: peersOf(memberNames, ports, member),
        environment: {},
        // As somebody does who puts a copy of a machine to work beside it.
        ...(member === 'elm' && { signsAs: 'cedar' }),
      }),
    )
    const [alder, birch] = nodes as [RunningNode, RunningNode]
    await Promise.all(nodes.map((node) => node.up()))
    // Two who sign as one seldom sign the same as long as there is something to order.
    let offered = 0
    const isLost = (word: NodeWord): boolean => word.type === 'block' && word.seats === 2
    while (!alder.words.some(isLost) && offered < 200) {
      const envelope = opening(chain, 'alder', `busy ${offered++}`, now())
      expect((await alder.offer(envelope)).text).toBe('kernel 0')
    }
    const { height } = await alder.says('block', isLost)
    // What a block says of the validators holds from the second block after it.
    await birch.reaches(height + 3)
    expect((await birch.offer(opening(chain, 'birch', 'afterwards', now()))).text).toBe('kernel 0')
    await Promise.all(nodes.map((node) => node.reaches(height + 3)))
    for (let at = 1; at <= height + 3; at++)
      expect(new Set(nodes.map(({ blocks }) => blocks.get(at))).size, `height ${at}`).toBe(1)
    await Promise.all(nodes.map((node) => node.stop()))
  })

  test('a key of which nobody knows what it signed last signs nothing until the others have moved on', async () => {
    const foundedAt = now() - 5
    const chain = chainOf(foundedAt)
    const ports = await freePorts(memberNames.length)
    const directory = networkDirectory()
    const plans = memberNames.map((member, index) => ({
      directory: folderIn(directory, member),
      member,
      validating: memberNames,
      foundedAt,
      port: ports[index] ?? 0,
      peers: peersOf(memberNames, ports, member),
      environment: {},
    }))
    const nodes = plans.map((plan) => runNode(plan))
    const [alder, , , elm] = nodes as [RunningNode, RunningNode, RunningNode, RunningNode]
    await Promise.all(nodes.map((node) => node.up()))
    await elm.reaches(3)
    await elm.kill()
    const plan = plans[3] as (typeof plans)[number]
    const signed = signedLastOf(join(plan.directory, 'engine'))
    rmSync(signed)
    const again = runNode(plan, elm.blocks)
    const word = await again.says('event', ({ event }) => event.type === 'engine-watches')
    expect(JSON.parse(readFileSync(signed, 'utf8')).signature).toBeUndefined()
    const height = word.event.type === 'engine-watches' ? word.event.height : 0
    await again.reaches(height)
    // It begins anew, and what it signs then lies behind all of that.
    await again.says('event', ({ event }) => event.type === 'engine-ended')
    await again.up()
    const votes = (): { readonly height: string; readonly signature?: string } =>
      JSON.parse(readFileSync(signed, 'utf8'))
    while (votes().signature === undefined) await again.reaches(again.height() + 1)
    expect(Number(votes().height)).toBeGreaterThan(height)
    expect((await again.offer(opening(chain, 'elm', 'back', now()))).text).toBe('kernel 0')
    expect(alder.words.filter((each) => each.type === 'block').every(({ seats }) => seats === 4)).toBe(true)
    await Promise.all([alder, ...nodes.slice(1, 3), again].map((node) => node.stop()))
  })

  test('an engine that dies at any of its own fail points goes on where the ledger stands', async () => {
    const foundedAt = now() - 5
    const chain = chainOf(foundedAt, ['alder'])
    const [port = 0] = await freePorts(1)
    const plan = { directory: networkDirectory(), member: 'alder', validating: ['alder'], foundedAt, port, peers: [] }
    const blocks = new Map<number, string>()
    for (let point = 0; point < failPoints; point++) {
      const node = runNode({ ...plan, environment: { FAIL_TEST_INDEX: String(point) } }, blocks)
      const envelope = opening(chain, 'alder', `at ${point}`, now())
      // It may be answered before the engine dies, or never.
      if (await node.upOrEnded()) node.offer(envelope).catch(() => {})
      await node.ended()
      await node.kill()
      const again = runNode({ ...plan, environment: {} }, blocks)
      await again.up()
      expect((await again.offer(envelope)).text, `fail point ${point}`).toBe('kernel 0')
      // A block that was kept before its end was noted in the engine's log leaves a log without that end: an engine that
      // nobody else votes with, ended in the very next height, would refuse to sign it again. So one height is gone through.
      await again.reaches(again.height() + 1)
      await again.stop()
    }
    expect(onEmbeddedEngine(chain, plan.directory)).toEqual(new Map([...blocks].sort(([a], [b]) => a - b)))
  })
})
