import { equalBytes, fromHex, no, ok, type Result, toHex } from '@plexus/codec'
import {
  type ChunkedReader,
  type ChunkedRefusal,
  type RandomBytes,
  release,
  runningSha256,
  sealChunked,
  sealedLengthOf,
} from '@plexus/crypto'
import { type KeyStore, keyBytes, type NoDataKey, type Scope } from './key-store.ts'
import {
  type CiphertextDiffers,
  largeRecordContext,
  openLargeRecord,
  passing,
  readLargeRecord,
} from './large-record.ts'
import { recordIdBytes } from './record.ts'
import type { StreamedBlobStore } from './streamed-blob-store.ts'
import type { Place, SealedRecord } from './vault.ts'

/** A record version too large to be held, as it arrives. Its bytes are kept as received and never read here. */
export interface NewLargeRecord extends Scope {
  readonly contentType: string
  readonly bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

export type LargeNotOpened =
  | NoDataKey
  | { readonly type: 'blob-missing' }
  | ChunkedRefusal
  /** Only where the whole is read. */
  | CiphertextDiffers

/** What `verify` found. */
export interface LargeVaultReport {
  readonly objects: number
  /** Objects that are not what their own hash says, or no objects of a vault; at most the first hundred. */
  readonly damaged: readonly string[]
  readonly open: number
  readonly erased: number
  /** Ciphertexts that no key was ever stored for: a crash came between the object and its key. Harmless noise. */
  readonly leftover: number
}

/** Far above a study of whole slides; an object of the blob store on S3 holds at most 78 GiB. */
export const largeRecordBytesMax = 64 * 1024 ** 3
const saltBytes = 24
const hashBytes = 32
const damagedListedMax = 100
const recordName = new RegExp(`^[0-9a-f]{${2 * recordIdBytes}}$`)

/** Large records beside the small ones of a `Vault`, with keys in the same key store. */
export function openLargeVault(parts: {
  readonly blobs: StreamedBlobStore
  readonly keys: KeyStore
  readonly random: RandomBytes
}): LargeVault {
  return new LargeVault(parts)
}

/**
 * Each large record is one object, named by the record version's id in hexadecimal: ciphertext ‖ SHA-256 of it, so that an
 * object can be checked without a key. A record is never held whole, sealing or opening. Faults of the medium are thrown
 * as they come; a refusal is a value.
 */
export class LargeVault {
  readonly #blobs: StreamedBlobStore
  readonly #keys: KeyStore
  readonly #random: RandomBytes

  constructor({ blobs, keys, random }: { blobs: StreamedBlobStore; keys: KeyStore; random: RandomBytes }) {
    this.#blobs = blobs
    this.#keys = keys
    this.#random = random
  }

  /**
   * Seals one record version under a data key of its own: one durable object, then its key. It is sealed when this
   * returns. When it throws, also because `bytes` did, no key was stored; an object without a key may be left, and is noise.
   */
  async seal({ custodian, patient, segment, contentType, bytes }: NewLargeRecord): Promise<SealedRecord> {
    const record = this.#random(recordIdBytes)
    const object = toHex(record)
    const key = this.#random(keyBytes)
    const salt = this.#random(saltBytes)
    const plaintextHash = runningSha256()
    const ciphertextHash = runningSha256()
    let length = 0
    const counted = passing(bytes, (piece) => {
      length += piece.length
      if (length > largeRecordBytesMax) throw new RangeError(`a large record has at most ${largeRecordBytesMax} bytes`)
      plaintextHash.update(piece)
    })
    const context = largeRecordContext({ custodian, record, contentType })
    const sealed = passing(sealChunked({ key, salt, context }, counted), (piece) => ciphertextHash.update(piece))
    let ciphertextDigest: Uint8Array | undefined
    const digest = () => {
      ciphertextDigest = ciphertextHash.digest()
      return ciphertextDigest
    }
    try {
      await this.#blobs.put(object, withHash(sealed, digest))
      if (ciphertextDigest === undefined) throw new Error('the blob store did not take all that it was given')
      // Durable: the ciphertext. A crash here leaves an object that no key opens.
      const epoch = this.#storeKey({ custodian, patient, segment }, record, key)
      // Durable: the key. From here on the record opens.
      return {
        record,
        ciphertextHash: ciphertextDigest,
        plaintextHash: plaintextHash.digest(),
        length,
        where: { object, offset: 0, length: sealedLengthOf(length) },
        segment,
        epoch,
      }
    } finally {
      key.fill(0)
    }
  }

  /** Ciphertext as it lies there, unverified, for a receiver: [from, to) of it. */
  async ciphertext(
    { object, offset, length }: Place,
    { from, to }: { readonly from: number; readonly to: number } = { from: 0, to: length },
  ): Promise<Result<AsyncIterable<Uint8Array>, { readonly type: 'blob-missing' }>> {
    if (from < 0 || from > to || to > length) throw new RangeError(`a range lies within 0 and ${length}`)
    const pieces = await this.#blobs.stream(object, offset + from, to - from)
    return pieces === undefined ? no({ type: 'blob-missing' }) : ok(pieces)
  }

  /** A record version to be opened at random places, for the custodian itself. Refusals in this order: key, ciphertext, opening. */
  async open({
    record,
    where: { object, offset, length },
    custodian,
    contentType,
  }: {
    readonly record: Uint8Array
    readonly where: Place
    readonly custodian: string
    readonly contentType: string
  }): Promise<Result<ChunkedReader, LargeNotOpened>> {
    const key = this.#keys.dataKey(record)
    if (!key.ok) return key
    try {
      if ((await this.#blobs.length(object)) === undefined) return no({ type: 'blob-missing' })
      const read = (from: number, count: number) => this.#blobs.read(object, offset + from, count)
      return await readLargeRecord({ key: key.value, record, custodian, contentType, length, read })
    } finally {
      key.value.fill(0)
    }
  }

  /**
   * The whole plaintext of one record version as it is asked for, compared with the committed hash of its ciphertext. The
   * pieces are their reader's; one that is done with a piece may `release` it, and holds nothing then.
   */
  async *read({
    record,
    where,
    custodian,
    contentType,
    ciphertextHash,
  }: {
    readonly record: Uint8Array
    readonly where: Place
    readonly custodian: string
    readonly contentType: string
    readonly ciphertextHash: Uint8Array
  }): AsyncGenerator<Result<Uint8Array, LargeNotOpened>, void, void> {
    const key = this.#keys.dataKey(record)
    if (!key.ok) return yield key
    try {
      const ciphertext = await this.ciphertext(where)
      if (!ciphertext.ok) return yield ciphertext
      const sealed = {
        key: key.value,
        record,
        custodian,
        contentType,
        ciphertextHash,
        ciphertext: lent(ciphertext.value),
      }
      yield* openLargeRecord(sealed)
    } finally {
      key.value.fill(0)
    }
  }

  /**
   * Destroys the data key, as `Vault.eraseRecord` does, and then removes the object: other records lie elsewhere. A crash
   * between the two leaves noise that `reclaim` finds.
   */
  async erase(record: Uint8Array): Promise<Result<void, { readonly type: 'unknown-record' }>> {
    if (!this.#keys.eraseRecord(record)) return no({ type: 'unknown-record' })
    await this.#blobs.remove(toHex(record))
    return ok()
  }

  /** Removes the objects of records whose keys were destroyed, as by the erasure of a segment; gives how many. */
  async reclaim(): Promise<number> {
    let removed = 0
    for await (const object of this.#blobs.list()) {
      if (!recordName.test(object) || this.#keys.standing(fromHex(object)) !== 'erased') continue
      await this.#blobs.remove(object)
      removed += 1
    }
    return removed
  }

  /** Reads every object, compares it with its own hash, and asks the key store about its record version. */
  async verify(progress: (objects: number) => void = () => {}): Promise<LargeVaultReport> {
    const damaged: string[] = []
    const records = { open: 0, erased: 0, unknown: 0 }
    let objects = 0
    for await (const object of this.#blobs.list()) {
      objects += 1
      const ours = recordName.test(object)
      if (ours) records[this.#keys.standing(fromHex(object))] += 1
      if (!(ours && (await this.#isWhole(object))) && damaged.length < damagedListedMax) damaged.push(object)
      progress(objects)
    }
    const { open, erased, unknown } = records
    return { objects, damaged, open, erased, leftover: unknown }
  }

  async #isWhole(object: string): Promise<boolean> {
    const length = (await this.#blobs.length(object)) ?? 0
    if (length < sealedLengthOf(0) + hashBytes) return false
    const pieces = await this.#blobs.stream(object, 0, length - hashBytes)
    const expected = await this.#blobs.read(object, length - hashBytes, hashBytes)
    if (pieces === undefined || expected === undefined) return false
    const hash = runningSha256()
    for await (const piece of lent(pieces)) hash.update(piece)
    return equalBytes(hash.digest(), expected)
  }

  /** Under the newest epoch of now: while the record was on its way, the scope may have begun a new one, or been erased. */
  #storeKey(scope: Scope, record: Uint8Array, key: Uint8Array): number {
    const newest = this.#keys.newestKey(scope)
    const under = newest ?? this.#keys.nextKey(scope)
    try {
      this.#keys.commit({ wrappingKeys: newest === undefined ? [under] : [], dataKeys: [{ record, key, under }] })
      return under.epoch
    } finally {
      under.key.fill(0)
    }
  }
}

async function* withHash(
  pieces: AsyncIterable<Uint8Array>,
  digest: () => Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  yield* lent(pieces)
  yield digest()
}

/** Pieces whose memory is given back as soon as the next one is asked for, which is what a blob store's streams are for. */
async function* lent(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const piece of pieces) {
    yield piece
    release(piece)
  }
}
