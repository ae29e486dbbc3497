/** One member's own copy of the ledger: it believes the engine's key about order alone, and computes everything else. */
import { encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { merklePath } from '@plexus/crypto'
import {
  envelopeBytesMax,
  headerHash,
  headerHolds,
  type Machine,
  readSignedHeader,
  type SignedHeader,
  sequencerKeyOf,
  signedHeader,
  transactionsRoot,
} from '@plexus/kernel'
import { foundOnce, type LedgerPort, type ProvenState, type SignedBlock } from './ports.ts'
import { type Answered, type Applied, Watches } from './watches.ts'

/** Why a block is not taken. None of these says anything against the engine's key. */
export type BlockRefusal =
  | { readonly type: 'header-malformed' }
  | { readonly type: 'other-chain' }
  | { readonly type: 'signature-invalid' }
  | { readonly type: 'too-large' }
  | { readonly type: 'already-applied'; readonly height: number }
  | { readonly type: 'gap'; readonly expected: number; readonly came: number }
  | { readonly type: 'transactions-differ' }

/**
 * The engine's key signed what this replica cannot follow: another state, another past, or two blocks of one height. The
 * replica stops, with both hashes: going on would only hide it.
 */
export class Fork extends Error {
  override readonly name = 'Fork'
  readonly height: number
  readonly what: 'app-hash' | 'previous-header' | 'second-header' | 'time'
  readonly own: Uint8Array
  readonly received: Uint8Array

  constructor(height: number, what: Fork['what'], own: Uint8Array, received: Uint8Array) {
    super(`fork at height ${height}: the ${what} here is ${toHex(own)}, the engine signed ${toHex(received)}`)
    this.height = height
    this.what = what
    this.own = own
    this.received = received
  }
}

/** Everything with which an envelope's place can be shown to who knows the engine's key. */
export interface EnvelopeProof extends Applied {
  /** How many envelopes the block holds. */
  readonly size: number
  /** RFC 6962 audit path from the envelope to the header's `transactionsRoot`. */
  readonly path: readonly Uint8Array[]
  readonly envelope: Uint8Array
  readonly header: SignedHeader
}

/** What the state on which the block of `header` ran says of a key: the roots hash to the app hash that it carries. */
export interface HeaderStateProof extends ProvenState {
  readonly header: SignedHeader
}

/** An applied block, as listeners hear of it: it is durable, and the replica reads its state. */
export interface AppliedNotice {
  readonly height: number
  readonly time: number
  readonly transactions: number
}

export interface ReplicaOptions {
  readonly machine: Machine
  readonly store: LedgerPort
  /** Whose replica this is. */
  readonly member: string
}

export interface Replica {
  readonly member: string
  readonly machine: Machine
  readonly store: LedgerPort
  readonly height: () => number
  /** Applies the next block durably. Throws a Fork, now and ever after, when the engine's key contradicts this replica. */
  receive(block: SignedBlock): Result<{ readonly height: number }, BlockRefusal>
  /** Where the envelope of this id and end was applied, when it was. */
  applied(id: Uint8Array, validUntil: number): Applied | undefined
  /**
   * Answers once: when the envelope is applied here, or when a block is whose time is past `validUntil` (seconds), after
   * which it never can be. Answers at once when it was applied before, with `past` `accepted` only if it was accepted
   * then. What comes back cancels.
   */
  watch(id: Uint8Array, validUntil: number, answered: Answered, past?: 'any' | 'accepted'): () => void
  /** Resolves when the envelope is applied; rejects when it no longer can be, or when the replica is stopped before. */
  waitFor(id: Uint8Array, validUntil: number): Promise<Applied>
  /** Hears of every block after it is durable, in order. The answer ends it. */
  onApplied(listener: (notice: AppliedNotice) => void): () => void
  headerAt(height: number): SignedHeader | undefined
  envelopeProof(id: Uint8Array, validUntil: number): EnvelopeProof | undefined
  /** Proves a key under the header of `height`, which carries the state after the block before. */
  stateProof(height: number, key: string): HeaderStateProof | undefined
  /** Ends all waiting. The store belongs to who opened it. */
  stop(): void
}

/** The parts of one node that follow its ledger. */
const listenersMax = 64
/** Far above what an engine puts into a block; it bounds what a replica takes in before it knows the block. */
const blockTransactionsMax = 100_000
const blockBytesMax = 256 * 1024 * 1024

export function createReplica({ machine, store, member }: ReplicaOptions): Replica {
  const found = sequencerKeyOf(machine.chain)
  if (!found) throw new Error('no key orders the blocks of this chain: its engine is CometBFT')
  const engineKey = found
  foundOnce(machine, store)
  const watches = new Watches()
  const listeners = new Set<(notice: AppliedNotice) => void>()
  let fork: Fork | undefined
  let stopped = false

  function newestTip() {
    const tip = store.tip()
    if (!tip) throw new Error('the ledger was founded, and has no tip')
    return tip
  }

  function receive(block: SignedBlock): Result<{ readonly height: number }, BlockRefusal> {
    if (fork) throw fork
    if (stopped) throw new Error(`the replica of ${member} was stopped`)
    const checked = check(block)
    if (!checked.ok) return checked
    const { header } = checked.value
    const { height, time, transactionsRoot: root } = header
    const applied = machine.apply(store, { height, time, transactions: block.transactions, root })
    store.commit(applied, block.header)
    // Durable from here on: whoever waits may act on it.
    for (const listener of [...listeners]) listener({ height, time, transactions: block.transactions.length })
    watches.answer(applied)
    return ok({ height })
  }

  function check(block: SignedBlock): Result<SignedHeader, BlockRefusal> {
    const read = readSignedHeader(block.header)
    if (!read.ok) return no({ type: 'header-malformed' })
    const { header } = read.value
    if (!equalBytes(header.chain, machine.chain.id)) return no({ type: 'other-chain' })
    if (header.type !== 'local' || !headerHolds(read.value, engineKey)) return no({ type: 'signature-invalid' })
    const tip = newestTip()
    if (header.height <= tip.height) return alreadyApplied(read.value, block)
    if (header.height > tip.height + 1) return no({ type: 'gap', expected: tip.height + 1, came: header.height })
    if (tooLarge(block)) return no({ type: 'too-large' })
    if (!equalBytes(transactionsRoot(block.transactions), header.transactionsRoot))
      return no({ type: 'transactions-differ' })
    // From here on only the engine's key can be at fault, or this replica.
    const previous = tip.height === 0 ? new Uint8Array(32) : headerHash(mustHeader(tip.height).header)
    if (!equalBytes(header.previous, previous))
      throw forked(header.height, 'previous-header', previous, header.previous)
    if (!equalBytes(header.appHash, tip.appHash)) throw forked(header.height, 'app-hash', tip.appHash, header.appHash)
    if (header.time < tip.time) throw forked(header.height, 'time', previous, headerHash(header))
    return read
  }

  /** The same block again is a repeat; another one of the same height, signed, is a contradiction. */
  function alreadyApplied(received: SignedHeader, block: SignedBlock): Result<never, BlockRefusal> {
    const { height } = received.header
    if (height > 0) {
      const own = mustHeader(height)
      if (!equalBytes(encode(signedHeader, own), block.header))
        throw forked(height, 'second-header', headerHash(own.header), headerHash(received.header))
    }
    return no({ type: 'already-applied', height })
  }

  function forked(height: number, what: Fork['what'], own: Uint8Array, received: Uint8Array): Fork {
    fork = new Fork(height, what, own, received)
    return fork
  }

  function applied(id: Uint8Array, validUntil: number): Applied | undefined {
    const place = store.transactionPlace(id, validUntil)
    const outcome = place && store.block(place.height)?.outcomes[place.index]
    return place && outcome && { height: place.height, index: place.index, outcome }
  }

  function watch(id: Uint8Array, validUntil: number, answered: Answered, past: 'any' | 'accepted' = 'any'): () => void {
    const known = applied(id, validUntil)
    if (known && (past === 'any' || known.outcome.code === 0)) answered(ok(known))
    else if (stopped) answered(no({ type: 'stopped' }))
    else if (newestTip().time > validUntil) answered(no({ type: 'expired' }))
    else return watches.add(id, validUntil, answered)
    return () => {}
  }

  function headerAt(height: number): SignedHeader | undefined {
    const stored = height > 0 ? store.header(height) : undefined
    const read = stored && readSignedHeader(stored)
    return read?.ok ? read.value : undefined
  }

  function mustHeader(height: number): SignedHeader {
    const found = headerAt(height)
    if (!found) throw new Error(`the header of block ${height} is missing or damaged`)
    return found
  }

  return {
    member,
    machine,
    store,
    height: () => newestTip().height,
    receive,
    applied,
    watch,
    waitFor: (id, validUntil) =>
      new Promise((resolve, reject) => {
        watch(id, validUntil, (answer) => {
          if (answer.ok) resolve(answer.value)
          else reject(new Error(`an envelope will not be applied by the replica of ${member}: ${answer.reason.type}`))
        })
      }),
    onApplied(listener) {
      if (listeners.size >= listenersMax) throw new Error(`more than ${listenersMax} listeners on one replica`)
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    headerAt,
    envelopeProof(id, validUntil) {
      const place = applied(id, validUntil)
      const block = place && store.block(place.height)
      const envelope = block?.transactions[place?.index ?? 0]
      if (!place || !block || !envelope) return undefined
      return {
        ...place,
        size: block.transactions.length,
        path: merklePath(block.transactions, place.index),
        envelope,
        header: mustHeader(place.height),
      }
    },
    stateProof(height, key) {
      const header = headerAt(height)
      const proven = header && store.proveStateAt(height - 1, key)
      return proven && { ...proven, header }
    },
    stop() {
      stopped = true
      watches.stop()
    },
  }
}

function tooLarge({ transactions }: SignedBlock): boolean {
  if (transactions.length > blockTransactionsMax) return true
  let bytes = 0
  for (const { length } of transactions) {
    bytes += length
    if (length > envelopeBytesMax || bytes > blockBytesMax) return true
  }
  return false
}
