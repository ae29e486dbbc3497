/**
 * Where large sealed objects lie: whole, immutable, under names that the vault draws at random, and never held in memory.
 * Nothing in it is secret and nothing in it is trusted, as in a `BlobStore`; it is asynchronous, because the medium may be
 * far away. One process at a time may have it open.
 */
export interface StreamedBlobStore {
  /**
   * Stores the bytes as they come, and says how many. Durable, name and bytes, when it returns; before that nobody sees
   * anything. When it throws, the object is there as a whole or not at all. A name that is taken throws; of several who
   * store one name at once, one at most succeeds. An error of `bytes` passes through, and nothing is stored. A piece is done with when the next one
   * is asked for: its memory may be somebody else's from then on.
   */
  put(name: string, bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number>
  /** The object's length in bytes; undefined when there is none. */
  length(name: string): Promise<number | undefined>
  /** Exactly `length` bytes from `offset`, at most 64 MiB; undefined when the object does not reach that far, or is none. */
  read(name: string, offset: number, length: number): Promise<Uint8Array | undefined>
  /** The same of any length, in pieces as they are asked for, which are the reader's; an object that ends early in the middle throws. */
  stream(name: string, offset: number, length: number): Promise<AsyncIterable<Uint8Array> | undefined>
  /** The names of all objects, in no stated order. */
  list(): AsyncIterable<string>
  /** Forgets one object; the absence is durable when it returns. An absent object is no mistake. */
  remove(name: string): Promise<void>
}

/** What `read` may hold at once: a range of a record, never a record. */
export const readBytesMax = 64 * 1024 * 1024

/** Throws where a range is none, or would not fit into memory. */
export function checkReadRange(offset: number, length: number, lengthMax = Number.MAX_SAFE_INTEGER): void {
  const ends = offset + length
  if (!Number.isSafeInteger(ends) || offset < 0 || length < 0)
    throw new RangeError('a range has whole, positive numbers')
  if (length > lengthMax) throw new RangeError(`at most ${lengthMax} bytes are read at once`)
}

/** Why a medium that is not a disk did not do what it was asked; a disk's errors come as the system reports them. */
export type BlobStoreFault =
  /** Keys or permissions. */
  | { readonly type: 'denied' }
  | { readonly type: 'bucket-missing' }
  /** Nobody answered, or only with faults that pass, in all attempts; whether a write happened is not known. */
  | { readonly type: 'unreachable'; readonly attempts: number }
  /** It answered with something that it may not. */
  | { readonly type: 'unexpected-answer'; readonly status: number; readonly code: string }

/** Thrown: a medium that fails is nothing that a caller of the vault decides about. It tells no name, address or key. */
export class BlobStoreError extends Error {
  readonly fault: BlobStoreFault

  constructor(fault: BlobStoreFault) {
    super(`blob store: ${fault.type}${fault.type === 'unexpected-answer' ? ` ${fault.status} ${fault.code}` : ''}`)
    this.name = 'BlobStoreError'
    this.fault = fault
  }
}

/** Thrown by `put`. */
export const nameTaken = 'a blob is stored once and never replaced'
