/** The light client of the sdk against a network that runs: what it believes is what the members applied. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, toHex, utf8 } from '@plexus/codec'
import { frontierRoot, merklePath, sha256 } from '@plexus/crypto'
import { chainNameOf, memoryLedger, proveState } from '@plexus/kernel'
import {
  type FetchLightBlock,
  followBack,
  followEach,
  followTo,
  isStateUnder,
  isTransactionIn,
  lightGenesisOf,
  lightSettings,
  machineFor,
  readLightBlock,
  startFromCheckpoint,
  startFromGenesis,
} from '@plexus/sdk'
import { describe, expect, test } from 'vitest'
import { rpcSocketOf } from './engine-home.ts'
import {
  chainOf,
  enginePath,
  folderIn,
  freePorts,
  memberNames,
  networkDirectory,
  opening,
  peersOf,
  seedOf,
  sockets,
} from './network.testing.ts'
import { runNode } from './running-node.testing.ts'

const now = (): number => Math.floor(Date.now() / 1_000)

interface BlockAnswer {
  readonly result: { readonly block: { readonly data: { readonly txs: readonly string[] } } }
}

const askEngine = (directory: string, method: string, params: object): Promise<Uint8Array> =>
  sockets.post(rpcSocketOf(join(directory, 'engine')), JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))

function sourceAt(directory: string): FetchLightBlock {
  return async (height) => {
    const commit = await askEngine(directory, 'commit', { height: String(height) })
    const validators = await askEngine(directory, 'validators', { height: String(height), per_page: '100' })
    const read = readLightBlock({ commit, validators })
    return read.ok ? read.value : undefined
  }
}

describe.skipIf(!existsSync(enginePath))('with a real engine (needs `npm run engine`)', () => {
  test('from the genesis document alone, every header of four validators is the one on which their members agree', async () => {
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
    await Promise.all(nodes.map((node) => node.up()))
    const [alder] = nodes
    if (!alder) throw new Error('no node')
    const envelope = opening(chain, 'alder', 'one', now())
    const { height } = await alder.offer(envelope)
    const top = height + 2
    // The commit of a height is final when the next block has it.
    await Promise.all(nodes.map((node) => node.reaches(top + 1)))

    const [primary, ...witnesses] = plans.map((plan) => sourceAt(plan.directory))
    const first = await primary?.(1)
    if (!primary || !first) throw new Error('the first block was not sent')
    const start = startFromGenesis(lightGenesisOf(chain), first)
    if (!start.ok) throw new Error(start.reason.type)
    const step = { trusted: start.value, now: { seconds: now() + 1, nanoseconds: 0 }, settings: lightSettings }
    const skipped = await followTo(top, step, { primary, witnesses })
    if (!skipped.ok) throw new Error(skipped.reason.type)
    const { block, confirmedBy } = skipped.value
    expect(confirmedBy).toEqual([0, 1, 2])
    expect(await followEach(top, step, primary)).toEqual({ ok: true, value: block })
    expect(await followBack(1, block, primary)).toEqual({ ok: true, value: start.value })
    const checkpoint = { chainName: chainNameOf(chain), height: top, hash: block.hash }
    const shown = await primary(top)
    expect(shown && startFromCheckpoint(checkpoint, shown)).toEqual({ ok: true, value: block })
    // A header has the state after the block before it, as the members computed it.
    for (let at = 2; at <= top; at++)
      expect(toHex((await primary(at))?.header.appHash ?? new Uint8Array(0))).toBe(alder.blocks.get(at - 1))

    // An auditor replays the blocks under the verified headers, and shows entries of the state to whoever has a header.
    const ledger = memoryLedger(machineFor(chain))
    const transactionsAt = async (at: number): Promise<readonly Uint8Array[]> => {
      const answer = await askEngine(plans[1]?.directory ?? '', 'block', { height: String(at) })
      const { result } = JSON.parse(Buffer.from(answer).toString()) as BlockAnswer
      return result.block.data.txs.map((text) => new Uint8Array(Buffer.from(text, 'base64')))
    }
    for (let at = 1; at <= height; at++) {
      const { time } = (await primary(at))?.header ?? first.header
      const replayed = machineFor(chain).apply(ledger.reader, {
        height: at,
        time: time.seconds,
        transactions: await transactionsAt(at),
      })
      ledger.commit(replayed)
    }
    const tip = ledger.reader.tip()
    const after = (await primary(height + 1))?.header
    if (!tip || !after) throw new Error('nothing was replayed')
    const { stateRoot } = tip
    const historyRoot = frontierRoot({ size: tip.height, peaks: tip.history })
    const handle = `notary/handles/${toHex(seedOf('handle one'))}`
    const value = ledger.reader.get(handle)
    if (!value) throw new Error('the handle is not on the ledger')
    for (const [key, held] of [
      [handle, value],
      [`notary/handles/${toHex(seedOf('handle two'))}`, null],
    ] as const) {
      const shown = { stateRoot, historyRoot, key, value: held, proof: proveState(ledger.reader, stateRoot, key) }
      expect(isStateUnder(after, shown)).toBe(true)
      expect(isStateUnder(block.header, shown)).toBe(false)
    }

    const transactions = await transactionsAt(height)
    const index = transactions.findIndex((each) => toHex(each) === toHex(envelope))
    const place = { index, count: transactions.length, path: merklePath(transactions.map(sha256), index) }
    const header = (await primary(height))?.header
    expect(header && isTransactionIn(header, envelope, place)).toBe(true)
    expect(header && isTransactionIn(header, utf8('another'), place)).toBe(false)
    expect(startFromCheckpoint({ ...checkpoint, hash: fromHex('00'.repeat(32)) }, first).ok).toBe(false)
    await Promise.all(nodes.map((node) => node.stop()))
  })
})
