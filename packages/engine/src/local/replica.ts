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
import { createLedgerView, type LedgerView } from './ledger-view.ts'
import { foundOnce, type LedgerPort, newestTip, type ProvenState, type SignedBlock } from './ports.ts'
import type { Applied } from './watches.ts'

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

export interface ReplicaOptions {
  readonly machine: Machine
  readonly store: LedgerPort
  /** Whose replica this is. */
  readonly member: string
}

export interface Replica extends LedgerView {
  /** Applies the next block durably. Throws a Fork, now and ever after, when the engine's key contradicts this replica. */
  receive(block: SignedBlock): Result<{ readonly height: number }, BlockRefusal>
  envelopeProof(id: Uint8Array, validUntil: number): EnvelopeProof | undefined
  /** Proves a key under the header of `height`, which carries the state after the block before. */
  stateProof(height: number, key: string): HeaderStateProof | undefined
}

/** Far above what an engine puts into a block; it bounds what a replica takes in before it knows the block. */
const blockTransactionsMax = 100_000
const blockBytesMax = 256 * 1024 * 1024

export function createReplica({ machine, store, member }: ReplicaOptions): Replica {
  const found = sequencerKeyOf(machine.chain)
  if (!found) throw new Error('no key orders the blocks of this chain: its engine is CometBFT')
  const engineKey = found
  foundOnce(machine, store)
  const { committed, ...view } = createLedgerView({ machine, store, member })
  let fork: Fork | undefined
  let stopped = false

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
    committed(applied)
    return ok({ height })
  }

  function check(block: SignedBlock): Result<SignedHeader, BlockRefusal> {
    const read = readSignedHeader(block.header)
    if (!read.ok) return no({ type: 'header-malformed' })
    const { header } = read.value
    if (!equalBytes(header.chain, machine.chain.id)) return no({ type: 'other-chain' })
    if (header.type !== 'local' || !headerHolds(read.value, engineKey)) return no({ type: 'signature-invalid' })
    const tip = newestTip(store)
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

  function mustHeader(height: number): SignedHeader {
    const found = view.headerAt(height)
    if (!found) throw new Error(`the header of block ${height} is missing or damaged`)
    return found
  }

  return {
    ...view,
    receive,
    envelopeProof(id, validUntil) {
      const place = view.applied(id, validUntil)
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
      const header = view.headerAt(height)
      const proven = header && store.proveStateAt(height - 1, key)
      return proven && { ...proven, header }
    },
    stop() {
      stopped = true
      view.stop()
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
