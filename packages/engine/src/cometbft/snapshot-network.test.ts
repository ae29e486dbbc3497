/** A node that begins from a snapshot of a network that runs, with a real engine and its light client. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@plexus/codec'
import { readLightBlock } from '@plexus/sdk'
import { describe, expect, test } from 'vitest'
import { rpcSocketOf } from './engine-home.ts'
import { fetchLightBlock } from './light-blocks.ts'
import { lightBodyOf } from './light-questions.ts'
import {
  chainOf,
  enginePath,
  folderIn,
  freePorts,
  memberNames,
  type NodePlan,
  networkDirectory,
  opening,
  peersOf,
  sockets,
} from './network.testing.ts'
import { type RunningNode, runNode } from './running-node.testing.ts'

const now = (): number => Math.floor(Date.now() / 1_000)
/** A block comes every tenth of a second, and two snapshots are kept: each for as long as the engine looks for some, twice. */
const every = 60

const founders = memberNames.slice(0, 3)

describe.skipIf(!existsSync(enginePath))('with a real engine (needs `npm run engine`)', () => {
  test('a node begins from a snapshot, whether one lies or it is killed in the middle, and goes on as the others', async () => {
    const foundedAt = now() - 5
    const chain = chainOf(foundedAt, founders)
    const ports = await freePorts(memberNames.length)
    const directory = networkDirectory()
    const planOf = (member: string): NodePlan => ({
      directory: folderIn(directory, member),
      member,
      validating: founders,
      foundedAt,
      port: ports[memberNames.indexOf(member as 'alder')] ?? 0,
      // Whoever begins calls the others; nobody calls it.
      peers: peersOf(founders, ports, member),
      environment: {},
      snapshotEvery: every,
    })
    // What one of them serves is not what it offers.
    const running = founders.map((member) =>
      runNode({ ...planOf(member), ...(member === 'cedar' && { liesInChunks: true }) }),
    )
    const [alder] = running as [RunningNode]
    await Promise.all(running.map((node) => node.up()))
    const envelopes = Array.from({ length: 12 }, (_, index) => opening(chain, 'alder', `before ${index}`, now()))
    for (const envelope of envelopes) expect((await alder.offer(envelope)).text).toBe('kernel 0')
    await Promise.all(running.map((node) => node.says('snapshot', ({ event }) => event === 'taken')))
    await alder.reaches(every + 3)

    const source = (member: string): string => rpcSocketOf(join(directory, member, 'engine'))
    const answers = await fetchLightBlock((question) => sockets.post(source('alder'), lightBodyOf(question)), 1)
    const first = answers && readLightBlock(answers)
    if (!first?.ok) throw new Error('the first block was not sent')
    const plan = {
      ...planOf('elm'),
      begin: {
        sources: ['alder', 'birch'].map((member) => `unix://${source(member)}`),
        trusted: { height: 1, hash: toHex(first.value.commit.block.hash) },
        trustSeconds: 3_600,
        lookSeconds: 5,
      },
    }
    // Whoever hears of the liar alone takes nothing from it; killed in the middle of that, it begins anew.
    const killed = runNode({ ...plan, peers: plan.peers.slice(2) })
    await killed.says('chunk', ({ taken }) => taken === 'chunk-differs')
    expect(killed.words.filter((word) => word.type === 'chunk' && word.taken === 'goes-on').length).toBe(2)
    expect(killed.height()).toBe(0)
    await killed.kill()
    const node = runNode(plan)
    await node.up()
    const begun = await node.says('begins', ({ height }) => height > 0)
    expect(begun.height % every).toBe(0)
    expect(node.words.filter((word) => word.type === 'call' && word.call === 'initChain')).toEqual([])
    expect(readdirSync(join(plan.directory, 'snapshots')).filter((name) => name === 'restoring')).toEqual([])

    // An envelope that was in a block before it began is known to it, and a new one goes through it.
    const known = await node.offer(envelopes[0] as Uint8Array)
    expect(known).toEqual(await alder.offer(envelopes[0] as Uint8Array))
    const after = await node.offer(opening(chain, 'elm', 'after', now()))
    expect(after.text).toBe('kernel 0')
    await alder.reaches(after.height)
    for (const [height, appHash] of node.blocks)
      if (height > 0) expect(alder.blocks.get(height), `${height}`).toBe(appHash)

    // Killed once more it goes on from its own ledger.
    await node.kill()
    const again = runNode(plan, node.blocks)
    await again.up()
    expect((await again.offer(opening(chain, 'elm', 'later', now()))).text).toBe('kernel 0')
    expect(again.words).toContainEqual({ type: 'begins', height: begun.height })
    await Promise.all([...running, again].map((each) => each.stop()))
  })
})
