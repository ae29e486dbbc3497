import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Database, open, type RootDatabase } from 'lmdb'
import { makeFolder, syncFile, syncFolder, writeDurably } from './files.ts'

/** The tables of the key store. What the names and values mean is the matter of `key-store.ts`. */
export const keyTables = ['about', 'erased-epochs', 'erased-records', 'wrapping-keys', 'data-keys'] as const
export type KeyTable = (typeof keyTables)[number]

export interface KeyEntry {
  readonly name: Uint8Array
  readonly value: Uint8Array
}

/** Where the trace of an entry goes when the entry itself is left out of the next generation. */
export const traceTable: Readonly<Partial<Record<KeyTable, KeyTable>>> = {
  'wrapping-keys': 'erased-epochs',
  'data-keys': 'erased-records',
}

export const generationFile = 'keys.mdb'

/** Bounds the dirty pages of one transaction while a generation is copied. */
const entriesPerCopyTransaction = 10_000

/** More than the lock file of LMDB's default number of readers, which it otherwise makes at opening. */
const lockFileBytes = 16 * 1024

/** Several times the lock file and the first pages of an empty store. */
const roomBytes = 256 * 1024

/** Key store files are never compressed or cached, and unused parts of a page are zeros rather than old heap. */
const tableOptions = { encoding: 'binary', keyEncoding: 'binary', compression: false, cache: false } as const
const environmentOptions = { ...tableOptions, maxDbs: keyTables.length, noSubdir: true, noMemInit: false } as const

/** One generation of the key store: an LMDB file in a folder of its own. All of it is synchronous. */
export class KeyGeneration {
  readonly #root: RootDatabase<Uint8Array, Uint8Array>
  readonly #tables: ReadonlyMap<KeyTable, Database<Uint8Array, Uint8Array>>

  private constructor(root: RootDatabase<Uint8Array, Uint8Array>) {
    this.#root = root
    this.#tables = new Map(
      keyTables.map((table) => [table, root.openDB<Uint8Array, Uint8Array>({ name: table, ...tableOptions })]),
    )
  }

  /** Commits of what is opened here are on the disk when they return: LMDB syncs data, then its root page. */
  static open(folder: string): KeyGeneration {
    const path = join(folder, generationFile)
    // LMDB would make an empty store, and the keys would seem never to have been.
    if (!existsSync(path)) throw new Error('a generation of the key store is there without its file')
    return KeyGeneration.#at(path, { noSync: false })
  }

  /** Makes a generation in a new folder from what `fill` writes; file and folder are durable when this returns. */
  static create(folder: string, fill: (write: (table: KeyTable, entry: KeyEntry) => void) => void): void {
    makeFolder(folder)
    const path = join(folder, generationFile)
    checkRoom(folder)
    // Synced once, as a whole, at the end.
    const made = KeyGeneration.#at(path, { noSync: true })
    let waiting: [KeyTable, KeyEntry][] = []
    const flush = () => {
      made.commit((put) => {
        for (const [table, entry] of waiting) put(table, entry)
      })
      waiting = []
    }
    try {
      fill((table, entry) => {
        waiting.push([table, entry])
        if (waiting.length === entriesPerCopyTransaction) flush()
      })
      flush()
    } finally {
      made.close()
    }
    syncFile(path)
    syncFolder(folder)
  }

  static #at(path: string, { noSync }: { noSync: boolean }): KeyGeneration {
    reserveLockFile(path)
    const root = open<Uint8Array, Uint8Array>({ path, ...environmentOptions, noSync, overlappingSync: false })
    try {
      return new KeyGeneration(root)
    } catch (error) {
      root.close()
      throw error
    }
  }

  get(table: KeyTable, name: Uint8Array): Uint8Array | undefined {
    const value = this.#table(table).get(name)
    return value === undefined ? undefined : new Uint8Array(value)
  }

  // Copies go out: LMDB may hand out memory that its next read overwrites.

  /** Entries from `first` to `last`, both included, in byte order of their names, or the other way round. */
  *range(table: KeyTable, range?: { first: Uint8Array; last: Uint8Array; reverse?: boolean }): Iterable<KeyEntry> {
    const options =
      range === undefined
        ? {}
        : range.reverse
          ? { start: range.last, end: range.first, inclusiveEnd: true, reverse: true }
          : { start: range.first, end: range.last, inclusiveEnd: true }
    for (const { key, value } of this.#table(table).getRange(options)) {
      yield { name: new Uint8Array(key), value: new Uint8Array(value) }
    }
  }

  count(table: KeyTable): number {
    const stats: { entryCount?: number } = this.#table(table).getStats()
    return stats.entryCount ?? 0
  }

  /** All that `write` puts, or nothing if it throws. */
  commit(write: (put: (table: KeyTable, entry: KeyEntry) => void) => void): void {
    this.#root.transactionSync(() => {
      write((table, { name, value }) => {
        this.#table(table).put(name, value)
      })
    })
  }

  close(): void {
    // Nothing asynchronous is ever started on it, so LMDB unmaps the file before this returns.
    this.#root.close()
  }

  #table(table: KeyTable): Database<Uint8Array, Uint8Array> {
    const found = this.#tables.get(table)
    if (found === undefined) throw new Error(`no table ${table} in the key store`)
    return found
  }
}

/**
 * LMDB maps its lock file into memory, with holes in it; on a full disk the first write to a hole kills the process.
 * Written out beforehand it has no holes, and a full disk is an error like any other.
 */
function reserveLockFile(path: string): void {
  const lockFile = `${path}-lock`
  if (!existsSync(lockFile)) writeDurably(lockFile, new Uint8Array(lockFileBytes))
}

/** LMDB dies, instead of failing, when its first pages find no room; a file of our own is asked for before it. */
function checkRoom(folder: string): void {
  const path = join(folder, 'room')
  try {
    writeDurably(path, new Uint8Array(roomBytes))
  } finally {
    rmSync(path, { force: true })
  }
}
