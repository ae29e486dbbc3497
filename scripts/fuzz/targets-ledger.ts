/** Doors for what the ledger is made of, for what proves it, and for what it keeps on the disk. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Schema } from '@plexus/codec'
import type { Chain, SignedHeader } from '@plexus/kernel'
import type { ReceiptBundle } from '@plexus/policy'
import { Chance } from './chance.ts'
import { reach } from './reach.ts'
import { scratchFolder } from './scratch-folder.ts'
import { accepted, acceptedAs, answerOf, refused } from './subject.ts'
import type { Target } from './target.ts'
import { samples } from './targets-schemas.ts'

/** A network in memory with a proven access, as the tests of the wallet have it. */
interface TestWorld {
  readonly chain: Chain
  access(): ReceiptBundle
}

async function testWorld(): Promise<TestWorld> {
  const { World } = (await import(new URL('../../packages/sdk/src/world.testing.ts', import.meta.url).href)) as {
    readonly World: new () => TestWorld
  }
  return new World()
}

const kernel = 'packages/kernel/src'
const key = new Uint8Array(32).fill(9)

export const ledgerTargets: readonly Target[] = [
  {
    name: 'kernel/envelope',
    reads: 'an envelope, from whoever submits',
    covers: [`${kernel}/envelope.ts#readEnvelope`],
    async load() {
      const { assembleEnvelope, readEnvelope } = await import('@plexus/kernel')
      const world = await testWorld()
      const { receipt } = world.access()
      return {
        shape: 'cbor',
        seeds: [receipt.envelope],
        run: (bytes) =>
          answerOf(readEnvelope(bytes), ({ bodyBytes, signatures }) => assembleEnvelope(bodyBytes, signatures)),
      }
    },
  },
  {
    name: 'kernel/envelope-body',
    reads: 'the body of an envelope that another party composed and that is still to be signed',
    covers: [`${kernel}/envelope.ts#readBody`],
    async load() {
      const { composeBody, readBody, readEnvelope } = await import('@plexus/kernel')
      const world = await testWorld()
      const read = readEnvelope(world.access().receipt.envelope)
      return {
        shape: 'cbor',
        seeds: read.ok ? [read.value.bodyBytes] : [],
        run: (bytes) => answerOf(readBody(bytes), composeBody),
      }
    },
  },
  {
    name: 'kernel/apply',
    reads: 'a transaction in a block, from any member: applied by the machine',
    covers: [`${kernel}/machine.ts#createMachine`],
    async load() {
      const { createMachine, memoryLedger } = await import('@plexus/kernel')
      const { contracts, directory } = await import('@plexus/contracts')
      const world = await testWorld()
      const { intent, receipt } = world.access()
      const machine = createMachine({ chain: world.chain, contracts, directory, signaturesHold: () => true })
      const { reader } = memoryLedger(machine)
      const time = world.chain.genesis.time + 5
      return {
        shape: 'cbor',
        seeds: [receipt.envelope, ...(intent ? [intent.envelope] : [])],
        run(bytes) {
          const { outcomes } = machine.apply(reader, { height: 1, time, transactions: [bytes] })
          const [outcome] = outcomes
          if (outcomes.length !== 1 || !outcome) throw new Error('a transaction without an outcome')
          return outcome.code === 0 ? accepted : refused(`${outcome.space} ${outcome.code}`)
        },
      }
    },
  },
  {
    name: 'kernel/genesis',
    reads: 'a genesis document, from whoever gives one',
    covers: [`${kernel}/genesis.ts#readGenesis`],
    async load() {
      const { foundChain, readGenesis } = await import('@plexus/kernel')
      const world = await testWorld()
      const small = foundChain({ ...world.chain.genesis, founding: world.chain.genesis.founding.slice(1, 2) })
      return {
        shape: 'cbor',
        seeds: [small.bytes],
        run: (bytes) => answerOf(readGenesis(bytes), ({ genesis }) => foundChain(genesis).bytes),
      }
    },
  },
  {
    name: 'kernel/header',
    reads: 'a signed header, from the engine or a bundle',
    covers: [`${kernel}/blocks.ts#readSignedHeader`],
    async load() {
      const { headerHolds, readSignedHeader, signedHeader } = await import('@plexus/kernel')
      const { encode } = await import('@plexus/codec')
      const world = await testWorld()
      const cometHeader = {
        type: 'cometbft',
        chain: key,
        height: 7,
        time: 1_700_000_000,
        nanoseconds: 5,
        hash: key,
        appHash: key,
        transactionsRoot: key,
        nextValidatorsHash: key,
        proposer: key.subarray(0, 20),
      } as const
      return {
        shape: 'cbor',
        seeds: [
          encode(signedHeader, world.access().receipt.header),
          encode(signedHeader, { header: cometHeader, signature: null }),
        ],
        run: (bytes) =>
          answerOf(readSignedHeader(bytes), (header: SignedHeader) => {
            headerHolds(header, key)
            return encode(signedHeader, header)
          }),
      }
    },
  },
  {
    name: 'kernel/state-proof',
    reads: 'a proof of the state, from another member: read, and checked under a root',
    covers: [`${kernel}/state-tree.ts#stateProof`, `${kernel}/state-tree.ts#verifyStateProof`],
    async load(seed) {
      const { stateProof, verifyStateProof } = await import('@plexus/kernel')
      const { decode, encode } = await import('@plexus/codec')
      const { receipt } = (await testWorld()).access()
      return {
        shape: 'cbor',
        seeds: [
          ...receipt.facts.map(({ proof }) => encode(stateProof, proof)),
          ...samples(stateProof as Schema<unknown>, 4, new Chance(seed)),
        ],
        run: (bytes) =>
          answerOf(decode(stateProof, bytes), (proof) => {
            for (const value of [null, key])
              verifyStateProof({ root: receipt.stateRoot, key: 'members/members/a', value, proof })
            return encode(stateProof, proof)
          }),
      }
    },
  },
  {
    name: 'kernel/tile',
    reads: 'a tile of the state tree, from the own disk: one that is damaged says so',
    covers: [`${kernel}/tree-tiles.ts#readTile`],
    async load() {
      const { emptyRoot, updateTree } = await import('@plexus/kernel')
      type Read = (record: Uint8Array, place: string, hash: Uint8Array) => object
      const readTile = await reach<Read>(`${kernel}/tree-tiles.ts`, 'readTile')
      const openPart = await reach<(part: object) => object>(`${kernel}/tree-tiles.ts`, 'openPart')
      const changes = Array.from({ length: 12 }, (_, index) => ({ key: `k${index}`, value: Uint8Array.of(index) }))
      const { tiles } = updateTree({ tile: () => undefined }, emptyRoot, changes)
      const walk = (part: object): void => {
        const opened = openPart(part)
        if ('left' in opened && opened.left) walk(opened.left as object)
        if ('right' in opened && opened.right) walk(opened.right as object)
      }
      return {
        shape: 'binary',
        seeds: tiles.flatMap(({ tile }) => tile ?? []),
        run(bytes) {
          try {
            // The hash that a parent would name is the one that the tile itself says it has.
            walk(readTile(bytes, '', bytes.subarray(1, 33)))
            return acceptedAs(bytes)
          } catch (error) {
            if (error instanceof Error && error.message.includes('missing or damaged')) return refused('damaged')
            throw error
          }
        },
      }
    },
  },
  {
    name: 'sdk/bundle',
    reads: 'a receipt bundle, from whoever shows one: checked against the genesis document',
    covers: [
      'packages/sdk/src/bundle.ts#readBundle',
      'packages/sdk/src/bundle.ts#verifyBundle',
      'packages/sdk/src/bundle.ts#verifyReceipt',
      'packages/sdk/src/bundle.ts#verifyNote',
      'packages/sdk/src/committed.ts#verifyCommitted',
      'packages/policy/src/statements/bundle.ts#receiptBundle',
    ],
    async load() {
      const { verifyBundle } = await import('@plexus/sdk')
      const { receiptBundle } = await import('@plexus/policy')
      const { encode } = await import('@plexus/codec')
      const world = await testWorld()
      const bundle = world.access()
      return {
        shape: 'cbor',
        inputBytesMax: 16 * 1024,
        seeds: [encode(receiptBundle, bundle), encode(receiptBundle, { ...bundle, note: null })],
        run(bytes) {
          const read = verifyBundle(world.chain, bytes)
          return read.ok ? accepted : refused(`${read.reason.type} ${read.reason.part}`)
        },
      }
    },
  },
  {
    name: 'sdk/entry-bundle',
    reads: 'leaves of a log with their tile, from whoever serves it',
    covers: ['packages/sdk/src/checkpoint/entry-bundle.ts#readEntries'],
    async load() {
      const { readEntries } = await import('@plexus/sdk')
      const { merkleLeafHash } = await import('@plexus/crypto')
      const { concatBytes } = await import('@plexus/codec')
      const write = await reach<(entries: readonly Uint8Array[]) => Uint8Array>(
        'packages/sdk/src/checkpoint/entry-bundle.ts',
        'writeEntries',
      )
      const entries = [Uint8Array.of(1, 2, 3), new Uint8Array(40).fill(4), new Uint8Array(0)]
      const tile = concatBytes(...entries.map(merkleLeafHash))
      return {
        shape: 'binary',
        seeds: [concatBytes(Uint8Array.of(tile.length), tile, write(entries))],
        run(bytes) {
          const [length = 0] = bytes
          const hashes = bytes.subarray(1, 1 + length)
          return answerOf(readEntries(bytes.subarray(1 + length), hashes), (found) =>
            concatBytes(bytes.subarray(0, 1), hashes, write(found)),
          )
        },
      }
    },
  },
  {
    name: 'sdk/tiles',
    reads: 'tiles of a log, from whoever serves it: checked against a checkpoint',
    covers: ['packages/sdk/src/checkpoint/tile-tree.ts#openTiles'],
    async load() {
      const { openTiles, tilesForRoot, tilePath } = await import('@plexus/sdk')
      const { appendLeaf, emptyFrontier, frontierRoot, merkleLeafHash } = await import('@plexus/crypto')
      const { concatBytes } = await import('@plexus/codec')
      const hashes = Array.from({ length: 9 }, (_, index) => merkleLeafHash(Uint8Array.of(index)))
      const root = frontierRoot(hashes.reduce(appendLeaf, emptyFrontier()))
      const sizes = [0, 1, 8, 9, 255, 256, 257, 65_536, 65_537]
      return {
        shape: 'binary',
        seeds: [concatBytes(Uint8Array.of(3), ...hashes), concatBytes(Uint8Array.of(2), ...hashes.slice(0, 8))],
        run(bytes) {
          const size = sizes[bytes[0] ?? 0] ?? 9
          const ids = tilesForRoot(size)
          const tiles = new Map(
            ids.map((id, at) => [tilePath(id), at === 0 ? bytes.slice(1) : bytes.slice(1, 1 + 32 * id.width)]),
          )
          const opened = openTiles({ size, root }, ids, tiles)
          return opened.ok ? accepted : refused(opened.reason.type)
        },
      }
    },
  },
  {
    name: 'store/past',
    reads: 'what a block wrote over, from the own disk: one that is damaged says so',
    covers: ['packages/store/src/past-records.ts#openPast'],
    async load() {
      const { StoreError } = await import('@plexus/store')
      const file = 'packages/store/src/past-records.ts'
      const open = await reach<(record: Uint8Array) => object>(file, 'openPast')
      const pack = await reach<(past: object) => Uint8Array>(file, 'packPast')
      const tiles = [
        { place: '', before: Uint8Array.of(1, 2) },
        { place: 'a', before: null },
      ]
      return {
        shape: 'binary',
        seeds: [new Uint8Array(pack({ tiles, values: [['members/members/a', Uint8Array.of(3)]] }))],
        run(bytes) {
          try {
            return acceptedAs(new Uint8Array(pack(open(bytes))))
          } catch (error) {
            if (error instanceof StoreError) return refused(error.type)
            throw error
          }
        },
      }
    },
  },
  {
    name: 'store/ahead-file',
    reads: 'what is written ahead of LMDB, from a disk that tore or turned it: what is not whole does not count',
    covers: ['packages/store/src/ahead-file.ts#openAheadFile', 'packages/store/src/ahead-file.ts#readRecord'],
    async load() {
      const { StoreError } = await import('@plexus/store')
      interface Journal {
        recover(height: number): Iterable<{ readonly number: number }>
        append(record: { readonly number: number; readonly durableBelow: number; readonly payload: Uint8Array }): void
        close(): void
      }
      const open = await reach<(path: string, chain: Uint8Array) => Journal>(
        'packages/store/src/ahead-file.ts',
        'openAheadFile',
      )
      const path = join(scratchFolder(), 'journal')
      const journal = open(path, key)
      for (const number of [1, 2])
        journal.append({ number, durableBelow: number, payload: new Uint8Array(20).fill(number) })
      journal.close()
      const whole = new Uint8Array(readFileSync(path).subarray(0, 3 * 4096))
      return {
        shape: 'binary',
        inputBytesMax: 4 * 4096,
        seeds: [whole, whole.slice(0, 4096)],
        run(bytes) {
          writeFileSync(path, bytes)
          try {
            const opened = open(path, key)
            try {
              const numbers = [...opened.recover(0)].map(({ number }) => number)
              return numbers.length > 0 ? accepted : refused('nothing whole')
            } finally {
              opened.close()
            }
          } catch (error) {
            if (error instanceof StoreError) return refused(error.type)
            throw error
          }
        },
      }
    },
  },
]
