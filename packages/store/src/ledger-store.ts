/**
 * The ledger of one replica. A block is durable when the journal has it; its tables wait in memory and go to LMDB many
 * blocks at a time, in one durable transaction. A crash leaves whole blocks: what LMDB lacks, the journal has.
 */

import { join } from 'node:path'
import { encode, equalBytes } from '@plexus/codec'
import {
  type AppliedBlock,
  appHash,
  type EnvelopeAt,
  emptyRoot,
  type Outcome,
  proveState,
  readEnvelope,
  storedBlock,
  type Tip,
  updateTree,
  verifyStateProof,
} from '@plexus/kernel'
import { type BlockJournal, openBlockJournal } from './block-journal.ts'
import { type Environment, openEnvironment } from './environment.ts'
import { historyGrowth, historyPath, historyRoot, rootOfSubtrees } from './history.ts'
import { asciiKey, asciiText, behindPrefix, isAsciiKey } from './keys.ts'
import { eventsPerReadMax, type LedgerStore, type ProvenState, type StoredBlock } from './ledger-reads.ts'
import { blockEvents, heightRecord, journaledBlock, readRecord, type TipRecord } from './ledger-records.ts'
import { type EncodedBlock, LedgerTables } from './ledger-tables.ts'
import { StoreError } from './store-error.ts'

/**
 * How many of the newest states can be proven. A bundle is built within seconds of its block, and the fastest cadence
 * is some ten blocks a second: this leaves minutes there, and more than an hour on a quiet network.
 */
export const proofHeightsDefault = 1_000

/** On a busy ledger fewer, some seconds at full load: the tiles that only past states use would outgrow the state. */
const proofTilesMax = 250_000
const proofHeightsMin = 16

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

const nothing = new Uint8Array(0)

interface Parts {
  readonly environment: Environment
  /** None where nothing need survive. */
  readonly journal: BlockJournal | undefined
  readonly proofHeights: number
  readonly journalBytesMax: number
}

function ledgerOn({ environment, journal, proofHeights, journalBytesMax }: Parts): LedgerStore {
  const tables = new LedgerTables(environment, {
    heightsMax: proofHeights,
    heightsMin: Math.min(proofHeights, proofHeightsMin),
    tilesMax: proofTilesMax,
  })
  if (tables.tip) checkTip(tables.tip)
  /** Bytes that wait for LMDB where no journal counts them. */
  let waitingBytes = 0
  /** A block is durable, but what follows from it did not come about: nothing may be read any more. */
  let broken: unknown
  let closed = false
  if (journal) recover(journal)

  function recover(from: BlockJournal): void {
    for (const { height, payload } of from.recover(tables.tip?.height ?? -1)) {
      const kept = readRecord(journaledBlock, payload, `block ${height} in the journal`)
      const { header, transactions, outcomes } = readRecord(storedBlock, kept.block, `block ${height} in the journal`)
      const root = tables.tip?.stateRoot ?? emptyRoot
      const tree = updateTree({ node }, root, kept.changes, tables.tip?.nextNodeId ?? 1)
      const fits = kept.tip.height === height && equalBytes(tree.root.hash, kept.tip.stateRoot.hash)
      if (!fits) throw new StoreError('damaged', `block ${height} in the journal does not fit the state before it`)
      const envelopes = envelopesIn(transactions, outcomes)
      tables.take({ ...kept, outcomes, envelopes, header, nodes: tree.nodes, replaced: tree.replaced })
    }
  }

  /** All that waits goes to LMDB; then the journal begins anew. */
  function flush(): void {
    if (tables.waiting === 0) return
    tables.flush()
    journal?.restart()
    waitingBytes = 0
  }

  function checkTip({ height, stateRoot, history: roots, appHash: expected }: TipRecord): void {
    const known = readHeight(height)
    const root = rootOfSubtrees(roots)
    const consistent =
      known &&
      equalBytes(known.appHash, expected) &&
      equalBytes(appHash({ stateRoot: stateRoot.hash, historyRoot: root }), expected) &&
      equalBytes(historyRoot(tables.history, height), root) &&
      tables.blocks.get(height) &&
      (stateRoot.id === 0 || node(stateRoot.id))
    if (!consistent) throw new StoreError('damaged', `the tip at height ${height} does not fit what is stored`)
  }

  function commit(applied: AppliedBlock, header: Uint8Array): void {
    if (broken) throw new StoreError('damaged', 'an earlier block was not taken whole', { cause: broken })
    const { events, transactions, ...rest } = applied
    const { tip, outcomes } = rest
    const { height } = tip
    const expected = tables.tip ? tables.tip.height + 1 : 0
    if (height !== expected) throw new Error(`block ${height} cannot be stored where ${expected} follows`)
    const historyRoot = rootOfSubtrees(tip.history)
    if (!equalBytes(appHash({ stateRoot: tip.stateRoot.hash, historyRoot }), tip.appHash))
      throw new Error(`the app hash of block ${height} is not that of its roots`)
    if ((journal?.usedBytes ?? waitingBytes) >= journalBytesMax || tables.waiting >= journaledBlocksMax) flush()
    const encoded: EncodedBlock = {
      ...rest,
      header,
      block: encode(storedBlock, { kind: 'block', height, time: tip.time, header, transactions, outcomes }),
      events: encode(blockEvents, { height, events: events.map(({ contract, event }) => ({ contract, event })) }),
    }
    if (journal) journal.append({ height, payload: encode(journaledBlock, encoded) })
    waitingBytes += encoded.block.length + encoded.events.length
    // Durable from here on; readers see the new tip only after its tables.
    try {
      tables.take(encoded)
    } catch (error) {
      broken = error
      throw error
    }
  }

  function readHeight(height: number) {
    const record = isHeight(height) ? tables.heights.get(height) : undefined
    return record && readRecord(heightRecord, record, `height ${height}`)
  }

  function block(height: number): StoredBlock | undefined {
    const record = isHeight(height) ? tables.blocks.get(height) : undefined
    return record && readRecord(storedBlock, record, `block ${height}`)
  }

  function node(id: number): Uint8Array | undefined {
    return tables.nodes.get(id)
  }

  /** What the key may have held after the block of `height`, the likelier first. */
  function valuesAt(height: number, key: string): readonly Uint8Array[] {
    if (!isAsciiKey(key)) return []
    for (const value of tables.formerValues(key, height)) return [value, nothing]
    const current = tables.state.get(key)
    return current ? [current, nothing] : [nothing]
  }

  function proveStateAt(height: number, key: string): ProvenState | undefined {
    const { tip } = tables
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

  return {
    tip: (): Tip | undefined => tables.tip,
    // What cannot be a key was never stored; a rule may still ask for it.
    get: (key) => (isAsciiKey(key) ? tables.state.get(key) : undefined),
    *entries(prefix) {
      if (prefix !== '' && !isAsciiKey(prefix)) return
      yield* tables.state.range(prefix === '' ? {} : { start: prefix, end: asciiText(behindPrefix(asciiKey(prefix))) })
    },
    node,
    commit,
    block,
    header: (height) => readHeight(height)?.header,
    summary: (height) => readHeight(height)?.summary,
    events: (after, limit) => tables.eventsAfter(after, Math.min(limit, eventsPerReadMax)),
    transactionPlace(id, validUntil) {
      const place = tables.placeOf(id, validUntil)
      return place && { height: place.height, index: place.index }
    },
    wasAccepted: (id, validUntil) => tables.placeOf(id, validUntil)?.accepted ?? false,
    rootAt(height) {
      const known = readHeight(height)
      return known && { stateRoot: known.stateRoot, historyRoot: known.historyRoot, appHash: known.appHash }
    },
    proveStateAt,
    proveBlock(height, size) {
      const { tip, history } = tables
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
      const { tip, history } = tables
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

/** What the machine said of the envelopes of a block: it accepts one of several that are the same, the first it can. */
function envelopesIn(transactions: readonly Uint8Array[], outcomes: readonly Outcome[]): readonly EnvelopeAt[] {
  const found: EnvelopeAt[] = []
  for (const [index, bytes] of transactions.entries()) {
    const read = readEnvelope(bytes)
    if (!read.ok) continue
    const { id, body } = read.value
    found.push({ id, validUntil: body.validUntil, index, accepted: outcomes[index]?.code === 0 })
  }
  return found
}

function isHeight(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
