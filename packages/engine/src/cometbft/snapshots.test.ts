import { encode, list, bytes as someBytes, toHex } from '@plexus/codec'
import { sha256 } from '@plexus/crypto'
import { readEnvelope, signaturesHold } from '@plexus/kernel'
import {
  type RequestOfferSnapshot,
  ResponseApplySnapshotChunk_Result,
  ResponseOfferSnapshot_Result,
  type Snapshot,
} from 'cosmjs-types/tendermint/abci/types'
import { expect, test } from 'vitest'
import { type TestNode, testNode } from './application.testing.ts'
import { chainOf, opening } from './network.testing.ts'

const foundedAt = 1_790_000_000
const chain = chainOf(foundedAt)
const height = 4

const verify = (bytes: Uint8Array): boolean => {
  const read = readEnvelope(bytes)
  return read.ok && signaturesHold(read.value)
}

const blocks = Array.from({ length: height + 1 }, (_, index) => ({
  time: foundedAt + 1 + index,
  transactions: [opening(chain, 'alder', `block ${index}`, foundedAt + 1 + index)],
}))

/** What a node offers that made a snapshot after its fourth block, and the chunks behind it. */
interface Offer {
  readonly snapshot: Snapshot
  readonly chunks: readonly Uint8Array[]
  readonly appHash: Uint8Array
}

const hashList = list(someBytes({ length: 32 }), { max: 1_000 })

/** The same offer with these chunks, whose hashes it names. */
const offerOf = (chunks: readonly Uint8Array[], { snapshot, appHash }: Offer): Offer => {
  const metadata = encode(hashList, chunks.map(sha256))
  return { snapshot: { ...snapshot, chunks: chunks.length, metadata, hash: sha256(metadata) }, chunks, appHash }
}

async function sourceOffer(): Promise<Offer> {
  const made = Promise.withResolvers<void>()
  const node = testNode(chain, {
    now: () => foundedAt,
    verify,
    snapshotEvery: height,
    onSnapshot: () => made.resolve(),
  })
  let appHash = ''
  for (const [index, { time, transactions }] of blocks.entries()) {
    const after = await node.block(index + 1, time, transactions)
    if (index + 1 === height) appHash = after
  }
  await made.promise
  const { listSnapshots } = await node.client.ask({ listSnapshots: {} })
  const [snapshot] = listSnapshots?.snapshots ?? []
  if (!snapshot) throw new Error('no snapshot was made')
  expect(snapshot.height).toBe(BigInt(height))
  const chunks: Uint8Array[] = []
  for (let chunk = 0; chunk < snapshot.chunks; chunk++) {
    const answer = await node.client.ask({
      loadSnapshotChunk: { height: snapshot.height, format: snapshot.format, chunk },
    })
    chunks.push(answer.loadSnapshotChunk?.chunk ?? new Uint8Array(0))
  }
  for (const asked of [{ chunk: snapshot.chunks }, { format: 2 }, { height: 3n }]) {
    const place = { height: snapshot.height, format: snapshot.format, chunk: 0, ...asked }
    const { loadSnapshotChunk } = await node.client.ask({ loadSnapshotChunk: place })
    expect(loadSnapshotChunk?.chunk).toEqual(new Uint8Array(0))
  }
  return { snapshot, chunks, appHash: new Uint8Array(Buffer.from(appHash, 'hex')) }
}

const newNode = (): TestNode => testNode(chain, { now: () => foundedAt, verify })

async function verdict({ client }: TestNode, { snapshot, appHash }: Partial<RequestOfferSnapshot>): Promise<string> {
  const { offerSnapshot } = await client.ask({
    offerSnapshot: { ...(snapshot && { snapshot }), appHash: appHash ?? new Uint8Array(32) },
  })
  return ResponseOfferSnapshot_Result[offerSnapshot?.result ?? -1] ?? ''
}

async function apply({ client }: TestNode, index: number, chunk: Uint8Array) {
  const { applySnapshotChunk } = await client.ask({ applySnapshotChunk: { index, chunk, sender: 'somebody' } })
  const { result = -1, refetchChunks = [], rejectSenders = [] } = applySnapshotChunk ?? {}
  return { result: ResponseApplySnapshotChunk_Result[result] ?? '', refetchChunks, rejectSenders }
}

const accepted = { result: 'ACCEPT', refetchChunks: [], rejectSenders: [] }

const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))

const standing = async ({ client }: TestNode) => {
  const { info } = await client.ask({ info: { abciVersion: '2.0.0' } })
  return [Number(info?.lastBlockHeight), toHex(info?.lastBlockAppHash ?? new Uint8Array(0))]
}

test('a node begins from what another offers, and applies the next block to the same application hash', async () => {
  const right = await sourceOffer()
  const node = newNode()
  expect(await verdict(node, right)).toBe('ACCEPT')
  for (const [index, chunk] of right.chunks.entries()) expect(await apply(node, index, chunk)).toEqual(accepted)
  expect(await standing(node)).toEqual([height, toHex(right.appHash)])
  const [other, last] = [newNode(), blocks[height]]
  if (!last) throw new Error('no block')
  let expected = ''
  for (const [index, { time, transactions }] of blocks.entries())
    expected = await other.block(index + 1, time, transactions)
  expect(await node.block(height + 1, last.time, last.transactions)).toBe(expected)
})

test('an offer that contradicts itself, of another form, or from before this ledger is not begun', async () => {
  const right = await sourceOffer()
  const node = newNode()
  const { snapshot } = right
  const offered = (change: Partial<Snapshot>) => verdict(node, { ...right, snapshot: { ...snapshot, ...change } })
  expect(await verdict(node, { appHash: right.appHash })).toBe('REJECT_FORMAT')
  expect(await offered({ format: 2 })).toBe('REJECT_FORMAT')
  expect(await offered({ hash: flipped(snapshot.hash) })).toBe('REJECT_SENDER')
  expect(await offered({ metadata: flipped(snapshot.metadata) })).toBe('REJECT_SENDER')
  expect(await offered({ metadata: new Uint8Array(0) })).toBe('REJECT_SENDER')
  expect(await offered({ chunks: snapshot.chunks + 1 })).toBe('REJECT_SENDER')
  expect(await offered({ height: 0n })).toBe('REJECT')
  for (const [index, { time, transactions }] of blocks.entries()) await node.block(index + 1, time, transactions)
  expect(await verdict(node, right)).toBe('REJECT')
  expect((await apply(node, 0, right.chunks[0] as Uint8Array)).result).toBe('RETRY_SNAPSHOT')
})

test('a chunk that is not the one that was offered is fetched again, from somebody else', async () => {
  const right = await sourceOffer()
  const node = newNode()
  expect(await verdict(node, right)).toBe('ACCEPT')
  for (const [index, chunk] of right.chunks.entries()) {
    const again = { result: 'RETRY', refetchChunks: [index], rejectSenders: ['somebody'] }
    expect(await apply(node, index, flipped(chunk))).toEqual(again)
    expect(await apply(node, index, chunk)).toEqual(accepted)
  }
  expect(await standing(node)).toEqual([height, toHex(right.appHash)])
})

test('a chunk that comes before its turn, or to a process to which nothing was offered, begins the snapshot anew', async () => {
  const right = await sourceOffer()
  const node = newNode()
  expect((await apply(node, 0, right.chunks[0] as Uint8Array)).result).toBe('RETRY_SNAPSHOT')
  await verdict(node, right)
  expect((await apply(node, 1, right.chunks[1] as Uint8Array)).result).toBe('RETRY_SNAPSHOT')
})

test('a snapshot whose every hash fits and whose content lies is given up, and the next one is taken', async () => {
  const right = await sourceOffer()
  const node = newNode()
  const before = await standing(node)
  for (const [at, chunk] of right.chunks.entries()) {
    const lie = offerOf(right.chunks.with(at, flipped(chunk)), right)
    expect(await verdict(node, lie)).toBe('ACCEPT')
    let last: Awaited<ReturnType<typeof apply>> = accepted
    for (const [index, each] of lie.chunks.entries()) {
      last = await apply(node, index, each)
      if (last.result !== 'ACCEPT') break
    }
    expect(last).toEqual({ result: 'REJECT_SNAPSHOT', refetchChunks: [], rejectSenders: ['somebody'] })
    expect(await standing(node)).toEqual(before)
  }
  expect(await verdict(node, right)).toBe('ACCEPT')
  // Half of it, and then the whole: what the engine asks for when it begins anew.
  await apply(node, 0, right.chunks[0] as Uint8Array)
  expect(await verdict(node, right)).toBe('ACCEPT')
  for (const [index, chunk] of right.chunks.entries()) await apply(node, index, chunk)
  expect(await standing(node)).toEqual([height, toHex(right.appHash)])
  // A ledger that stands there already takes it once more: the engine lost what it knew of it.
  expect(await verdict(node, right)).toBe('ACCEPT')
  for (const [index, chunk] of right.chunks.entries()) expect(await apply(node, index, chunk)).toEqual(accepted)
})
