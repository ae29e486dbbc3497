/** The ledger of one replica on LMDB: one durable transaction per block, so that a crash leaves whole blocks. */
import { encode, equalBytes, type Infer } from '@plexus/codec'
import {
  type AppliedBlock,
  appHash,
  type BlockSummary,
  blockSummary,
  type EventRecord,
  eventRecord,
  type LedgerReader,
  proveState,
  readEnvelope,
  type StateProof,
  storedBlock,
  type Tip,
  type TreeRoot,
  verifyStateProof,
} from '@plexus/kernel'
import { type Environment, openEnvironment, type Table } from './environment.ts'
import { appendHistory, historyGrowth, historyPath, historyRoot, rootOfSubtrees } from './history.ts'
import { asciiKey, asciiText, behindPrefix, isAsciiKey, keyNumber, numberKey } from './keys.ts'
import { heightRecord, placeRecord, readRecord, replacedRecord, type TipRecord, tipRecord } from './ledger-records.ts'
import { StoreError } from './store-error.ts'

/**
 * How many of the newest states can be proven. A bundle is built within seconds of its block, and the fastest cadence
 * is some ten blocks a second: this leaves minutes there, and more than an hour on a quiet network.
 */
export const proofHeightsDefault = 1_000

/** Pruning follows one height per block; after the window was narrowed it catches up at this rate. */
const prunedPerBlockMax = 4

/** One answer of the feed; a reader goes on from its last sequence. */
export const eventsPerReadMax = 10_000

export type StoredBlock = Infer<typeof storedBlock>

/** Where a transaction stands: at `index`, from 0, in the block of that height. */
export interface TransactionPlace {
  readonly height: number
  readonly index: number
}

export interface RootsAt {
  readonly stateRoot: TreeRoot
  readonly historyRoot: Uint8Array
  readonly appHash: Uint8Array
}

/** What the state after the block of `height` says of one key: `value` is null when it is absent. */
export interface ProvenState {
  readonly height: number
  readonly key: string
  readonly value: Uint8Array | null
  readonly proof: StateProof
  readonly stateRoot: Uint8Array
  readonly historyRoot: Uint8Array
}

/** That a block stands at `index` in the RFC 6962 tree over the first `size` blocks. The leaf is the encoded summary. */
export interface ProvenBlock {
  readonly summary: BlockSummary
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
  readonly root: Uint8Array
}

/** Heights count from 0, which is genesis and has an empty header; history begins with the block of height 1. */
export interface LedgerStore extends LedgerReader {
  /** Durable on return. Throws a StoreError `write-failed` when the disk refuses: then nothing of the block remains. */
  commit(applied: AppliedBlock, header: Uint8Array): void
  block(height: number): StoredBlock | undefined
  header(height: number): Uint8Array | undefined
  summary(height: number): BlockSummary | undefined
  /** Events with a sequence above `after`, in order; at most `limit`, and never more than `eventsPerReadMax`. */
  events(after: number, limit: number): readonly EventRecord[]
  /** Where an envelope was accepted; as long as it was not, where it was refused last. */
  transactionPlace(id: Uint8Array): TransactionPlace | undefined
  rootAt(height: number): RootsAt | undefined
  /** Undefined for a height that is not there, or whose tree was pruned. */
  proveStateAt(height: number, key: string): ProvenState | undefined
  /** Undefined when there is no such block or no tree of that size yet. */
  proveBlock(height: number, size: number): ProvenBlock | undefined
  /** RFC 6962 §2.1.2 consistency of two sizes of the history; undefined when there are no such trees. */
  proveGrowth(before: number, after: number): readonly Uint8Array[] | undefined
  close(): void
}

export interface LedgerStoreOptions {
  /** Hash of the genesis document. A store that belongs to another chain is refused. */
  readonly chain: Uint8Array
  readonly proofHeights?: number
  /** False only for scratch replays. */
  readonly durable?: boolean
}

/** Opens or founds the ledger in `directory`. Throws a StoreError when what stands there is not this chain's, or damaged. */
export function openLedgerStore(directory: string, options: LedgerStoreOptions): LedgerStore {
  const { chain, proofHeights = proofHeightsDefault, durable = true } = options
  if (!Number.isSafeInteger(proofHeights) || proofHeights < 1) throw new Error('proofHeights is a count from 1')
  const environment = openEnvironment({ directory, kind: 'ledger', chain, durable })
  try {
    return ledgerOn(environment, proofHeights)
  } catch (error) {
    environment.close()
    throw error
  }
}

const tipKey = asciiKey('tip')

const nothing = new Uint8Array(0)

function ledgerOn(environment: Environment, proofHeights: number): LedgerStore {
  const meta = environment.table('meta')
  const state = environment.table('state')
  const nodes = environment.table('nodes')
  const blocks = environment.table('blocks')
  const heights = environment.table('heights')
  const events = environment.table('events')
  const places = environment.table('places')
  const history = environment.table('history')
  /** Height → what its block replaced. */
  const replaced = environment.table('replaced')
  /** Key and height → the value before that block. */
  const former = environment.table('former')

  let tip = readTip(meta)
  if (tip) checkTip(tip)

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
    const { tip: next, summary, transactions, outcomes } = applied
    const expected = tip ? tip.height + 1 : 0
    if (next.height !== expected) throw new Error(`block ${next.height} cannot be stored where ${expected} follows`)
    const { height } = next
    const at = numberKey(height)
    const root = rootOfSubtrees(next.history)
    if (!equalBytes(appHash({ stateRoot: next.stateRoot.hash, historyRoot: root }), next.appHash))
      throw new Error(`the app hash of block ${height} is not that of its roots`)
    let record: TipRecord | undefined
    environment.write(() => {
      const keys = writeState(applied)
      for (const [id, node] of applied.nodes) nodes.put(numberKey(id), node)
      replaced.put(at, encode(replacedRecord, { nodes: applied.replaced, keys }))
      if (height > 0) appendHistory(history, height - 1, encode(blockSummary, summary))
      blocks.put(at, encode(storedBlock, { kind: 'block', height, time: next.time, header, transactions, outcomes }))
      heights.put(
        at,
        encode(heightRecord, { stateRoot: next.stateRoot, historyRoot: root, appHash: next.appHash, summary }),
      )
      for (const event of applied.events) events.put(numberKey(event.sequence), encode(eventRecord, event))
      writePlaces(applied)
      record = { ...next, provableFrom: prune(height, tip?.provableFrom ?? 0) }
      meta.put(tipKey, encode(tipRecord, record))
    })
    // Durable from here on; readers see the new tip only now.
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

  function writePlaces({ tip: { height }, transactions, outcomes }: AppliedBlock): void {
    for (const [index, bytes] of transactions.entries()) {
      const envelope = readEnvelope(bytes)
      if (!envelope.ok) continue
      const { id } = envelope.value
      // The same envelope may come again and be refused: its acceptance stays what is found.
      if (outcomes[index]?.code !== 0 && wasAccepted(placeOf(id), { height, index, outcomes })) continue
      places.put(id, encode(placeRecord, { height, index }))
    }
  }

  function wasAccepted(
    place: TransactionPlace | undefined,
    current: TransactionPlace & Pick<AppliedBlock, 'outcomes'>,
  ): boolean {
    if (!place) return false
    const outcomes = place.height === current.height ? current.outcomes : block(place.height)?.outcomes
    return outcomes?.[place.index]?.code === 0
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

  function placeOf(id: Uint8Array): TransactionPlace | undefined {
    const record = id.length === 32 ? places.get(id) : undefined
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
    header: (height) => block(height)?.header ?? undefined,
    summary: (height) => readHeight(height)?.summary,
    events(after, limit) {
      const most = Math.min(limit, eventsPerReadMax)
      if (most < 1) return []
      return Array.from(events.range({ start: numberKey(after + 1), limit: most }), ([key, value]) =>
        readRecord(eventRecord, value, `event ${keyNumber(key)}`),
      )
    },
    transactionPlace: placeOf,
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
    close: () => environment.close(),
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

function isHeight(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
