/**
 * The ledger of one replica. A block is durable when the journal has it; its tables wait in memory and go to LMDB many
 * blocks at a time, in one durable transaction. A crash leaves whole blocks: what LMDB lacks, the journal has.
 */

import { encode, equalBytes } from '@plexus/codec'
import {
  type AppliedBlock,
  appHash,
  emptyRoot,
  proveState,
  storedBlock,
  type Tip,
  updateTree,
  verifyStateProof,
} from '@plexus/kernel'
import { envelopesIn } from './envelopes-in.ts'
import { type Environment, openEnvironment } from './environment.ts'
import { type FlushOptions, flushing, threadBytesMinDefault } from './flush.ts'
import { historyGrowth, historyPath, historyRoot, rootOfSubtrees } from './history.ts'
import { asciiKey, asciiText, behindPrefix, isAsciiKey } from './keys.ts'
import { eventsPerReadMax, type LedgerStore, type ProvenState, type StoredBlock } from './ledger-reads.ts'
import { blockEvents, heightRecord, journaledBlock, readRecord, type TipRecord } from './ledger-records.ts'
import { type EncodedBlock, LedgerTables } from './ledger-tables.ts'
import { StoreError } from './store-error.ts'
import { blockFiles, openWriteAhead, type WriteAhead } from './write-ahead.ts'

/**
 * How many of the newest states can be proven. A bundle is built within seconds of its block, and the fastest cadence
 * is some ten blocks a second: this leaves minutes there, and more than an hour on a quiet network.
 */
export const proofHeightsDefault = 1_000

/** On a busy ledger fewer, a few seconds at full load: what past states need is held in memory. */
const proofBytesMax = 8 * 1024 * 1024
const proofHeightsMin = 16

/**
 * What waits for LMDB: the larger, the fewer pages and tiles are written again and again; the smaller, the shorter the
 * stop to write them, and the less memory they take (several times as much as in the journal).
 */
const journalBytesMaxDefault = 32 * 1024 * 1024
/** On a quiet network blocks are small: this bounds how many are applied again after a crash. */
const journaledBlocksMax = 512

export interface LedgerStoreOptions {
  /** Hash of the genesis document. A store that belongs to another chain is refused. */
  readonly chain: Uint8Array
  readonly proofHeights?: number
  /** How much waits in the journal before it goes to LMDB. */
  readonly journalBytesMax?: number
  /** Less than so much in the journal goes to LMDB at once, more in a thread beside the blocks. */
  readonly threadBytesMin?: number
  /** False only for scratch replays. */
  readonly durable?: boolean
}

/** Opens or founds the ledger in `directory`. Throws a StoreError when what stands there is not this chain's, or damaged. */
export function openLedgerStore(directory: string, options: LedgerStoreOptions): LedgerStore {
  const {
    chain,
    proofHeights = proofHeightsDefault,
    journalBytesMax = journalBytesMaxDefault,
    threadBytesMin = threadBytesMinDefault,
    durable = true,
  } = options
  if (!Number.isSafeInteger(proofHeights) || proofHeights < 1) throw new Error('proofHeights is a count from 1')
  const environment = openEnvironment({ directory, kind: 'ledger', chain, durable })
  let ahead: WriteAhead | undefined
  try {
    ahead = durable ? openWriteAhead(directory, chain, blockFiles) : undefined
    return ledgerOn({
      ...{ directory, kind: 'ledger', chain, environment, ahead, proofHeights },
      ...{ aheadBytesMax: journalBytesMax, waitingMax: journaledBlocksMax, threadBytesMin },
    })
  } catch (error) {
    ahead?.close()
    environment.close()
    throw error
  }
}

interface Parts extends Omit<FlushOptions, 'tables'> {
  readonly environment: Environment
  readonly proofHeights: number
}

function ledgerOn({ environment, proofHeights, ...parts }: Parts): LedgerStore {
  const { ahead } = parts
  const tables = new LedgerTables(environment, {
    heightsMax: proofHeights,
    heightsMin: Math.min(proofHeights, proofHeightsMin),
    bytesMax: proofBytesMax,
  })
  const flush = flushing({ ...parts, tables: tables.group })
  if (tables.tip) checkTip(tables.tip)
  /** A block is durable, but what follows from it did not come about: nothing may be read any more. */
  let broken: unknown
  let closed = false
  if (ahead) recover(ahead)

  function recover(from: WriteAhead): void {
    for (const { number: height, payload } of from.recover(tables.tip?.height ?? -1)) {
      const kept = readRecord(journaledBlock, payload, `block ${height} in the journal`)
      const { header, transactions, outcomes } = readRecord(storedBlock, kept.block, `block ${height} in the journal`)
      const tree = updateTree({ tile }, tables.tip?.stateRoot ?? emptyRoot, kept.changes)
      const fits = kept.tip.height === height && equalBytes(tree.root, kept.tip.stateRoot)
      if (!fits) throw new StoreError('damaged', `block ${height} in the journal does not fit the state before it`)
      const envelopes = envelopesIn(transactions, outcomes)
      tables.take({ ...kept, ...tree, outcomes, envelopes, header })
    }
  }

  function checkTip({ height, stateRoot, history: roots, appHash: expected }: TipRecord): void {
    const known = readHeight(height)
    const root = rootOfSubtrees(roots)
    const consistent =
      known &&
      equalBytes(known.appHash, expected) &&
      equalBytes(appHash({ stateRoot, historyRoot: root }), expected) &&
      equalBytes(historyRoot(tables.history, height), root) &&
      tables.blocks.get(height) &&
      (equalBytes(stateRoot, emptyRoot) || tile(''))
    if (!consistent) throw new StoreError('damaged', `the tip at height ${height} does not fit what is stored`)
  }

  function commit(applied: AppliedBlock, header: Uint8Array): void {
    if (broken) throw new StoreError('damaged', 'an earlier block was not taken whole', { cause: broken })
    const { events, transactions, misbehaviour, ...rest } = applied
    const { tip, outcomes } = rest
    const { height } = tip
    const expected = tables.tip ? tables.tip.height + 1 : 0
    if (height !== expected) throw new Error(`block ${height} cannot be stored where ${expected} follows`)
    const historyRoot = rootOfSubtrees(tip.history)
    if (!equalBytes(appHash({ stateRoot: tip.stateRoot, historyRoot }), tip.appHash))
      throw new Error(`the app hash of block ${height} is not that of its roots`)
    flush.makeRoom()
    const encoded: EncodedBlock = {
      ...rest,
      header,
      block: encode(storedBlock, {
        kind: 'block',
        height,
        time: tip.time,
        header,
        transactions,
        outcomes,
        misbehaviour,
      }),
      events: encode(blockEvents, { height, events: events.map(({ contract, event }) => ({ contract, event })) }),
    }
    ahead?.append({ number: height, payload: encode(journaledBlock, encoded) })
    ahead?.sync()
    // Durable from here on; readers see the new tip only after its tables.
    try {
      tables.take(encoded)
    } catch (error) {
      broken = error
      throw error
    }
    flush.took(encoded.block.length + encoded.events.length)
  }

  function readHeight(height: number) {
    const record = isHeight(height) ? tables.heights.get(height) : undefined
    return record && readRecord(heightRecord, record, `height ${height}`)
  }

  function block(height: number): StoredBlock | undefined {
    const record = isHeight(height) ? tables.blocks.get(height) : undefined
    return record && readRecord(storedBlock, record, `block ${height}`)
  }

  function tile(place: string): Uint8Array | undefined {
    return tables.tiles.get(place)
  }

  // What cannot be a key was never stored; a rule may still ask for it.
  const get = (key: string): Uint8Array | undefined => (isAsciiKey(key) ? tables.state.get(key) : undefined)

  function proveStateAt(height: number, key: string): ProvenState | undefined {
    const state = tables.tip && tables.past.at(height, { tile, get })
    const known = state && readHeight(height)
    if (!known) return undefined
    const { stateRoot, historyRoot: blocksRoot } = known
    const proof = proveState(state, stateRoot, key)
    const value = state.get(key) ?? null
    if (!verifyStateProof({ root: stateRoot, key, value, proof }))
      throw new StoreError('damaged', `the state at height ${height} does not fit its root`)
    return { height, key, value, proof, stateRoot, historyRoot: blocksRoot }
  }

  return {
    tip: (): Tip | undefined => tables.tip,
    get,
    *entries(prefix) {
      if (prefix !== '' && !isAsciiKey(prefix)) return
      yield* tables.state.range(prefix === '' ? {} : { start: prefix, end: asciiText(behindPrefix(asciiKey(prefix))) })
    },
    tile,
    tiles: () => tables.tiles.range({}),
    beginning: () => tables.beginning,
    commit,
    block,
    header: (height) => readHeight(height)?.header,
    summary: (height) => readHeight(height)?.summary,
    events: (after, limit) => tables.eventsAfter(after, Math.min(limit, eventsPerReadMax)),
    transactionPlace(id, validUntil) {
      const place = tables.places.find(id, validUntil)
      return place && { height: place.height, index: place.index }
    },
    wasAccepted: (id, validUntil) => tables.places.wasAccepted(id, validUntil),
    rootAt(height) {
      const known = readHeight(height)
      return known && { stateRoot: known.stateRoot, historyRoot: known.historyRoot, appHash: known.appHash }
    },
    proveStateAt,
    proveBlock(height, size) {
      const { tip, history } = tables
      if (!tip || !isHeight(size) || size > tip.height || height < 1 || height > size) return undefined
      if (height < tables.beginning.height) return undefined
      const known = readHeight(height)
      if (!known) return undefined
      const index = height - 1
      return {
        summary: known.summary,
        index,
        size,
        path: historyPath(history, index, size),
        root: historyRoot(history, size),
      }
    },
    proveGrowth(before, after) {
      const { tip, history } = tables
      if (!tip || !isHeight(before) || !isHeight(after) || before < 1 || before > after || after > tip.height)
        return undefined
      if (before < tables.beginning.height) return undefined
      return historyGrowth(history, before, after)
    },
    bringToLmdb: flush.bring,
    close() {
      if (closed) return
      closed = true
      // What LMDB lacks, the journal has: opened again, the store stands where it stood, with the past that it can tell.
      try {
        if (!ahead && !broken) tables.group.flush()
        flush.close()
      } finally {
        ahead?.close()
        environment.close()
      }
    },
  }
}

function isHeight(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
