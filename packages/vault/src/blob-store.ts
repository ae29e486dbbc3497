/**
 * Where packs of sealed records lie: whole, immutable objects under names that the vault draws at random.
 * Nothing in a blob store is secret and nothing in it is trusted: what it returns is verified by whoever opens it.
 * Faults of the medium (disk full, no permission) are thrown as the medium reports them.
 */
export interface BlobStore {
  /**
   * Stores one object; durable, name and bytes, when it returns. When it throws, the object is there as a whole or not
   * at all. Storing a name twice is a mistake of the caller and throws.
   */
  put(name: string, bytes: Uint8Array): void
  /** Exactly `length` bytes from `offset`; undefined when there is no such object or it does not reach that far. */
  read(name: string, offset: number, length: number): Uint8Array | undefined
  /** The names of all objects, in no stated order. */
  list(): Iterable<string>
  /** Forgets one object; the absence is durable when it returns. An absent object is no mistake. */
  remove(name: string): void
}

const namePattern = /^[0-9a-z]{1,64}$/

/** A name is a file's name on one backend and part of an address on another, so it holds nothing that either reads. */
export function checkBlobName(name: string): void {
  if (!namePattern.test(name)) throw new RangeError('a blob name is 1 to 64 lower-case letters and digits')
}
