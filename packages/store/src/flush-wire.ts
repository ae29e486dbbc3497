/** What a store and its flushing thread say to each other: writes packed one behind the other. */
import type { MessagePort } from 'node:worker_threads'
import type { ContentKind } from './environment.ts'
import { StoreError, type StoreErrorType } from './store-error.ts'

/** One write: which of the tables, the key, and the value, or null for a removal. */
export interface PackedWrite {
  readonly table: number
  readonly key: Uint8Array
  readonly value: Uint8Array | null
}

export type ToFlushThread =
  /** Writes of the next transaction. */
  | { readonly type: 'writes'; readonly packed: Uint8Array }
  /** No more of them: all go to LMDB, durably. */
  | { readonly type: 'commit' }
  /** Writes that were not committed are not wanted any more. */
  | { readonly type: 'close' }

export type FromFlushThread =
  | { readonly type: 'committed' }
  | { readonly type: 'closed' }
  /** LMDB stands where it stood. */
  | { readonly type: 'failed'; readonly of: StoreErrorType | null; readonly says: string }

export interface FlushThreadData {
  readonly directory: string
  readonly kind: ContentKind
  readonly chain: Uint8Array
  readonly tables: readonly string[]
  readonly port: MessagePort
  /** Counts the answers: who waits for one sleeps on it. */
  readonly answers: SharedArrayBuffer
}

/** A byte for the table, two of the key's length, four of the value's. */
const headLength = 7
/** In place of a length: the key goes. */
const removed = 0xffffffff

/** Packs copies of the writes into pieces of at most `pieceBytes`, or of one larger write. */
export function* packedWrites(
  writes: Iterable<PackedWrite>,
  pieceBytes: number,
): Generator<Uint8Array<ArrayBuffer>, void> {
  let piece: Buffer<ArrayBuffer> | undefined
  let used = 0
  for (const { table, key, value } of writes) {
    const length = headLength + key.length + (value?.length ?? 0)
    if (piece && used + length > piece.length) {
      yield piece.subarray(0, used)
      piece = undefined
    }
    if (!piece) {
      piece = Buffer.allocUnsafeSlow(Math.max(pieceBytes, length))
      used = 0
    }
    piece[used] = table
    piece.writeUInt16BE(key.length, used + 1)
    piece.writeUInt32BE(value ? value.length : removed, used + 3)
    piece.set(key, used + headLength)
    if (value) piece.set(value, used + headLength + key.length)
    used += length
  }
  if (piece) yield piece.subarray(0, used)
}

/** What `packedWrites` packed; keys and values are views into the piece. */
export function* unpackedWrites(piece: Uint8Array): Iterable<PackedWrite> {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength)
  for (let at = 0; at < piece.length; ) {
    const keyEnd = at + headLength + view.getUint16(at + 1)
    const length = view.getUint32(at + 3)
    const end = length === removed ? keyEnd : keyEnd + length
    yield {
      table: view.getUint8(at),
      key: piece.subarray(at + headLength, keyEnd),
      value: length === removed ? null : piece.subarray(keyEnd, end),
    }
    at = end
  }
}

/** What a thread said, as the error that it was there. */
export function thrownThere({ of, says }: Extract<FromFlushThread, { readonly type: 'failed' }>): Error {
  return of ? new StoreError(of, says) : new Error(says)
}
