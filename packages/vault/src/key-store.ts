import { concatBytes, equalBytes, lengthPrefixed, no, ok, type Result, utf8 } from '@plexus/codec'
import { hkdf, hmacSha256, openAead, type RandomBytes, sealAead } from '@plexus/crypto'
import { type DurableStep, durableStep } from './durable-step.ts'
import { KeyFiles } from './key-files.ts'
import type { KeyEntry, KeyTable } from './key-generation.ts'

/** Whose records a wrapping key covers: one patient at one custodian in one segment. */
export interface Scope {
  readonly custodian: string
  /** The patient's identifier at this custodian. It never reaches the disk, not even in the name of a key. */
  readonly patient: string
  /** A name such as `general` or `part2`; who may read it is not this package's business. */
  readonly segment: string
}

/** The wrapping key of one epoch of one scope, in clear: for the vault and for sealing to the enrolled wallet. */
export interface WrappingKey {
  /** Names the scope in this key store only. */
  readonly scopeId: Uint8Array
  readonly epoch: number
  readonly key: Uint8Array
}

export type NoDataKey =
  | { readonly type: 'erased' }
  | { readonly type: 'unknown-record' }
  /** The key store's bytes were altered: what lies there was not wrapped by it. */
  | { readonly type: 'key-damaged' }

/** Length of master, wrapping and data keys, in bytes. */
export const keyBytes = 32

const label = (name: string) => utf8(`plexus/v1/vault/${name}`)
const namesInfo = label('names')
const mastersInfo = label('wrapping-under-master')
const scopeLabel = label('scope')
const checkLabel = label('master-key-check')
const wrappingKeyLabel = label('wrapping-key')
const dataKeyLabel = label('data-key')

/** Half a hash: two of 2^32 scopes share one with a chance below 2^-64, and each record's entry carries it. */
const scopeIdBytes = 16
const epochBytes = 4
const nonceBytes = 12
const dataKeyHeadBytes = scopeIdBytes + epochBytes
const masterKeyCheck = utf8('master-key-check')

/** A key store opened with another master key would take in records that the right one could not find. */
export type KeyStoreRefusal = { readonly type: 'wrong-master-key' }

/**
 * Opens, or makes, the key store in `folder`. The master key (32 bytes) comes from the node and is kept elsewhere: the
 * folder alone opens nothing. One process at a time may have it open.
 */
export function openKeyStore(given: {
  readonly folder: string
  readonly masterKey: Uint8Array
  readonly random: RandomBytes
  readonly step?: DurableStep
}): Result<KeyStore, KeyStoreRefusal> {
  if (given.masterKey.length !== keyBytes) throw new RangeError(`the master key has ${keyBytes} bytes`)
  const files = new KeyFiles({ folder: given.folder, step: given.step ?? durableStep })
  const derive = (info: Uint8Array) =>
    hkdf({ secret: given.masterKey, salt: new Uint8Array(0), info, length: keyBytes })
  const names = derive(namesInfo)
  const expected = hmacSha256(names, checkLabel)
  const found = files.tables.get('about', masterKeyCheck)
  if (found === undefined) files.commit([['about', { name: masterKeyCheck, value: expected }]])
  else if (!equalBytes(found, expected)) {
    files.close()
    return no({ type: 'wrong-master-key' })
  }
  return ok(new KeyStore({ files, names, master: derive(mastersInfo), random: given.random }))
}

/**
 * Wrapped data keys by record version, wrapped wrapping keys by scope and epoch, and the traces of what was erased.
 * Everything is durable when the method that wrote it returns.
 */
export class KeyStore {
  readonly #files: KeyFiles
  /** Names of scopes are HMACs under this key, so the store tells nobody which patients it knows. */
  readonly #names: Uint8Array
  readonly #master: Uint8Array
  readonly #random: RandomBytes

  constructor(parts: { files: KeyFiles; names: Uint8Array; master: Uint8Array; random: RandomBytes }) {
    this.#files = parts.files
    this.#names = parts.names
    this.#master = parts.master
    this.#random = parts.random
  }

  /** The key of the newest epoch; undefined when the scope has none, or all of them were erased. */
  newestKey(scope: Scope): WrappingKey | undefined {
    return this.#newestOf(this.#scopeId(scope))
  }

  /** The keys of all epochs that were not erased, oldest first. */
  allKeys(scope: Scope): readonly WrappingKey[] {
    const scopeId = this.#scopeId(scope)
    return [...this.#files.tables.range('wrapping-keys', epochsOf(scopeId))].map((entry) => this.#unwrapped(entry))
  }

  /** A fresh key for the scope's next epoch. It is not in the store before `commit` was given it. */
  nextKey(scope: Scope): WrappingKey {
    const scopeId = this.#scopeId(scope)
    const newest = this.#lastEpoch('wrapping-keys', scopeId) ?? this.#lastEpoch('erased-epochs', scopeId) ?? 0
    return { scopeId, epoch: newest + 1, key: this.#random(keyBytes) }
  }

  /** Stores new wrapping keys and data keys in one transaction: after a crash all of them are there, or none. */
  commit({
    wrappingKeys,
    dataKeys,
  }: {
    readonly wrappingKeys: readonly WrappingKey[]
    readonly dataKeys: readonly { readonly record: Uint8Array; readonly key: Uint8Array; readonly under: WrappingKey }[]
  }): void {
    const entries: [KeyTable, KeyEntry][] = []
    for (const { scopeId, epoch, key } of wrappingKeys) {
      const name = epochName(scopeId, epoch)
      const context = lengthPrefixed(wrappingKeyLabel, name)
      const value = wrap({ under: this.#master, key, context, nonce: this.#random(nonceBytes) })
      entries.push(['wrapping-keys', { name, value }])
    }
    const nonces = this.#random(dataKeys.length * nonceBytes)
    dataKeys.forEach(({ record, key, under }, index) => {
      const nonce = nonces.subarray(index * nonceBytes, (index + 1) * nonceBytes)
      entries.push(['data-keys', dataKeyEntry({ record, key, under, nonce })])
    })
    this.#files.commit(entries)
  }

  /** The data key of one record version, in clear. */
  dataKey(record: Uint8Array): Result<Uint8Array, NoDataKey> {
    const value = this.#files.tables.get('data-keys', record)
    if (value === undefined) return no({ type: this.#isErased(record) ? 'erased' : 'unknown-record' })
    return this.#openDataKey(record, value)
  }

  /** What is known of a record version, without opening anything. */
  standing(record: Uint8Array): 'open' | 'erased' | 'unknown' {
    if (this.#files.tables.get('data-keys', record) !== undefined) return 'open'
    return this.#isErased(record) ? 'erased' : 'unknown'
  }

  /** Wraps data keys under the newest epoch of their scope, in one transaction; returns how many were under an older. */
  rewrap(records: readonly Uint8Array[]): number {
    const entries: [KeyTable, KeyEntry][] = []
    for (const record of records) {
      const value = this.#files.tables.get('data-keys', record)
      if (value === undefined) continue
      const newest = this.#newestOf(value.slice(0, scopeIdBytes))
      if (newest === undefined || newest.epoch === uint32At(value, scopeIdBytes)) continue
      const key = this.#openDataKey(record, value)
      // A damaged entry is left as it is: `dataKey` reports it to whoever asks for that record.
      if (!key.ok) continue
      const nonce = this.#random(nonceBytes)
      entries.push(['data-keys', dataKeyEntry({ record, key: key.value, under: newest, nonce })])
    }
    if (entries.length > 0) this.#files.commit(entries)
    return entries.length
  }

  /** Destroys one data key. False when the record is unknown; an erased one stays erased. */
  eraseRecord(record: Uint8Array): boolean {
    const standing = this.standing(record)
    if (standing === 'open') {
      this.#files.erase((table, { name }) => table === 'data-keys' && equalBytes(name, record))
    }
    return standing !== 'unknown'
  }

  /**
   * Destroys the wrapping keys of all epochs of a scope, and the data keys wrapped under them: the wallet has a copy of
   * the former, which must not open what is left here.
   */
  eraseScope(scope: Scope): { readonly epochs: number; readonly records: number } {
    const scopeId = this.#scopeId(scope)
    let epochs = 0
    let records = 0
    if (this.#lastEpoch('wrapping-keys', scopeId) === undefined) return { epochs, records }
    this.#files.erase((table, { name, value }) => {
      if (!equalBytes((table === 'data-keys' ? value : name).subarray(0, scopeIdBytes), scopeId)) return false
      if (table === 'data-keys') records += 1
      else epochs += 1
      return true
    })
    return { epochs, records }
  }

  /** Numbers of entries, and how often the store was rewritten; none of them needs a walk over the store. */
  counts(): {
    readonly records: number
    readonly erasedRecords: number
    readonly epochs: number
    readonly erasedEpochs: number
    readonly generation: number
  } {
    const { tables, generation } = this.#files
    return {
      records: tables.count('data-keys'),
      erasedRecords: tables.count('erased-records'),
      epochs: tables.count('wrapping-keys'),
      erasedEpochs: tables.count('erased-epochs'),
      generation,
    }
  }

  close(): void {
    this.#files.close()
    this.#master.fill(0)
    this.#names.fill(0)
  }

  #scopeId({ custodian, patient, segment }: Scope): Uint8Array {
    const scope = lengthPrefixed(scopeLabel, utf8(custodian), utf8(patient), utf8(segment))
    return hmacSha256(this.#names, scope).slice(0, scopeIdBytes)
  }

  #isErased(record: Uint8Array): boolean {
    return this.#files.tables.get('erased-records', record) !== undefined
  }

  #newestOf(scopeId: Uint8Array): WrappingKey | undefined {
    for (const entry of this.#files.tables.range('wrapping-keys', { ...epochsOf(scopeId), reverse: true })) {
      return this.#unwrapped(entry)
    }
    return undefined
  }

  #lastEpoch(table: KeyTable, scopeId: Uint8Array): number | undefined {
    for (const { name } of this.#files.tables.range(table, { ...epochsOf(scopeId), reverse: true })) {
      return uint32At(name, scopeIdBytes)
    }
    return undefined
  }

  #unwrapped({ name, value }: KeyEntry): WrappingKey {
    const key = unwrap({ under: this.#master, value, context: lengthPrefixed(wrappingKeyLabel, name) })
    // The master key was checked at opening, so the medium has altered the key store: nothing of it can be relied on.
    if (key === undefined) throw new Error('a wrapping key in the key store is damaged')
    return { scopeId: name.slice(0, scopeIdBytes), epoch: uint32At(name, scopeIdBytes), key }
  }

  #openDataKey(record: Uint8Array, value: Uint8Array): Result<Uint8Array, { readonly type: 'key-damaged' }> {
    const head = value.subarray(0, dataKeyHeadBytes)
    const wrapped = this.#files.tables.get('wrapping-keys', head)
    if (wrapped === undefined) return no({ type: 'key-damaged' })
    const under = unwrap({ under: this.#master, value: wrapped, context: lengthPrefixed(wrappingKeyLabel, head) })
    if (under === undefined) return no({ type: 'key-damaged' })
    const context = lengthPrefixed(dataKeyLabel, record, head)
    const key = unwrap({ under, value: value.subarray(dataKeyHeadBytes), context })
    under.fill(0)
    return key === undefined ? no({ type: 'key-damaged' }) : ok(key)
  }
}

interface NewDataKey {
  readonly record: Uint8Array
  readonly key: Uint8Array
  readonly under: WrappingKey
  readonly nonce: Uint8Array
}

/** Scope and epoch stand in clear before the wrapped key: they say which wrapping key opens it. */
function dataKeyEntry({ record, key, under, nonce }: NewDataKey): KeyEntry {
  const head = epochName(under.scopeId, under.epoch)
  const context = lengthPrefixed(dataKeyLabel, record, head)
  return { name: record, value: concatBytes(head, wrap({ under: under.key, key, context, nonce })) }
}

interface Wrapping {
  readonly under: Uint8Array
  readonly key: Uint8Array
  readonly context: Uint8Array
  /** Random: a key wraps at most the records of one patient and epoch, far below the 2^32 of NIST SP 800-38D §8.3. */
  readonly nonce: Uint8Array
}

function wrap({ under, key, context, nonce }: Wrapping): Uint8Array {
  return concatBytes(nonce, sealAead({ key: under, nonce, plaintext: key, context }))
}

function unwrap(wrapped: { under: Uint8Array; value: Uint8Array; context: Uint8Array }): Uint8Array | undefined {
  const nonce = wrapped.value.subarray(0, nonceBytes)
  const sealed = wrapped.value.subarray(nonceBytes)
  return openAead({ key: wrapped.under, nonce, sealed, context: wrapped.context })
}

function epochName(scopeId: Uint8Array, epoch: number): Uint8Array {
  const name = new Uint8Array(scopeIdBytes + epochBytes)
  name.set(scopeId)
  new DataView(name.buffer).setUint32(scopeIdBytes, epoch)
  return name
}

function epochsOf(scopeId: Uint8Array): { first: Uint8Array; last: Uint8Array } {
  return { first: epochName(scopeId, 0), last: epochName(scopeId, 0xffff_ffff) }
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset)
}
