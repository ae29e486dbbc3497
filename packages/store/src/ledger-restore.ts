/**
 * Takes a snapshot in, in a folder of its own: nothing of it is read before all of it leads to the app hash that was
 * trusted. What a process that died leaves there is removed by the next one.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { encode, equalBytes, no, ok, type Result } from '@plexus/codec'
import {
  addLeaves,
  appHash,
  blockSummary,
  emptyRoot,
  outcomesRoot,
  storedBlock,
  transactionsRoot,
  treeLeafOf,
} from '@plexus/kernel'
import { BufferedTable } from './buffered-table.ts'
import { envelopesIn } from './envelopes-in.ts'
import { type Environment, openEnvironment, type Table } from './environment.ts'
import { appendHistory, beginHistory, historyRoot, rootOfSubtrees, type SubtreeTable } from './history.ts'
import { asciiKey, byteKeys, isAsciiKey, numberKey, tileKeys } from './keys.ts'
import { LeafHeap } from './leaf-heap.ts'
import { beginningKey, beginningRecord, heightRecord, tipRecord } from './ledger-records.ts'
import { tipKey } from './ledger-tables.ts'
import { Places } from './places.ts'
import {
  chunksMax,
  readChunk,
  type SnapshotEntry,
  type SnapshotHead,
  stillCounts,
  type TravellingBlock,
} from './snapshot-format.ts'
import { syncPath } from './sync-path.ts'

export interface OfferedSnapshot {
  readonly height: number
  /** After the block of that height, as more than two thirds of the validators signed it. */
  readonly appHash: Uint8Array
  /** SHA-256 of each chunk, as whoever offers it says. */
  readonly hashes: readonly Uint8Array[]
}

export type SnapshotRefusal =
  /** Not the chunk whose hash was offered: another may send the right one. */
  | { readonly type: 'chunk-differs' }
  /** It is what was offered, and what was offered is no snapshot, or not of this app hash. */
  | { readonly type: 'chunk-malformed' }
  | { readonly type: 'chunk-out-of-order' }
  | { readonly type: 'app-hash-differs' }
  | { readonly type: 'history-differs' }
  /** Blocks of the last 600 s are missing: envelopes could be accepted a second time. */
  | { readonly type: 'blocks-missing' }
  | { readonly type: 'state-differs' }

export type SnapshotProgress = { readonly type: 'goes-on' } | { readonly type: 'whole'; readonly folder: string }

/** What stands high in the tree and changes with each part is written at the end. */
const topPlaceLength = 2

export class LedgerRestore {
  private readonly folder: string
  private readonly offered: OfferedSnapshot
  private readonly environment: Environment
  private readonly heap: LeafHeap
  private readonly history: SubtreeTable
  private readonly tables: Readonly<Record<'blocks' | 'heights' | 'meta' | 'places' | 'state' | 'tiles', Table>>
  private taken = 0
  private head: SnapshotHead | undefined
  private nextBlock = 0
  private newest: TravellingBlock | undefined
  private firstTime = 0
  private lastKey = ''
  private places: { readonly table: BufferedTable<string>; readonly places: Places } | undefined
  private ended = false

  constructor(folder: string, chain: Uint8Array, offered: OfferedSnapshot) {
    if (offered.hashes.length > chunksMax) throw new Error(`a snapshot has at most ${chunksMax} chunks`)
    this.folder = folder
    this.offered = offered
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // Durable at the end, all at once: before, nobody would miss it.
    this.environment = openEnvironment({ directory: folder, kind: 'ledger', chain, durable: false })
    this.heap = new LeafHeap(join(folder, 'leaves'))
    const table = (name: string): Table => this.environment.table(name)
    const history = table('history')
    this.history = {
      get: (position) => history.get(numberKey(position)),
      set: (position, root) => history.put(numberKey(position), root),
    }
    // Opened once: each opening is a transaction of its own.
    this.tables = {
      ...{ blocks: table('blocks'), state: table('state'), tiles: table('tiles') },
      ...{ heights: table('heights'), meta: table('meta'), places: table('places') },
    }
  }

  /** The next chunk. After a refusal other than `chunk-differs` nothing can come of it: `drop` it. */
  async take(source: Uint8Array): Promise<Result<SnapshotProgress, SnapshotRefusal>> {
    const expected = this.offered.hashes[this.taken]
    if (!expected || this.ended) throw new Error('a chunk comes behind the last one')
    if (!equalBytes(new Uint8Array(createHash('sha256').update(source).digest()), expected))
      return no({ type: 'chunk-differs' })
    const refused = this.takeChunk(source)
    if (refused) return no(refused)
    this.taken += 1
    if (this.taken < this.offered.hashes.length) return ok({ type: 'goes-on' })
    return this.finish()
  }

  /** Removes all of it. */
  drop(): void {
    this.end()
    rmSync(this.folder, { recursive: true, force: true })
  }

  private takeChunk(source: Uint8Array): SnapshotRefusal | undefined {
    const read = readChunk(source)
    if (!read.ok) return read.reason
    const chunk = read.value
    if (chunk.type === 'head') return this.takeHead(chunk)
    const { head } = this
    if (!head) return { type: 'chunk-out-of-order' }
    if (chunk.type === 'entries')
      return this.nextBlock <= head.height ? { type: 'blocks-missing' } : this.takeEntries(chunk.entries)
    return this.takeBlocks(head, chunk.blocks)
  }

  private takeHead(head: SnapshotHead): SnapshotRefusal | undefined {
    if (this.head) return { type: 'chunk-out-of-order' }
    const { height, stateRoot, history, first, before } = head
    const bound = appHash({ stateRoot, historyRoot: rootOfSubtrees(history) })
    if (height !== this.offered.height || !equalBytes(bound, this.offered.appHash)) return { type: 'app-hash-differs' }
    if (first < 1 || first > height) return { type: 'history-differs' }
    let begun = false
    this.environment.write(() => {
      begun = beginHistory(this.history, first - 1, before)
    })
    if (!begun) return { type: 'history-differs' }
    this.head = head
    this.nextBlock = first
    return undefined
  }

  private takeBlocks({ height, first }: SnapshotHead, blocks: readonly TravellingBlock[]): SnapshotRefusal | undefined {
    if (this.nextBlock + blocks.length - 1 > height) return { type: 'history-differs' }
    const table = this.tables.blocks
    const placed = this.placed()
    this.environment.write(() => {
      for (const block of blocks) {
        const { time, transactions, outcomes } = block
        const at = this.nextBlock
        if (at === first) this.firstTime = time
        appendHistory(this.history, at - 1, encode(blockSummary, summaryOf(at, block)))
        // Nobody applies these again: what an engine said of validators is in the state that comes with them.
        const beside = { header: noHeader, misbehaviour: [] }
        const stored = { kind: 'block', height: at, time, transactions, outcomes, ...beside } as const
        table.put(numberKey(at), encode(storedBlock, stored))
        placed.places.take(at, time, envelopesIn(transactions, outcomes))
        this.newest = block
        this.nextBlock += 1
      }
      placed.table.flush()
    })
    placed.table.forget()
    return undefined
  }

  private placed() {
    if (!this.places) {
      const table = new BufferedTable(this.tables.places, byteKeys)
      this.places = { table, places: new Places(table, 0) }
    }
    return this.places
  }

  private takeEntries(entries: readonly SnapshotEntry[]): SnapshotRefusal | undefined {
    for (const { key } of entries) {
      if (key <= this.lastKey || !isAsciiKey(key)) return { type: 'chunk-out-of-order' }
      this.lastKey = key
    }
    const table = this.tables.state
    this.environment.write(() => {
      for (const { key, value } of entries) {
        table.put(asciiKey(key), value)
        this.heap.add(treeLeafOf(key, value))
      }
    })
    return undefined
  }

  private async finish(): Promise<Result<SnapshotProgress, SnapshotRefusal>> {
    const { head, newest, offered } = this
    if (!head || !newest || this.nextBlock <= head.height) return no({ type: 'blocks-missing' })
    const { height, first, stateRoot, history, nextEvent } = head
    const blocksRoot = rootOfSubtrees(history)
    if (!equalBytes(historyRoot(this.history, height), blocksRoot)) return no({ type: 'history-differs' })
    if (first > 1 && stillCounts(this.firstTime, newest.time)) return no({ type: 'blocks-missing' })
    const root = await this.makeTree()
    if (this.ended) return no({ type: 'state-differs' })
    if (!equalBytes(root, stateRoot)) return no({ type: 'state-differs' })
    const { environment, tables } = this
    const summary = summaryOf(height, newest)
    environment.write(() => {
      const known = { stateRoot, historyRoot: blocksRoot, appHash: offered.appHash, summary, header: noHeader }
      tables.heights.put(numberKey(height), encode(heightRecord, known))
      const tip = { height, time: newest.time, stateRoot, history, appHash: offered.appHash, nextEvent }
      tables.meta.put(asciiKey(beginningKey), encode(beginningRecord, { height, event: nextEvent }))
      tables.meta.put(asciiKey(tipKey), encode(tipRecord, tip))
    })
    this.end()
    syncPath(join(this.folder, 'data.mdb'))
    return ok({ type: 'whole', folder: this.folder })
  }

  /** A part at a time, with a pause after each: the process has others to serve. */
  private async makeTree(): Promise<Uint8Array> {
    const table = this.tables.tiles
    const top = new Map<string, Uint8Array>()
    const reader = { tile: (place: string) => top.get(place) ?? table.get(tileKeys.bytes(place)) }
    let root = emptyRoot
    for (const leaves of this.heap.parts()) {
      if (leaves.length === 0) continue
      const grown = addLeaves(reader, root, leaves)
      root = grown.root
      this.environment.write(() => {
        for (const { place, tile } of grown.tiles) {
          if (place.length < topPlaceLength) {
            if (tile) top.set(place, tile)
            else top.delete(place)
          } else if (tile) table.put(tileKeys.bytes(place), tile)
          else table.remove(tileKeys.bytes(place))
        }
      })
      await turn()
      if (this.ended) return root
    }
    this.environment.write(() => {
      for (const [place, tile] of top) table.put(tileKeys.bytes(place), tile)
    })
    return root
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    this.heap.drop()
    this.environment.close()
  }
}

const noHeader = new Uint8Array(0)

const summaryOf = (height: number, { time, transactions, outcomes }: TravellingBlock) => ({
  height,
  time,
  transactionsRoot: transactionsRoot(transactions),
  outcomesRoot: outcomesRoot(outcomes),
})
