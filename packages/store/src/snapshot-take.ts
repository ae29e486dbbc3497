/** Writes a snapshot out of LMDB: one read transaction sees one height, while the ledger goes on. */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '@plexus/codec'
import { storedBlock } from '@plexus/kernel'
import type { Environment, Table } from './environment.ts'
import { historySubtrees } from './history.ts'
import { asciiKey, asciiText, numberKey } from './keys.ts'
import { readRecord, type TipRecord, tipRecord } from './ledger-records.ts'
import { tipKey } from './ledger-tables.ts'
import { hashesFile, hashList } from './snapshot-files.ts'
import {
  blockBytes,
  chunkBytesMax,
  chunksMax,
  entryBytes,
  type SnapshotChunk,
  type SnapshotEntry,
  snapshotChunk,
  stillCounts,
  type TravellingBlock,
} from './snapshot-format.ts'
import { StoreError } from './store-error.ts'

export type Taken =
  | { readonly type: 'taken' }
  /** LMDB stands at another height by now. */
  | { readonly type: 'missed' }

export interface TakeOptions {
  readonly environment: Environment
  readonly height: number
  /** Folder of the snapshots; the new one appears there whole, under its height. */
  readonly directory: string
  /** Called once what is read stays as it is, whatever is written from then on. */
  readonly onLooking?: () => void
}

/** Must run without a pause: that is how long LMDB's reads stay at one height. Throws a StoreError for what is damaged. */
export function takeSnapshot({ environment, height, directory, onLooking }: TakeOptions): Taken {
  // Opened once, before anything is read: each opening is a transaction of its own.
  const meta = environment.table('meta')
  const history = environment.table('history')
  const blocks = environment.table('blocks')
  const state = environment.table('state')
  const tipNow = (): TipRecord | undefined => {
    const record = meta.get(asciiKey(tipKey))
    return record && readRecord(tipRecord, record, 'the tip')
  }
  const tip = tipNow()
  if (tip?.height !== height) return { type: 'missed' }
  onLooking?.()
  const part = join(directory, `${height}.part`)
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true, mode: 0o700 })
  const hashes: Uint8Array[] = []
  const write = (chunk: SnapshotChunk): void => {
    if (hashes.length >= chunksMax) throw new Error(`a snapshot has more than ${chunksMax} chunks`)
    const encoded = encode(snapshotChunk, chunk)
    writeFileSync(join(part, String(hashes.length)), encoded, { mode: 0o600, flush: true })
    hashes.push(new Uint8Array(createHash('sha256').update(encoded).digest()))
  }
  const first = firstThatCounts(blocks, tip)
  const before = historySubtrees({ get: (position) => history.get(numberKey(position)) }, first - 1)
  const { stateRoot, nextEvent } = tip
  write({ type: 'head', height, stateRoot, history: tip.history, nextEvent, first, before })
  const inChunks = function* <Item>(items: Iterable<Item>, sizeOf: (item: Item) => number): Iterable<readonly Item[]> {
    let gathered: Item[] = []
    let size = 0
    for (const item of items) {
      const more = sizeOf(item)
      if (gathered.length > 0 && size + more > chunkBytesMax) {
        yield gathered
        gathered = []
        size = 0
      }
      gathered.push(item)
      size += more
    }
    if (gathered.length > 0) yield gathered
  }
  for (const some of inChunks(blocksFrom(blocks, first, height), blockBytes)) write({ type: 'blocks', blocks: some })
  for (const entries of inChunks(entriesOf(state), entryBytes)) write({ type: 'entries', entries })
  if (tipNow()?.height !== height) return { type: 'missed' }
  writeFileSync(join(part, hashesFile), encode(hashList, hashes), { mode: 0o600, flush: true })
  const whole = join(directory, String(height))
  rmSync(whole, { recursive: true, force: true })
  renameSync(part, whole)
  return { type: 'taken' }
}

function blockAt(blocks: Table, height: number) {
  const record = blocks.get(numberKey(height))
  if (!record) throw new StoreError('damaged', `block ${height} is missing`)
  return readRecord(storedBlock, record, `block ${height}`)
}

/** The newest block of which nothing counts any more, so that whoever gets it sees that none is missing; or the first. */
function firstThatCounts(blocks: Table, { height, time }: TipRecord): number {
  let first = height
  while (first > 1 && stillCounts(blockAt(blocks, first).time, time)) first -= 1
  return first
}

function* blocksFrom(blocks: Table, first: number, height: number): Iterable<TravellingBlock> {
  for (let at = first; at <= height; at++) {
    const { time, transactions, outcomes } = blockAt(blocks, at)
    yield { time, transactions, outcomes }
  }
}

function* entriesOf(state: Table): Iterable<SnapshotEntry> {
  for (const [key, value] of state.range({})) yield { key: asciiText(key), value }
}
