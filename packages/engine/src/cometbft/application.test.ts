import { fromHex, toHex } from '@plexus/codec'
import { publicKeyOf } from '@plexus/crypto'
import { memoryLedger, readEnvelope, readSignedHeader, signaturesHold, validatorAddressOf } from '@plexus/kernel'
import { openLedgerStore } from '@plexus/store'
import { expect, onTestFinished, test } from 'vitest'
import { createSequencer } from '../local/sequencer.ts'
import { finalizeBlock, initChain, testNode } from './application.testing.ts'
import { nodeIdOf } from './engine-address.ts'
import {
  chainOf,
  machineOf,
  memberNames,
  networkDirectory,
  nodeSeedOf,
  opening,
  seedOf,
  validatorSeedOf,
  validators,
} from './network.testing.ts'

const foundedAt = 1_700_000_000
const chain = chainOf(foundedAt)

function verify(bytes: Uint8Array): boolean {
  const read = readEnvelope(bytes)
  return read.ok && signaturesHold(read.value)
}

const node = (port?: Parameters<typeof testNode>[1]['port']) =>
  testNode(chain, { now: () => foundedAt, verify, ...(port && { port }) })

/** Two that open the same handle: the second is refused in its block. */
const opens = (name: string, member = 'alder', nonce = name): Uint8Array =>
  opening(chain, member, name, foundedAt, 300 + nonce.length)

const blocks: readonly (readonly Uint8Array[])[] = [
  [],
  [opens('a'), opens('b', 'birch')],
  [opens('c'), opens('c', 'cedar', 'again'), opens('d', 'elm')],
  [],
  [opens('e')],
]

test('the same envelopes in the same blocks give the same app hashes as the embedded engine', async () => {
  const { block, store } = node()
  const { machine } = machineOf(chain, { verify: async () => [] })
  const local = openLedgerStore(networkDirectory(), { chain: chain.id })
  onTestFinished(() => local.close())
  const sequencer = createSequencer({ machine, store: local, seed: seedOf('no sequencer'), intervalSeconds: 0 })
  const codes: number[] = []
  for (const [index, transactions] of blocks.entries()) {
    const time = foundedAt + 2 * index
    for (const transaction of transactions) expect(sequencer.submit(transaction, time)).toMatchObject({ ok: true })
    sequencer.cut(time)
    const hash = await block(index + 1, time, transactions)
    expect(local.tip()).toMatchObject({ height: index + 1, time })
    expect(hash).toBe(toHex(local.tip()?.appHash ?? new Uint8Array(0)))
    codes.push(...(store.block(index + 1)?.outcomes.map(({ code }) => code) ?? []))
  }
  expect(codes.filter((code) => code === 0).length).toBe(5)
  expect(codes.length).toBe(6)
})

test('a chain is founded as often as asked, with the validators that the ledger names', async () => {
  const { client } = node()
  const ask = async () => (await client.ask({ initChain: initChain(chain) })).initChain
  const first = await ask()
  expect(await ask()).toEqual(first)
  expect(first?.validators.map(({ power }) => power)).toEqual([10n, 10n, 10n, 10n])
  const { info } = await client.ask({ info: { abciVersion: '2.0.0' } })
  expect(info).toMatchObject({ lastBlockHeight: 0n, appVersion: 1n })
})

test.each([
  ['another chain', { chainId: 'plexus-other' }, 'other-chain'],
  ['another genesis', { appStateBytes: new Uint8Array(3) }, 'other-genesis'],
  ['another beginning', { initialHeight: 7n }, 'other-genesis'],
])('an engine of %s is refused', async (_what, part, type) => {
  const { client, refusals } = node()
  expect((await client.ask({ initChain: { ...initChain(chain), ...part } })).exception?.error).toMatch(/engine/)
  expect(refusals.map((each) => each.type)).toEqual([type])
})

test('an engine that speaks another protocol, or would have no validator, is refused', async () => {
  const { client, refusals } = node()
  expect((await client.ask({ info: { abciVersion: '3.0.0' } })).exception?.error).toMatch(/3\.0\.0/)
  const empty = chainOf(foundedAt, [])
  const none = testNode(empty, { now: () => foundedAt, verify })
  expect((await none.client.ask({ initChain: initChain(empty) })).exception?.error).toMatch(/validator/)
  expect([...refusals, ...none.refusals].map(({ type }) => type)).toEqual(['abci-version', 'no-validators'])
})

test('a block is durable at its commit and not before, and played again it is the same', async () => {
  const { client, store, committed, application } = node()
  const asked = finalizeBlock(1, foundedAt, [opens('a')])
  const first = await client.ask({ finalizeBlock: asked })
  expect(store.tip()?.height).toBe(0)
  expect(await client.ask({ finalizeBlock: asked })).toEqual(first)
  // The engine was restarted in between: it plays the block again.
  application.forget()
  expect(await client.ask({ finalizeBlock: asked })).toEqual(first)
  await client.ask({ commit: {} })
  expect(store.tip()?.height).toBe(1)
  expect(committed.length).toBe(1)
  const { info } = await client.ask({ info: {} })
  expect(info?.lastBlockHeight).toBe(1n)
  expect(info?.lastBlockAppHash).toEqual(store.tip()?.appHash)
  const header = readSignedHeader(store.header(1) ?? new Uint8Array(0))
  expect(header).toMatchObject({
    ok: true,
    value: { header: { type: 'cometbft', height: 1, time: foundedAt, nanoseconds: 7 } },
  })
})

test('a commit without its block stops the node', async () => {
  const { client } = node()
  client.ask({ commit: {} })
  await client.closed
  expect(String(client.failed())).toMatch(/without its block/)
})

test('a disk that takes no block stops the node before anybody hears of the block', async () => {
  const { client, committed } = node((store) => ({
    ...store,
    commit(applied, header) {
      if (applied.tip.height > 0) throw new Error('no space left')
      store.commit(applied, header)
    },
  }))
  await client.ask({ finalizeBlock: finalizeBlock(1, foundedAt, []) })
  client.ask({ commit: {} })
  await client.closed
  expect(String(client.failed())).toMatch(/no space/)
  expect(committed).toEqual([])
})

test('the mempool’s check says what a block would, and keeps the reason for the member that offered', async () => {
  const { client, application, block } = node()
  const code = async (tx: Uint8Array) => (await client.ask({ checkTx: { tx } })).checkTx
  expect(await code(opens('a'))).toMatchObject({ code: 0 })
  await block(1, foundedAt, [opens('a')])
  expect(await code(opens('a'))).toMatchObject({ code: 5, codespace: 'kernel' })
  expect(application.refusalOf(opens('a'))).toMatchObject({ reason: 'replayed' })
  expect(await code(opens('a', 'birch', 'other'))).toMatchObject({ codespace: 'notary' })
  expect(await code(new Uint8Array(300_000))).toMatchObject({ code: 1 })
  const forged = new Uint8Array(opens('b'))
  forged.set([(forged.at(-1) ?? 0) ^ 1], forged.length - 1)
  expect(await code(forged)).toMatchObject({ code: 7 })
})

test('each signature is verified once, whether the mempool or a proposal has the envelope first', async () => {
  const { client, block, verified } = node()
  const many = Array.from({ length: 20 }, (_, index) => opens(`many ${index}`, memberNames[index % 4]))
  await Promise.all(many.slice(0, 10).map((tx) => client.ask({ checkTx: { tx } })))
  expect(verified()).toBe(10)
  const proposal = { ...finalizeBlock(1, foundedAt, many) }
  expect((await client.ask({ processProposal: proposal })).processProposal?.status).toBe(1)
  expect(verified()).toBe(20)
  await block(1, foundedAt, many)
  // A node that was away gets the block without a proposal.
  const later = node()
  await later.block(1, foundedAt, many)
  expect([verified(), later.verified()]).toEqual([20, 20])
})

test('a proposal keeps its order and its bounds, and what is proposed is voted for', async () => {
  const { client } = node()
  const many = Array.from({ length: 30 }, (_, index) => opens(`many ${index}`))
  const txs = [many[0] as Uint8Array, Uint8Array.of(1, 2, 3), ...many]
  const propose = async (maxTxBytes: bigint) =>
    (await client.ask({ prepareProposal: { txs, maxTxBytes } })).prepareProposal?.txs ?? []
  expect((await propose(1_000_000n)).map(toHex)).toEqual(many.map(toHex))
  const [first] = many
  const room = BigInt(3 * ((first?.length ?? 0) + 3))
  const few = await propose(room)
  expect(few.length).toBe(3)
  const vote = async (proposed: readonly Uint8Array[]) =>
    (await client.ask({ processProposal: finalizeBlock(1, foundedAt, proposed) })).processProposal?.status
  expect(await vote(few)).toBe(1)
  expect(await vote([])).toBe(1)
})

test('sponsors take turns in a proposal: one that offers far more waits behind itself', async () => {
  const { client } = node()
  const flood = Array.from({ length: 40 }, (_, index) => opens(`flood ${index}`))
  const click = opens('click', 'birch')
  const [first] = flood
  const maxTxBytes = BigInt(10 * ((first?.length ?? 0) + 3))
  const { prepareProposal } = await client.ask({ prepareProposal: { txs: [...flood, click], maxTxBytes } })
  const chosen = (prepareProposal?.txs ?? []).map(toHex)
  expect(chosen.slice(0, 3)).toEqual([flood[0], click, flood[1]].map((each) => toHex(each ?? click)))
  expect(chosen.length).toBe(10)
})

test('whoever has used its quota up is told before its signature is verified', async () => {
  const few = chainOf(foundedAt, memberNames, { envelopesPerMinuteMax: 2 })
  const { client, block, verified } = testNode(few, { now: () => foundedAt, verify })
  const code = async (name: string, member = 'alder') =>
    (await client.ask({ checkTx: { tx: opening(few, member, name, foundedAt) } })).checkTx
  await block(1, foundedAt, [opening(few, 'alder', 'a', foundedAt), opening(few, 'alder', 'b', foundedAt)])
  const before = verified()
  expect(await code('c')).toMatchObject({ code: 11, codespace: 'kernel' })
  expect(verified()).toBe(before)
  expect(await code('c', 'birch')).toMatchObject({ code: 0 })
})

test('a proposal with what no node would propose is voted against', async () => {
  const { client, refusals } = node()
  const vote = async (txs: readonly Uint8Array[]) =>
    (await client.ask({ processProposal: finalizeBlock(1, foundedAt, txs) })).processProposal?.status
  const forged = new Uint8Array(opens('b'))
  forged.set([(forged.at(-1) ?? 0) ^ 1], forged.length - 1)
  expect(await vote([opens('a'), forged])).toBe(2)
  expect(await vote([Uint8Array.of(1)])).toBe(2)
  expect(await vote([opens('a'), opens('a')])).toBe(2)
  expect(await vote(Array.from({ length: 2_001 }, () => Uint8Array.of(1)))).toBe(2)
  expect(refusals).toEqual([
    { type: 'unverified', index: 1 },
    { type: 'unverified', index: 0 },
    { type: 'repeated', index: 1 },
    { type: 'too-many' },
  ])
})

test('a block of rubbish that two thirds decided on is applied like any other', async () => {
  const { client, store } = node()
  const txs = [Uint8Array.of(1, 2), opens('a'), new Uint8Array(0)]
  const { finalizeBlock: done } = await client.ask({ finalizeBlock: finalizeBlock(1, foundedAt, txs) })
  await client.ask({ commit: {} })
  expect(done?.txResults.map(({ code }) => code)).toEqual([1, 0, 1])
  expect(store.block(1)?.outcomes.map(({ code }) => code)).toEqual([1, 0, 1])
})

test('a double vote costs the seat: the engine is told, the ledger remembers, and a node that plays the block agrees', async () => {
  const { client, store } = node()
  const told = (key: Uint8Array, type = 1) => ({
    type,
    validator: { address: validatorAddressOf(key), power: 10n },
    height: 1n,
    time: { seconds: BigInt(foundedAt), nanos: 0 },
    totalVotingPower: 40n,
  })
  const birch = publicKeyOf(validatorSeedOf('birch'))
  // A kind without a name here, and a validator that nobody is, change nothing.
  const misbehavior = [told(birch, 0), told(publicKeyOf(seedOf('a stranger'))), told(birch), told(birch)]
  const asked = { ...finalizeBlock(1, foundedAt, [opens('a')]), misbehavior }
  const { finalizeBlock: first } = await client.ask({ finalizeBlock: asked })
  await client.ask({ commit: {} })
  expect(first?.validatorUpdates).toMatchObject([{ pubKey: { ed25519: birch }, power: 0n }])
  expect(first?.txResults.map(({ code }) => code)).toEqual([0])
  expect(store.block(1)?.misbehaviour.map(({ kind }) => kind)).toEqual(['double-vote', 'double-vote', 'double-vote'])
  expect(validators.seats(store)).toHaveLength(3)
  const again = node()
  expect((await again.client.ask({ finalizeBlock: asked })).finalizeBlock?.appHash).toEqual(first?.appHash)
  const unaware = node()
  const { finalizeBlock: other } = await unaware.client.ask({ finalizeBlock: { ...asked, misbehavior: [] } })
  expect(other?.appHash).not.toEqual(first?.appHash)
  // Whoever checks the folder later judges the same, from the blocks alone.
  const { machine } = machineOf(chain, { verify: async () => [] })
  const replay = memoryLedger(machine)
  const block = store.block(1)
  if (block) replay.commit(machine.apply(replay.reader, block))
  expect(replay.reader.tip()).toEqual(store.tip())
})

test('a node may connect when the ledger knows it, from any address', async () => {
  const { client } = node()
  const code = async (path: string) => (await client.ask({ query: { path } })).query?.code
  expect(await code(`/p2p/filter/id/${nodeIdOf(publicKeyOf(nodeSeedOf('birch')))}`)).toBe(0)
  expect(await code(`/p2p/filter/id/${nodeIdOf(publicKeyOf(seedOf('a stranger')))}`)).toBe(1)
  expect(await code('/p2p/filter/id/x')).toBe(1)
  expect(await code('/p2p/filter/addr/127.0.0.1:7')).toBe(0)
  expect(await code('/anything')).toBe(1)
})

test('votes carry nothing of ours, and one that does is not counted', async () => {
  const { client } = node()
  expect((await client.ask({ extendVote: {} })).extendVote?.voteExtension).toEqual(new Uint8Array(0))
  const status = async (voteExtension: Uint8Array) =>
    (await client.ask({ verifyVoteExtension: { voteExtension } })).verifyVoteExtension?.status
  expect([await status(new Uint8Array(0)), await status(fromHex('00'))]).toEqual([1, 2])
  expect((await client.ask({ echo: { message: 'here' } })).echo?.message).toBe('here')
})
