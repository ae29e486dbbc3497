/** Runs a ledger again from genesis, and says where what is stored differs from what follows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { encode, equalBytes, no, ok, type Result } from '@plexus/codec'
import {
  blockSummary,
  type EventRecord,
  eventRecord,
  headerHash,
  headerHolds,
  type Machine,
  outcome,
  readSignedHeader,
  sequencerKeyOf,
  transactionsRoot,
} from '@plexus/kernel'
import type { LedgerStore, StoredBlock } from './ledger-reads.ts'
import { openLedgerStore } from './ledger-store.ts'
import { StoreError } from './store-error.ts'

export interface VerifiedLedger {
  readonly height: number
  readonly appHash: Uint8Array
  readonly transactions: number
}

/** The first height at which the ledger is not what its blocks make of it, and in what. */
export interface LedgerDiffers {
  readonly type: 'ledger-differs'
  readonly height: number
  readonly what:
    | 'genesis'
    | 'block'
    | 'header'
    | 'signature'
    | 'previous-header'
    | 'transactions'
    | 'outcomes'
    | 'events'
    | 'app-hash'
    | 'state'
    | 'damaged'
    /** It began from a snapshot of this height: what was before cannot be run again. */
    | 'pruned'
}

export interface VerifyOptions {
  /** Where the replay keeps its own ledger meanwhile, so that memory stays bounded; it is removed at the end. */
  readonly scratchDirectory: string
  readonly onHeight?: (height: number) => void
}

const zeros = new Uint8Array(32)
/** Events compared at a time, so that a large block's are never all held twice. */
const eventsPerStep = 256

/**
 * Replays every block through `machine` and compares headers, outcomes, events, app hashes and at last the whole state.
 * It shows that the ledger follows from its blocks and that the engine's key signed each; where one key orders, that
 * proves nothing against the key's owner.
 */
export function verifyLedger(
  store: LedgerStore,
  machine: Machine,
  { scratchDirectory, onHeight }: VerifyOptions,
): Result<VerifiedLedger, LedgerDiffers> {
  const directory = mkdtempSync(join(scratchDirectory, 'replay-'))
  const replay = openLedgerStore(directory, { chain: machine.chain.id, proofHeights: 1, durable: false })
  try {
    return replayed(store, replay, machine, onHeight)
  } finally {
    replay.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function replayed(
  store: LedgerStore,
  replay: LedgerStore,
  machine: Machine,
  onHeight: VerifyOptions['onHeight'],
): Result<VerifiedLedger, LedgerDiffers> {
  const tip = store.tip()
  if (!tip) return no({ type: 'ledger-differs', height: 0, what: 'genesis' })
  const beginning = store.beginning().height
  if (beginning > 0) return differs(beginning, 'pruned')
  const founded = machine.found()
  replay.commit(founded, new Uint8Array(0))
  let previous: Uint8Array = zeros
  let transactions = 0
  let lastEvent = 0
  for (let height = 0; height <= tip.height; height++) {
    try {
      const block = store.block(height)
      if (block?.height !== height) return differs(height, 'block')
      if (height > 0) {
        const checked = checkHeader(block, previous, replay, machine)
        if (!checked.ok) return differs(height, checked.reason)
        previous = checked.value
        replay.commit(machine.apply(replay, block), block.header)
      }
      const what = compareHeight(store, replay, height)
      if (what) return differs(height, what)
      const compared = compareEvents(store, replay, lastEvent)
      if (compared === undefined) return differs(height, 'events')
      lastEvent = compared
      transactions += block.transactions.length
    } catch (error) {
      if (error instanceof StoreError && error.type === 'damaged') return differs(height, 'damaged')
      throw error
    }
    onHeight?.(height)
  }
  if (store.events(lastEvent, 1).length > 0) return differs(tip.height, 'events')
  if (!sameState(store, replay) || !sameTree(store, replay)) return differs(tip.height, 'state')
  return ok({ height: tip.height, appHash: tip.appHash, transactions })
}

function differs(height: number, what: LedgerDiffers['what']) {
  return no({ type: 'ledger-differs' as const, height, what })
}

/** The hash of the block's header, when it continues the chain. */
function checkHeader(
  block: StoredBlock,
  previous: Uint8Array,
  replay: LedgerStore,
  machine: Machine,
): Result<Uint8Array, LedgerDiffers['what']> {
  const read = readSignedHeader(block.header)
  if (!read.ok) return no('header')
  const { header } = read.value
  const { chain } = machine
  const before = replay.tip()
  if (!before) throw new Error('the replay begins with genesis')
  if (!equalBytes(header.chain, chain.id)) return no('header')
  if (header.height !== block.height || header.time !== block.time || header.time < before.time) return no('header')
  const key = sequencerKeyOf(chain)
  // On CometBFT the votes stand elsewhere: whoever doubts them asks a light client.
  if (header.type !== (key ? 'local' : 'cometbft')) return no('header')
  if (key && !headerHolds(read.value, key)) return no('signature')
  if (key && block.misbehaviour.length > 0) return no('block')
  if (header.type === 'local' && !equalBytes(header.previous, previous)) return no('previous-header')
  if (!equalBytes(header.transactionsRoot, transactionsRoot(block.transactions))) return no('transactions')
  if (!equalBytes(header.appHash, before.appHash)) return no('app-hash')
  return ok(headerHash(header))
}

function compareHeight(store: LedgerStore, replay: LedgerStore, height: number): LedgerDiffers['what'] | undefined {
  const stored = store.block(height)
  const made = replay.block(height)
  if (!stored || !made) return 'block'
  if (stored.outcomes.length !== made.outcomes.length) return 'outcomes'
  for (const [index, each] of made.outcomes.entries()) {
    const other = stored.outcomes[index]
    if (!other || !equalBytes(encode(outcome, each), encode(outcome, other))) return 'outcomes'
  }
  const roots = store.rootAt(height)
  const expected = replay.rootAt(height)
  if (!roots || !expected || !equalBytes(roots.appHash, expected.appHash)) return 'app-hash'
  if (!equalBytes(roots.historyRoot, expected.historyRoot)) return 'app-hash'
  const summaries = [store.summary(height), replay.summary(height)].map((each) => each && encode(blockSummary, each))
  if (!summaries[0] || !summaries[1] || !equalBytes(summaries[0], summaries[1])) return 'block'
  return undefined
}

/** The replay's feed ends with the block just applied: the sequence up to which both agree, or undefined. */
function compareEvents(store: LedgerStore, replay: LedgerStore, after: number): number | undefined {
  let last = after
  for (;;) {
    const made = replay.events(last, eventsPerStep)
    if (made.length === 0) return last
    const stored = store.events(last, made.length)
    if (made.some((each, index) => !sameEvent(each, stored[index]))) return undefined
    last += made.length
  }
}

function sameEvent(made: EventRecord, stored: EventRecord | undefined): boolean {
  return stored !== undefined && equalBytes(encode(eventRecord, made), encode(eventRecord, stored))
}

const sameState = (store: LedgerStore, replay: LedgerStore): boolean =>
  sameEntries(store.entries(''), replay.entries(''))

const sameTree = (store: LedgerStore, replay: LedgerStore): boolean => sameEntries(store.tiles(), replay.tiles())

type Entries = Iterable<readonly [string, Uint8Array]>

/** Both walks are in key order, so one pass suffices and nothing is held. */
function sameEntries(stored: Entries, made: Entries): boolean {
  const walk = stored[Symbol.iterator]()
  try {
    for (const [key, value] of made) {
      const next = walk.next()
      if (next.done || next.value[0] !== key || !equalBytes(next.value[1], value)) return false
    }
    return walk.next().done === true
  } finally {
    // An abandoned walk would pin its snapshot.
    walk.return?.()
  }
}
