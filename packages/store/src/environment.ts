/**
 * One LMDB environment: opened only when it is ours, read without surprises, written in whole durable transactions.
 * Measured with lmdb 3.5.6: it crashes on a file that is not LMDB, and a map that reaches past the end of a torn file
 * ends the process with SIGBUS; so the file is looked at before it is mapped.
 */
import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { decode, encode, equalBytes, object, oneOf, bytes as someBytes, uint } from '@plexus/codec'
import { type Database, open } from 'lmdb'
import { asciiKey } from './keys.ts'
import { StoreError, storeErrorOf } from './store-error.ts'

/** Changed whenever the layout changes in a way that older code would misread. */
const formatVersion = 3

/** Which kind of content stands here, and whose: the chain of a ledger, zeros for a journal. */
const contentMark = object({
  kind: oneOf('ledger', 'journal', 'sealed-journal'),
  version: uint(),
  chain: someBytes({ length: 32 }),
})
export type ContentKind = 'ledger' | 'journal' | 'sealed-journal'

/** A map of byte keys to byte values inside an environment. What it hands out is a copy. */
export interface Table {
  get(key: Uint8Array): Uint8Array | undefined
  /** From `start`, or the first, up to and without `end`, in byte order. */
  range(bounds: {
    readonly start?: Uint8Array
    readonly end?: Uint8Array
    readonly limit?: number
    readonly reverse?: boolean
  }): Iterable<readonly [Uint8Array, Uint8Array]>
  /** Only inside `Environment.write`. */
  put(key: Uint8Array, value: Uint8Array): void
  remove(key: Uint8Array): void
}

export interface Environment {
  table(name: string): Table
  /** Runs `change` and makes all of it durable, or nothing. */
  write(change: () => void): void
  /** Reads from here on see what another thread has committed. */
  refresh(): void
  close(): void
}

/** Tables of the largest store, and room for two more. */
const tablesMax = 12

export interface EnvironmentOptions {
  readonly directory: string
  readonly kind: ContentKind
  readonly chain: Uint8Array
  /** False only for scratch content that nobody misses after a crash. */
  readonly durable?: boolean
}

export function openEnvironment({ directory, kind, chain, durable = true }: EnvironmentOptions): Environment {
  mkdirSync(directory, { recursive: true })
  readyForMapping(join(directory, 'data.mdb'))
  const content = { keyEncoding: 'binary', encoding: 'binary' } as const
  // Without overlappingSync a commit is durable when it returns: data, fdatasync, then the meta page through O_DSYNC.
  const root = guarded(directory, () =>
    open({
      path: directory,
      noSubdir: false,
      maxDbs: tablesMax,
      overlappingSync: false,
      noSync: !durable,
      ...content,
    }),
  )
  let closed = false
  const environment: Environment = {
    table(name) {
      const database = guarded(directory, () => root.openDB<Uint8Array, Uint8Array>({ name, ...content }))
      return tableOf(database, `${directory}, ${name}`)
    },
    write: (change) => guarded(directory, () => root.transactionSync(change)),
    refresh: () => root.resetReadTxn(),
    close() {
      if (closed) return
      closed = true
      // Nothing asynchronous is ever queued here, so LMDB closes before this returns.
      void root.close()
    },
  }
  try {
    checkContent(environment, { kind, version: formatVersion, chain })
  } catch (error) {
    environment.close()
    throw error
  }
  return environment
}

function checkContent(
  environment: Environment,
  mine: { readonly kind: ContentKind; readonly version: number; readonly chain: Uint8Array },
): void {
  const meta = environment.table('meta')
  const key = asciiKey('content')
  const stored = meta.get(key)
  if (!stored) {
    environment.write(() => meta.put(key, encode(contentMark, mine)))
    return
  }
  const found = decode(contentMark, stored)
  if (!found.ok) throw new StoreError('damaged', 'the mark of the content does not decode')
  const { kind, version, chain } = found.value
  if (version !== mine.version)
    throw new StoreError('other-format', `the content has format ${version}, this code reads ${mine.version}`)
  if (kind !== mine.kind) throw new StoreError('other-content', `a ${mine.kind} was asked for, a ${kind} stands here`)
  if (!equalBytes(chain, mine.chain)) throw new StoreError('other-content', 'the ledger belongs to another chain')
}

function tableOf(database: Database<Uint8Array, Uint8Array>, where: string): Table {
  return {
    get: (key) => guarded(where, () => copied(database.get(key))),
    *range({ start, end, limit, reverse }) {
      const entries = database.getRange({
        ...(start && { start }),
        ...(end && { end }),
        ...(limit !== undefined && { limit }),
        ...(reverse && { reverse }),
      })
      try {
        for (const { key, value } of entries) yield [copiedAll(key), copiedAll(value)] as const
      } catch (error) {
        throw storeErrorOf(error, where)
      }
    },
    put: (key, value) => void guarded(where, () => database.putSync(key, value)),
    remove: (key) => void guarded(where, () => database.removeSync(key)),
  }
}

/** Plain arrays that are nobody else's: a Buffer's `slice` shares memory, where the kernel expects a copy. */
function copiedAll(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(0, length))
  return copy
}

function copied(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && copiedAll(bytes)
}

function guarded<Value>(where: string, action: () => Value): Value {
  try {
    return action()
  } catch (error) {
    throw storeErrorOf(error, where)
  }
}

// liblmdb's mdb.c, MDB_meta after a page header of 24 bytes, little-endian on every platform that is supported.
const metaBytes = 24 + 136
const magicAt = 24
const magic = 0xbeefc0de
const dataVersionAt = 28
const dataVersion = 2
const pageSizeAt = 48
const lastPageAt = 144
const pageSizesBytes = [4096, 8192, 16_384, 32_768, 65_536]

/**
 * Refuses what is not LMDB's, and fills a file that is shorter than its pages with zeros: LMDB may leave unused pages at
 * the end unwritten, and a page that was torn off then reads as damaged.
 */
function readyForMapping(path: string): void {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return
  const file = openSync(path, 'r+')
  try {
    const { size } = fstatSync(file)
    const first = readMeta(file, 0)
    const second = readMeta(file, first.pageBytes)
    if (second.pageBytes !== first.pageBytes) throw foreign(path)
    const needed = (Math.max(first.lastPage, second.lastPage) + 1) * first.pageBytes
    if (!Number.isSafeInteger(needed)) throw foreign(path)
    if (size < needed) ftruncateSync(file, needed)
  } finally {
    closeSync(file)
  }

  function readMeta(from: number, at: number): { readonly pageBytes: number; readonly lastPage: number } {
    const meta = Buffer.alloc(metaBytes)
    if (readSync(from, meta, 0, metaBytes, at) < metaBytes) throw foreign(path)
    const pageBytes = meta.readUInt32LE(pageSizeAt)
    if (meta.readUInt32LE(magicAt) !== magic || meta.readUInt32LE(dataVersionAt) !== dataVersion) throw foreign(path)
    if (!pageSizesBytes.includes(pageBytes)) throw foreign(path)
    return { pageBytes, lastPage: Number(meta.readBigUInt64LE(lastPageAt)) }
  }
}

function foreign(path: string): StoreError {
  return new StoreError('damaged', `${path} is not an LMDB file, or its beginning is torn`)
}
