/** The one key that orders blocks in the embedded engine. It proves nothing against the key's owner. */
import { encode, equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { publicKeyOf, sign } from '@plexus/crypto'
import {
  type Envelope,
  envelopeBytesMax,
  type Header,
  headerHash,
  headerMessage,
  type Machine,
  type Refusal,
  readEnvelope,
  readSignedHeader,
  sequencerKeyOf,
  signedHeader,
  transactionsRoot,
} from '@plexus/kernel'
import { Mempool } from './mempool.ts'
import { foundOnce, type LedgerPort, newestTip, type SignedBlock } from './ports.ts'

export type SequencerRefusal =
  | Refusal
  | { readonly type: 'mempool-full'; readonly retryAfterSeconds: number }
  /** The same envelope waits already and will be in a block: nothing to do but wait. */
  | { readonly type: 'already-waiting'; readonly id: Uint8Array }

export interface SequencerOptions {
  readonly machine: Machine
  readonly store: LedgerPort
  /** The Ed25519 seed whose public key genesis names. */
  readonly seed: Uint8Array
  /** An empty block follows the last one after so many seconds at the latest; custodians stop releasing at 15. */
  readonly intervalSeconds?: number
  readonly mempoolMax?: number
  readonly mempoolBytesMax?: number
  readonly blockTransactionsMax?: number
  readonly blockBytesMax?: number
}

/** Seconds of work at the rate of one machine; beyond it, waiting would end in expiry. */
const mempoolMaxDefault = 10_000
const mempoolBytesMaxDefault = 64 * 1024 * 1024
/** Keeps the application of one block well under a second, so that a click is never behind a longer one. */
const blockTransactionsMaxDefault = 2_000
const blockBytesMaxDefault = 4 * 1024 * 1024
const intervalSecondsDefault = 5
/** A full mempool is several blocks, each of them well under a second. */
const retryAfterSeconds = 1

export interface Sequencer {
  readonly machine: Machine
  readonly height: () => number
  /** How many envelopes wait for a block. */
  readonly waiting: () => number
  /**
   * Admits an envelope on the committed state; `now` in seconds. Accepted ones wait in memory, where sponsors take turns.
   * Whoever has read it hands over what was read, of bytes that nobody changes any more.
   */
  submit(envelope: Uint8Array, now: number, read?: Envelope): Result<{ readonly id: Uint8Array }, SequencerRefusal>
  /** Makes a block when an envelope waits or the interval passed. It is durable here before anyone sees it. */
  cut(now: number): SignedBlock | undefined
  /** Seconds until `cut` makes a block though nothing waits. */
  dueIn(now: number): number
  block(height: number): SignedBlock | undefined
  /** From `height` up to the newest, read one by one. */
  blocksFrom(height: number): Iterable<SignedBlock>
}

export function createSequencer({
  machine,
  store,
  seed,
  intervalSeconds = intervalSecondsDefault,
  mempoolMax = mempoolMaxDefault,
  mempoolBytesMax = mempoolBytesMaxDefault,
  blockTransactionsMax = blockTransactionsMaxDefault,
  blockBytesMax = blockBytesMaxDefault,
}: SequencerOptions): Sequencer {
  const key = sequencerKeyOf(machine.chain)
  if (!key || !equalBytes(publicKeyOf(seed), key))
    throw new Error('the seed is not that of the sequencer that genesis names')
  if (blockBytesMax < envelopeBytesMax) throw new Error(`a block must hold one envelope of ${envelopeBytesMax} bytes`)
  foundOnce(machine, store)
  const mempool = new Mempool()
  let lastCutAt = newestTip(store).time
  /** Every replica asks for the newest block at once: it is read once. */
  let newest: { readonly height: number; readonly block: SignedBlock } | undefined

  function submit(
    envelope: Uint8Array,
    now: number,
    known?: Envelope,
  ): Result<{ readonly id: Uint8Array }, SequencerRefusal> {
    // Its own copy: what was checked is what the block holds, whatever becomes of the sender's memory.
    const bytes = known ? envelope : new Uint8Array(envelope)
    const read = known ? ok(known) : readEnvelope(bytes)
    if (read.ok && mempool.has(read.value.body.sponsor, toHex(read.value.id)))
      return no({ type: 'already-waiting', id: read.value.id })
    if (mempool.size >= mempoolMax || mempool.bytes + bytes.length > mempoolBytesMax)
      return no({ type: 'mempool-full', retryAfterSeconds })
    const checked = machine.check(store, bytes, Math.floor(now), read)
    if (!checked.ok) return checked
    mempool.add({ bytes, checked: checked.value })
    return ok({ id: checked.value.envelope.id })
  }

  // A clock that was set back would otherwise hold empty blocks until it has caught up.
  const dueIn = (now: number): number => (now < lastCutAt ? 0 : Math.max(0, lastCutAt + intervalSeconds - now))

  function cut(now: number): SignedBlock | undefined {
    if (mempool.size === 0 && dueIn(now) > 0) return undefined
    const tip = newestTip(store)
    const taken = mempool.next({ countMax: blockTransactionsMax, bytesMax: blockBytesMax })
    const transactions = taken.map(({ bytes }) => bytes)
    const checked = taken.map((each) => each.checked)
    const height = tip.height + 1
    const time = Math.max(tip.time, Math.floor(now))
    const root = transactionsRoot(transactions)
    const header: Header = {
      type: 'local',
      chain: machine.chain.id,
      height,
      time,
      appHash: tip.appHash,
      transactionsRoot: root,
      previous: previousHash(tip.height),
    }
    const signed = encode(signedHeader, { header, signature: sign(seed, headerMessage(header)) })
    store.commit(machine.apply(store, { height, time, transactions, root }, checked), signed)
    // Durable from here on. Before, nobody has seen the signature: after a crash this height may be signed anew.
    mempool.remove(taken)
    lastCutAt = now
    const block = { header: signed, transactions }
    newest = { height, block }
    return block
  }

  function previousHash(height: number): Uint8Array {
    if (height === 0) return new Uint8Array(32)
    const read = readSignedHeader(store.header(height) ?? new Uint8Array(0))
    if (!read.ok) throw new Error(`the header of block ${height} is missing or damaged`)
    return headerHash(read.value.header)
  }

  function block(height: number): SignedBlock | undefined {
    if (height === newest?.height) return newest.block
    const stored = height > 0 ? store.block(height) : undefined
    return stored && { header: stored.header, transactions: stored.transactions }
  }

  return {
    machine,
    height: () => newestTip(store).height,
    waiting: () => mempool.size,
    submit,
    cut,
    dueIn,
    block,
    *blocksFrom(height) {
      for (let at = Math.max(height, 1); at <= newestTip(store).height; at++) {
        const found = block(at)
        if (!found) throw new Error(`block ${at} is missing below the tip`)
        yield found
      }
    },
  }
}
