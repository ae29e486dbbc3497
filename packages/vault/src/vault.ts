import { equalBytes, no, ok, type Result, toHex } from '@plexus/codec'
import { type RandomBytes, sha256 } from '@plexus/crypto'
import type { BlobStore } from './blob-store.ts'
import { type KeyStore, keyBytes, type NoDataKey, type Scope, type WrappingKey } from './key-store.ts'
import { readPackIndex, recordBytesMax, recordsPerPackMax, writePack } from './pack.ts'
import { openRecord, recordIdBytes, sealRecord } from './record.ts'

/** A record version as it arrived. Its bytes are kept as received and never read here. */
export interface NewRecord extends Scope {
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** What the vault's owner remembers of a sealed record version; none of it is secret, none of it names the patient. */
export interface SealedRecord {
  /** Random id of the record version, 16 bytes. */
  readonly record: Uint8Array
  readonly ciphertextHash: Uint8Array
  readonly plaintextHash: Uint8Array
  /** Of the plaintext, in bytes. */
  readonly length: number
  readonly where: Place
  readonly segment: string
  /** The epoch of the wrapping key that the data key is wrapped under. */
  readonly epoch: number
}

/** Where a ciphertext lies: bytes of an object in the blob store. Good for this custodian's vault only. */
export interface Place {
  readonly object: string
  readonly offset: number
  /** Of the ciphertext, in bytes. */
  readonly length: number
}

export type NotOpened = NoDataKey | { readonly type: 'blob-missing' } | { readonly type: 'verification-failed' }

/** What `verify` found. Record versions are counted where their ciphertext lies. */
export interface VaultReport {
  readonly packs: number
  /** Objects whose index cannot be read, or whose ciphertexts are not what the index says; at most the first hundred. */
  readonly damagedPacks: readonly string[]
  readonly open: number
  readonly erased: number
  /** Ciphertexts that no key was ever stored for: a crash came between the pack and its keys. Harmless noise. */
  readonly leftover: number
  /** Keys whose ciphertext was not found in any readable pack; those of large records, which a `LargeVault` counts, among them. */
  readonly keysWithoutBlob: number
}

const damagedPacksListedMax = 100
const packNameBytes = 16
/** Its id and its data key. */
const drawnPerRecordBytes = recordIdBytes + keyBytes

/** The vault of one node, over blobs that anyone may copy and a key store that nobody may. */
export function openVault(parts: {
  readonly blobs: BlobStore
  readonly keys: KeyStore
  readonly random: RandomBytes
}): Vault {
  return new Vault(parts)
}

/** Sealed records of all custodians of a node. Faults of disk or medium are thrown as they come; a refusal is a value. */
export class Vault {
  readonly #blobs: BlobStore
  readonly #keys: KeyStore
  readonly #random: RandomBytes

  constructor({ blobs, keys, random }: { blobs: BlobStore; keys: KeyStore; random: RandomBytes }) {
    this.#blobs = blobs
    this.#keys = keys
    this.#random = random
  }

  /**
   * Seals a batch, each record under a data key of its own: one durable pack, then one durable transaction of the key
   * store, in that order. All of it is sealed when this returns. When it throws, no key was stored without its
   * ciphertext; a pack without keys may be left, and is noise.
   */
  seal(records: readonly NewRecord[]): readonly SealedRecord[] {
    if (records.length === 0) return []
    if (records.length > recordsPerPackMax) throw new RangeError(`a batch has at most ${recordsPerPackMax} records`)
    const epochs = new BatchKeys(this.#keys)
    // One draw a batch: each costs a call into the operating system's generator.
    const drawn = this.#random(records.length * drawnPerRecordBytes)
    const sealed = records.map((given, index) => {
      const start = index * drawnPerRecordBytes
      return sealOne(given, epochs.keyFor(given), drawn.subarray(start, start + drawnPerRecordBytes))
    })
    try {
      const { bytes, packed } = writePack(sealed)
      const object = toHex(this.#random(packNameBytes))
      this.#blobs.put(object, bytes)
      // Durable: the ciphertexts. A crash here leaves a pack that no key opens.
      this.#keys.commit({ wrappingKeys: epochs.added, dataKeys: sealed })
      // Durable: the keys. From here on every record of the batch opens.
      return sealed.map(({ record, ciphertextHash, plaintextHash, length, segment, under }, index) => {
        const { offset, length: ciphertextLength } = packed[index] ?? { offset: 0, length: 0 }
        const where = { object, offset, length: ciphertextLength }
        return { record, ciphertextHash, plaintextHash, length, where, segment, epoch: under.epoch }
      })
    } finally {
      drawn.fill(0)
      epochs.forget()
    }
  }

  /** The data key of one record version, for a release or for the custodian's own staff. Whether it may go is policy. */
  dataKey(record: Uint8Array): Result<Uint8Array, NoDataKey> {
    return this.#keys.dataKey(record)
  }

  /** Ciphertext as it lies there, unverified: its receiver compares it with the committed hash. */
  ciphertext({ object, offset, length }: Place): Result<Uint8Array, { readonly type: 'blob-missing' }> {
    const bytes = this.#blobs.read(object, offset, length)
    return bytes === undefined ? no({ type: 'blob-missing' }) : ok(bytes)
  }

  /** The plaintext of one record version, for the custodian itself. Refusals in this order: key, ciphertext, opening. */
  open({
    record,
    where,
    custodian,
    contentType,
  }: {
    readonly record: Uint8Array
    readonly where: Place
    readonly custodian: string
    readonly contentType: string
  }): Result<Uint8Array, NotOpened> {
    const key = this.dataKey(record)
    if (!key.ok) return key
    try {
      const ciphertext = this.ciphertext(where)
      if (!ciphertext.ok) return ciphertext
      return openRecord({ key: key.value, record, custodian, contentType, ciphertext: ciphertext.value })
    } finally {
      key.value.fill(0)
    }
  }

  /** The key of the scope's newest epoch, made when there is none yet; sealed to the enrolled wallet once per epoch. */
  wrappingKey(scope: Scope): WrappingKey {
    return this.#keys.newestKey(scope) ?? this.newEpoch(scope)
  }

  /** The keys of all epochs that still open something, oldest first: what a wallet needs that enrols late. */
  wrappingKeys(scope: Scope): readonly WrappingKey[] {
    return this.#keys.allKeys(scope)
  }

  /** Begins a new epoch: records sealed from now on are wrapped under its key, older ones when `rewrap` comes to them. */
  newEpoch(scope: Scope): WrappingKey {
    const key = this.#keys.nextKey(scope)
    this.#keys.commit({ wrappingKeys: [key], dataKeys: [] })
    return key
  }

  /** Wraps the data keys of these record versions under the newest epoch of their scopes; gives how many that changed. */
  rewrap(records: readonly Uint8Array[]): number {
    if (records.length > recordsPerPackMax) throw new RangeError(`rewrapped at most ${recordsPerPackMax} at a time`)
    return this.#keys.rewrap(records)
  }

  /**
   * Destroys the data key of one record version: durable, and gone from every file of the key store, when this returns.
   * The ciphertext stays where it lies, and where its backups lie, as noise. Repeating it changes nothing.
   */
  eraseRecord(record: Uint8Array): Result<void, { readonly type: 'unknown-record' }> {
    return this.#keys.eraseRecord(record) ? ok(undefined) : no({ type: 'unknown-record' })
  }

  /** Destroys the wrapping keys of all epochs of a scope, and what they wrap; a later record begins a new epoch. */
  eraseSegment(scope: Scope): { readonly epochs: number; readonly records: number } {
    return this.#keys.eraseScope(scope)
  }

  /** Cheap figures for health and metrics. */
  stats(): ReturnType<KeyStore['counts']> {
    return this.#keys.counts()
  }

  /** Reads every pack, compares every ciphertext with its index, and asks the key store about every record version. */
  verify(progress: (packs: number) => void = () => {}): VaultReport {
    const damagedPacks: string[] = []
    const records = { open: 0, erased: 0, unknown: 0 }
    let packs = 0
    for (const object of this.#blobs.list()) {
      packs += 1
      const index = readPackIndex((offset, length) => this.#blobs.read(object, offset, length))
      let whole = index.ok
      for (const { record, ciphertextHash, offset, length } of index.ok ? index.value : []) {
        const ciphertext = this.#blobs.read(object, offset, length)
        if (ciphertext === undefined || !equalBytes(sha256(ciphertext), ciphertextHash)) whole = false
        if (ciphertext !== undefined) records[this.#keys.standing(record)] += 1
      }
      if (!whole && damagedPacks.length < damagedPacksListedMax) damagedPacks.push(object)
      progress(packs)
    }
    const { open, erased, unknown } = records
    return {
      packs,
      damagedPacks,
      open,
      erased,
      leftover: unknown,
      keysWithoutBlob: Math.max(0, this.stats().records - open),
    }
  }
}

function sealOne({ custodian, contentType, segment, bytes }: NewRecord, under: WrappingKey, drawn: Uint8Array) {
  if (bytes.length > recordBytesMax) throw new RangeError(`a record has at most ${recordBytesMax} bytes`)
  const record = drawn.slice(0, recordIdBytes)
  const key = drawn.subarray(recordIdBytes)
  const ciphertext = sealRecord({ key, record, custodian, contentType, plaintext: bytes })
  return {
    record,
    key,
    under,
    segment,
    ciphertext,
    ciphertextHash: sha256(ciphertext),
    plaintextHash: sha256(bytes),
    length: bytes.length,
  }
}

/** The wrapping keys of one batch, looked up once per scope and forgotten with the batch. */
class BatchKeys {
  readonly #keys: KeyStore
  readonly #known = new Map<string, WrappingKey>()
  /** Keys of scopes that had none. */
  readonly added: WrappingKey[] = []

  constructor(keys: KeyStore) {
    this.#keys = keys
  }

  keyFor({ custodian, patient, segment }: Scope): WrappingKey {
    const name = JSON.stringify([custodian, patient, segment])
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const newest = this.#keys.newestKey({ custodian, patient, segment })
    const key = newest ?? this.#keys.nextKey({ custodian, patient, segment })
    if (newest === undefined) this.added.push(key)
    this.#known.set(name, key)
    return key
  }

  forget(): void {
    for (const { key } of this.#known.values()) key.fill(0)
    this.#known.clear()
  }
}
