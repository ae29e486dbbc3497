/**
 * The ledger of one replica. A block is durable when the journal has it; its tables wait in memory and go to LMDB many
 * blocks at a time, in one durable transaction. A crash leaves whole blocks: what LMDB lacks, the journal has.
 */

import { join } from 'node:path'
import { encode, equalBytes } from '@plexus/codec'
import {
  type AppliedBlock,
  appHash,
  blockSummary,
  eventRecord,
  proveState,
  storedBlock,
  type Tip,
  updateTree,
  verifyStateProof,
} from '@plexus/kernel'
import { type BlockJournal, openBlockJournal } from './block-journal.ts'
import { BufferedTable } from './buffered-table.ts'
import { type Environment, openEnvironment, type Table } from './environment.ts'
import { appendHistory, historyGrowth, historyPath, historyRoot, rootOfSubtrees } from './history.ts'
import { asciiKey, asciiText, behindPrefix, envelopeKey, isAsciiKey, keyNumber, numberKey } from './keys.ts'
import { eventsPerReadMax, type LedgerStore, type ProvenState, type StoredBlock } from './ledger-reads.ts'
import {
  heightRecord,
  journaledBlock,
  placeRecord,
  readRecord,
  replacedRecord,
  type TipRecord,
  tipRecord,
} from './ledger-records.ts'
import { StoreError } from './store-error.ts'

/**
 * How many of the newest states can be proven. A bundle is built within seconds of its block, and the fastest cadence
 * is some ten blocks a second: this leaves minutes there, and more than an hour on a quiet network.
 */
export const proofHeightsDefault = 1_000

/** Pruning follows one height per block; after the window was narrowed it catches up at this rate. */
const prunedPerBlockMax = 4

/**
 * What waits for LMDB: the larger, the fewer pages are written again and again; the smaller, the shorter a stop to write
 * them, and the less memory they take (several times as much as in the journal).
 */
const journalBytesMaxDefault = 4 * 1024 * 1024
/** On a quiet network blocks are small: this bounds how many are read again after a crash. */
const journaledBlocksMax = 512

export interface LedgerStoreOptions {
  /** Hash of the genesis document. A store that belongs to another chain is refused. */
  readonly chain: Uint8Array
  readonly proofHeights?: number
  /** How much waits in the journal before it goes to LMDB. */
  readonly journalBytesMax?: number
  /** False only for scratch replays. */
  readonly durable?: boolean
}

/** Opens or founds the ledger in `directory`. Throws a StoreError when what stands there is not this chain's, or damaged. */
export function openLedgerStore(directory: string, options: LedgerStoreOptions): LedgerStore {
  const {
    chain,
    proofHeights = proofHeightsDefault,
    journalBytesMax = journalBytesMaxDefault,
    durable = true,
  } = options
  if (!Number.isSafeInteger(proofHeights) || proofHeights < 1) throw new Error('proofHeights is a count from 1')
  const environment = openEnvironment({ directory, kind: 'ledger', chain, durable })
  let journal: BlockJournal | undefined
  try {
    journal = durable ? openBlockJournal(join(directory, journalFile), chain) : undefined
    return ledgerOn({ environment, journal, proofHeights, journalBytesMax })
  } catch (error) {
    journal?.close()
    environment.close()
    throw error
  }
}

const journalFile = 'blocks.journal'

const tipKey = asciiKey('tip')

const nothing = new Uint8Array(0)

interface Parts {
  readonly environment: Environment
  /** None where nothing need survive. */
  readonly journal: BlockJournal | undefined
  readonly proofHeights: number
  readonly journalBytesMax: number
}

function ledgerOn({ environment, journal, proofHeights, journalBytesMax }: Parts): LedgerStore {
  const tables: BufferedTable[] = []
  const table = (name: string): BufferedTable => {
    const made = new BufferedTable(environment.table(name))
    tables.push(made)
    return made
  }
  const meta = table('meta')
  const state = table('state')
  const nodes = table('nodes')
  const blocks = table('blocks')
  const heights = table('heights')
  const events = table('events')
  /** By the end of the envelope and its id: what comes at one time lies together. */
  const places = table('places')
  const history = table('history')
  /** Height → what its block replaced. */
  const replaced = table('replaced')
  /** Key and height → the value before that block. */
  const former = table('former')

  let tip = readTip(meta)
  if (tip) checkTip(tip)
  /** Blocks whose tables wait in memory, and the bytes of those that no journal counts. */
  let waitingBlocks = 0
  let waitingBytes = 0
  /** A block is durable, but what follows from it did not come about: nothing may be read any more. */
  let broken: unknown
  function recover(from: BlockJournal): void {
    for (const { height, payload } of from.recover(tip?.height ?? -1)) {
      const { header, ...block } = readRecord(journaledBlock, payload, `block ${height} in the journal`)
      const root = tip?.stateRoot ?? { id: 0, hash: new Uint8Array(32) }
      const tree = updateTree({ node }, root, block.changes, tip?.nextNodeId ?? 1)
      const fits = block.tip.height === height && equalBytes(tree.root.hash, block.tip.stateRoot.hash)
      if (!fits) throw new StoreError('damaged', `block ${height} in the journal does not fit the state before it`)
      take({ ...block, nodes: tree.nodes, replaced: tree.replaced }, header)
    }
  }

  /** All that waits goes to LMDB; then the journal begins anew. */
  function flush(): void {
    if (waitingBlocks === 0) return
    environment.write(() => {
      for (const each of tables) each.flush()
    })
    for (const each of tables) each.forget()
    journal?.restart()
    waitingBlocks = 0
    waitingBytes = 0
  }

  function checkTip({ height, stateRoot, history: roots, appHash: expected }: TipRecord): void {
    const known = readHeight(height)
    const root = rootOfSubtrees(roots)
    const consistent =
      known &&
      equalBytes(known.appHash, expected) &&
      equalBytes(appHash({ stateRoot: stateRoot.hash, historyRoot: root }), expected) &&
      equalBytes(historyRoot(history, height), root) &&
      blocks.get(numberKey(height)) &&
      (stateRoot.id === 0 || nodes.get(numberKey(stateRoot.id)))
    if (!consistent) throw new StoreError('damaged', `the tip at height ${height} does not fit what is stored`)
  }

  function readHeight(height: number) {
    const record = isHeight(height) ? heights.get(numberKey(height)) : undefined
    return record && readRecord(heightRecord, record, `height ${height}`)
  }

  function commit(applied: AppliedBlock, header: Uint8Array): void {
    if (broken) throw new StoreError('damaged', 'an earlier block was not taken whole', { cause: broken })
    const { tip: next } = applied
    const expected = tip ? tip.height + 1 : 0
    if (next.height !== expected) throw new Error(`block ${next.height} cannot be stored where ${expected} follows`)
    const { height } = next
    const root = rootOfSubtrees(next.history)
    if (!equalBytes(appHash({ stateRoot: next.stateRoot.hash, historyRoot: root }), next.appHash))
      throw new Error(`the app hash of block ${height} is not that of its roots`)
    if ((journal?.usedBytes ?? waitingBytes) >= journalBytesMax || waitingBlocks >= journaledBlocksMax) flush()
    if (journal) {
      const { nodes: _nodes, replaced: _replaced, ...kept } = applied
      journal.append({ height, payload: encode(journaledBlock, { ...kept, header }) })
    } else waitingBytes += bytesIn(applied)
    // Durable from here on; readers see the new tip only after its tables.
    try {
      take(applied, header)
    } catch (error) {
      broken = error
      throw error
    }
  }

  function take(applied: AppliedBlock, header: Uint8Array): void {
    const { tip: next, summary, transactions, outcomes } = applied
    const { height } = next
    const at = numberKey(height)
    const keys = writeState(applied)
    for (const [id, tile] of applied.nodes) nodes.put(numberKey(id), tile)
    replaced.put(at, encode(replacedRecord, { nodes: applied.replaced, keys }))
    if (height > 0) appendHistory(history, height - 1, encode(blockSummary, summary))
    blocks.put(at, encode(storedBlock, { kind: 'block', height, time: next.time, header, transactions, outcomes }))
    const historyRoot = rootOfSubtrees(next.history)
    heights.put(
      at,
      encode(heightRecord, { stateRoot: next.stateRoot, historyRoot, appHash: next.appHash, summary, header }),
    )
    for (const event of applied.events) events.put(numberKey(event.sequence), encode(eventRecord, event))
    writePlaces(applied)
    const record = { ...next, provableFrom: prune(height, tip?.provableFrom ?? 0) }
    meta.put(tipKey, encode(tipRecord, record))
    waitingBlocks += 1
    tip = record
  }

  /** The keys whose former value was kept: an empty one needs no keeping, since a proof tells it from any other. */
  function writeState({ tip: { height }, changes }: AppliedBlock): readonly string[] {
    const kept: string[] = []
    for (const { key, value } of changes) {
      const at = asciiKey(key)
      const before = state.get(at)
      if (before && before.length > 0) {
        former.put(formerKey(at, height), before)
        kept.push(key)
      }
      if (value) state.put(at, value)
      else if (before) state.remove(at)
    }
    return kept
  }

  function writePlaces({ tip: { height }, envelopes }: AppliedBlock): void {
    for (const { id, validUntil, index, accepted } of envelopes) {
      // The same envelope may come again and be refused: its acceptance stays what is found.
      if (!accepted && recordedPlace(id, validUntil)?.accepted) continue
      places.put(envelopeKey(id, validUntil), encode(placeRecord, { height, index, accepted }))
    }
  }

  /** What a block replaced serves states below its height alone: it goes when the last of them left the window. */
  function prune(height: number, provableFrom: number): number {
    const wanted = Math.max(provableFrom, height - proofHeights + 1)
    const until = Math.min(wanted, provableFrom + prunedPerBlockMax)
    for (let gone = provableFrom + 1; gone <= until; gone++) {
      const at = numberKey(gone)
      const record = replaced.get(at)
      if (!record) throw new StoreError('damaged', `what block ${gone} replaced is not there`)
      const old = readRecord(replacedRecord, record, `what block ${gone} replaced`)
      for (const id of old.nodes) nodes.remove(numberKey(id))
      for (const key of old.keys) former.remove(formerKey(asciiKey(key), gone))
      replaced.remove(at)
    }
    return until
  }

  function recordedPlace(id: Uint8Array, validUntil: number) {
    const record = id.length === 32 ? places.get(envelopeKey(id, validUntil)) : undefined
    return record && readRecord(placeRecord, record, 'the place of a transaction')
  }

  function block(height: number): StoredBlock | undefined {
    const record = isHeight(height) ? blocks.get(numberKey(height)) : undefined
    return record && readRecord(storedBlock, record, `block ${height}`)
  }

  const node = (id: number): Uint8Array | undefined => nodes.get(numberKey(id))

  /** What the key may have held after the block of `height`, the likelier first. */
  function valuesAt(height: number, key: string): readonly Uint8Array[] {
    if (!isAsciiKey(key)) return []
    const at = asciiKey(key)
    const end = formerKey(at, Number.MAX_SAFE_INTEGER)
    for (const [, value] of former.range({ start: formerKey(at, height + 1), end, limit: 1 })) return [value, nothing]
    const current = state.get(at)
    return current ? [current, nothing] : [nothing]
  }

  function proveStateAt(height: number, key: string): ProvenState | undefined {
    if (!tip || height < tip.provableFrom || height <= tip.height - proofHeights) return undefined
    const known = readHeight(height)
    if (!known) return undefined
    const { stateRoot, historyRoot: blocksRoot } = known
    const proof = proveState({ node }, stateRoot, key)
    const candidates = proof.end.type === 'present' ? valuesAt(height, key) : [null]
    const value = candidates.find((each) => verifyStateProof({ root: stateRoot.hash, key, value: each, proof }))
    if (value === undefined) throw new StoreError('damaged', `the state at height ${height} does not fit its root`)
    return { height, key, value, proof, stateRoot: stateRoot.hash, historyRoot: blocksRoot }
  }

  if (journal) recover(journal)
  let closed = false
  return {
    tip: (): Tip | undefined => tip,
    // What cannot be a key was never stored; a rule may still ask for it.
    get: (key) => (isAsciiKey(key) ? state.get(asciiKey(key)) : undefined),
    *entries(prefix) {
      if (prefix !== '' && !isAsciiKey(prefix)) return
      const start = prefix === '' ? undefined : asciiKey(prefix)
      const bounds = start ? { start, end: behindPrefix(start) } : {}
      for (const [key, value] of state.range(bounds)) yield [asciiText(key), value]
    },
    node,
    commit,
    block,
    header: (height) => readHeight(height)?.header,
    summary: (height) => readHeight(height)?.summary,
    events(after, limit) {
      const most = Math.min(limit, eventsPerReadMax)
      if (most < 1) return []
      return Array.from(events.range({ start: numberKey(after + 1), limit: most }), ([key, value]) =>
        readRecord(eventRecord, value, `event ${keyNumber(key)}`),
      )
    },
    transactionPlace(id, validUntil) {
      const found = recordedPlace(id, validUntil)
      return found && { height: found.height, index: found.index }
    },
    wasAccepted: (id, validUntil) => recordedPlace(id, validUntil)?.accepted ?? false,
    rootAt(height) {
      const known = readHeight(height)
      return known && { stateRoot: known.stateRoot, historyRoot: known.historyRoot, appHash: known.appHash }
    },
    proveStateAt,
    proveBlock(height, size) {
      if (!tip || !isHeight(size) || size > tip.height || height < 1 || height > size) return undefined
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
      if (!tip || !isHeight(before) || !isHeight(after) || before < 1 || before > after || after > tip.height)
        return undefined
      return historyGrowth(history, before, after)
    },
    close() {
      if (closed) return
      closed = true
      // What cannot be written now, the journal still has.
      try {
        if (!broken) flush()
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
      } finally {
        journal?.close()
        environment.close()
      }
    },
  }
}

function readTip(meta: Table): TipRecord | undefined {
  const record = meta.get(tipKey)
  return record && readRecord(tipRecord, record, 'the tip')
}

/** Ordered by key and then by height; no key holds the zero byte that parts them. */
function formerKey(key: Uint8Array, height: number): Uint8Array {
  const at = new Uint8Array(key.length + 9)
  at.set(key)
  at.set(numberKey(height), key.length + 1)
  return at
}

/** What a block without a journal takes, roughly: it only says when to write. */
function bytesIn({ transactions, changes }: AppliedBlock): number {
  let bytes = 0
  for (const { length } of transactions) bytes += length
  for (const { key, value } of changes) bytes += key.length + (value?.length ?? 0)
  return bytes
}

function isHeight(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
