/**
 * A ledger as of one height, as it travels to a node that begins there. The first chunk says what the app hash of that
 * height binds; then come the blocks of the last 600 s, then the entries of the state in key order. The bytes follow from
 * the ledger alone: every member makes the same.
 */
import { bytes, decode, type Infer, list, no, object, ok, type Result, text, uint, variant } from '@plexus/codec'
import { outcome, validSecondsMax } from '@plexus/kernel'
import { subtreesMax } from './ledger-records.ts'

/** Half of what the engine sends in one message (CometBFT `statesync/messages.go`: 16 MB). */
export const chunkBytesMax = 8 * 1024 * 1024
/** The engine's own bound (`max_snapshot_chunks`): 800 GB of state. */
export const chunksMax = 100_000

const hash = bytes({ length: 32 })
const perChunkMax = 1_000_000

const head = {
  height: uint(),
  stateRoot: hash,
  /** Roots of the complete subtrees of the history up to this height, largest first. */
  history: list(hash, { max: subtreesMax }),
  /** No app hash binds it; it numbers this node's own feed. */
  nextEvent: uint(),
  /** Height of the first block that comes along, and the subtrees of the history before it. */
  first: uint(),
  before: list(hash, { max: subtreesMax }),
}

/** What a block's place in the history binds. Its header stays with the engine. */
const travellingBlock = object({
  time: uint(),
  transactions: list(bytes({ max: 200 * 1024 }), { max: 100_000 }),
  outcomes: list(outcome, { max: 100_000 }),
})

const entry = object({ key: text({ max: 400 }), value: bytes({ max: 256 * 1024 }) })

export const snapshotChunk = variant({
  head,
  blocks: { blocks: list(travellingBlock, { max: perChunkMax }) },
  entries: { entries: list(entry, { max: perChunkMax }) },
})
export type SnapshotChunk = Infer<typeof snapshotChunk>
export type SnapshotHead = Extract<SnapshotChunk, { readonly type: 'head' }>
export type TravellingBlock = Infer<typeof travellingBlock>
export type SnapshotEntry = Infer<typeof entry>

/** What an entry or a block takes in a chunk besides its bytes. */
const roundAbout = 32

export const entryBytes = ({ key, value }: SnapshotEntry): number => key.length + value.length + roundAbout

export function blockBytes({ transactions, outcomes }: TravellingBlock): number {
  let size = roundAbout + outcomes.length * 2 * roundAbout
  for (const { length } of transactions) size += length + roundAbout
  return size
}

/**
 * Whether an envelope of a block of this time can still count at a newer one: whoever has all of those refuses every
 * repetition.
 */
export const stillCounts = (time: number, newest: number): boolean => time + validSecondsMax >= newest

/** What a member's node sent; a block alone may be larger than a chunk is meant to be. */
export function readChunk(source: Uint8Array): Result<SnapshotChunk, { readonly type: 'chunk-malformed' }> {
  const read = decode(snapshotChunk, source, 2 * chunkBytesMax)
  return read.ok ? ok(read.value) : no({ type: 'chunk-malformed' })
}
