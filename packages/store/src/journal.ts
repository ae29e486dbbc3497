/**
 * Durable journals and outboxes: small tables of bytes under text keys, written in whole transactions. A write is durable
 * in a file ahead of LMDB, which is one wait for the disk, for itself or for many at once; LMDB has it many writes later.
 */
import { bytes, decode, encode, list, object, option, text } from '@plexus/codec'
import { type Environment, openEnvironment } from './environment.ts'
import { flushing, threadBytesMinDefault } from './flush.ts'
import { JournalTables, noChain } from './journal-tables.ts'
import { asciiKey, asciiText, behindPrefix, isAsciiKey } from './keys.ts'
import { StoreError } from './store-error.ts'
import type { TableGroup } from './table-group.ts'
import { openWriteAhead, type WriteAhead, writeFiles } from './write-ahead.ts'

/** One change: the new value, or null to remove the key. */
export interface JournalChange {
  readonly table: string
  readonly key: string
  readonly value: Uint8Array | null
}

export interface JournalRange {
  /** Begin behind this key. */
  readonly after?: string
  readonly prefix?: string
  readonly limit?: number
}

/** Table names are lower-case words with hyphens, keys printable ASCII of 1 to 300; keys are never sealed. */
export interface Journal {
  get(table: string, key: string): Uint8Array | undefined
  /** In rising key order. What is written during a walk may or may not be seen by it. */
  entries(table: string, range?: JournalRange): Iterable<readonly [string, Uint8Array]>
  /** All changes or none, in order, and durable on return. Throws a StoreError `write-failed` when the disk refuses. */
  write(changes: readonly JournalChange[]): void
  /** As `write`, and reads see it at once; but it is durable only when `durable` says so, with all that came before it. */
  append(changes: readonly JournalChange[]): void
  /**
   * Resolves when all that was written so far is durable; undefined when it is. Rejects with a StoreError `write-failed`:
   * what the disk holds is unknown then, and nothing is written any more.
   */
  durable(): Promise<void> | undefined
  close(): void
}

/** Seals values at rest. `open` throws or answers undefined for bytes that `seal` did not make under the same key. */
export interface Sealing {
  seal(plain: Uint8Array): Uint8Array
  open(sealed: Uint8Array): Uint8Array | undefined
}

export interface JournalOptions {
  /** A journal that was founded with sealing opens only with it, and the other way round. */
  readonly sealing?: Sealing
  /** How much waits in the file ahead before it goes to LMDB, and from how much on a thread brings it there. */
  readonly aheadBytesMax?: number
  readonly threadBytesMin?: number
}

/** Several stores of one process wait at once: less for each than a ledger, whose tiles are written again and again. */
const aheadBytesMaxDefault = 8 * 1024 * 1024
/** After a crash they are put into memory again, which takes a tenth of a second. */
const waitingWritesMax = 8_192

/** An answer with its sealed bytes and notices; charts themselves travel through the vault. */
const valueBytesMax = 64 * 1024 * 1024

const tablePattern = /^[a-z][a-z-]{0,39}$/
const keyLengthMax = 300
const placeLengthMax = 400
/** A value with what seals it. */
const sealedBytesMax = valueBytesMax + 4096
/** An import writes some thousand at once. */
const changesMax = 1_000_000
/** Sorts before every printable character, so that one table's keys stand together. */
const separator = ' '

/** What is sealed names its place: a value cannot be passed off under another key. */
const sealedValue = object({
  table: text({ max: 40 }),
  key: text({ max: keyLengthMax }),
  value: bytes({ max: valueBytesMax }),
})

/** One write, in the file ahead: values as they are stored. */
const journaledWrite = object({
  changes: list(object({ place: text({ max: placeLengthMax }), value: option(bytes({ max: sealedBytesMax })) }), {
    max: changesMax,
  }),
})

const canary = { table: 'meta', key: 'canary' }

export function openJournal(directory: string, options: JournalOptions = {}): Journal {
  const { sealing } = options
  const kind = sealing ? 'sealed-journal' : 'journal'
  const environment = openEnvironment({ directory, kind, chain: noChain })
  let ahead: WriteAhead | undefined
  try {
    if (sealing) checkKey(environment, sealing, directory)
    ahead = openWriteAhead(directory, noChain, writeFiles)
    return journalOn({ directory, kind, environment, ahead, options })
  } catch (error) {
    ahead?.close()
    environment.close()
    throw error
  }
}

/** Whoever has another key learns so before anything is read or written. */
function checkKey(environment: Environment, sealing: Sealing, directory: string): void {
  const meta = environment.table('meta')
  const at = asciiKey(canary.key)
  const stored = meta.get(at)
  if (!stored) environment.write(() => meta.put(at, sealing.seal(encode(sealedValue, { ...canary, value: noChain }))))
  else if (!openedBy(sealing, stored)) throw new StoreError('other-key', `${directory} was sealed under another key`)
}

interface Parts {
  readonly directory: string
  readonly kind: 'journal' | 'sealed-journal'
  readonly environment: Environment
  readonly ahead: WriteAhead
  readonly options: JournalOptions
}

function journalOn({ directory, kind, environment, ahead, options }: Parts): Journal {
  const { sealing, aheadBytesMax = aheadBytesMaxDefault, threadBytesMin = threadBytesMinDefault } = options
  const tables = new JournalTables(environment)
  const sizes = { aheadBytesMax, waitingMax: waitingWritesMax, threadBytesMin }
  const flush = flushing({ directory, kind, chain: noChain, tables: tables.group, ahead, ...sizes })
  let closed = false
  for (const { number, payload } of ahead.recover(tables.newest)) {
    const read = decode(journaledWrite, payload, payload.length)
    if (!read.ok) throw new StoreError('damaged', `write ${number} of the journal does not decode`)
    tables.take(read.value.changes)
  }

  function seal(table: string, key: string, value: Uint8Array): Uint8Array {
    if (value.length > valueBytesMax) throw new Error(`a value of ${table} is larger than ${valueBytesMax} bytes`)
    return sealing ? sealing.seal(encode(sealedValue, { table, key, value })) : value
  }

  function open(table: string, key: string, stored: Uint8Array): Uint8Array {
    if (!sealing) return stored
    const plain = openedBy(sealing, stored)
    const found = plain && decode(sealedValue, plain, plain.length)
    if (!found?.ok || found.value.table !== table || found.value.key !== key)
      throw new StoreError('damaged', `a value of ${table} was not sealed for its place`)
    return found.value.value
  }

  function append(changes: readonly JournalChange[]): void {
    if (changes.length === 0) return
    if (changes.length > changesMax) throw new Error(`a write of ${changes.length} changes is too large`)
    const stored = changes.map(({ table, key, value }) => ({
      place: placeOf(table, key),
      value: value && seal(table, key, value),
    }))
    flush.makeRoom()
    const payload = encode(journaledWrite, { changes: stored })
    ahead.append({ number: tables.newest + 1, payload })
    tables.take(stored)
    flush.took(payload.length)
  }

  return {
    get(table, key) {
      const stored = tables.values.get(placeOf(table, key))
      return stored && open(table, key, stored)
    },
    *entries(table, { after, prefix = '', limit = Number.POSITIVE_INFINITY } = {}) {
      const skip = prefixOf(table, '').length
      const first = prefixOf(table, prefix)
      // The zero byte makes the smallest place behind `after`.
      const behind = after === undefined ? first : `${placeOf(table, after)}\0`
      const [, start = first] = [first, behind].sort()
      const end = asciiText(behindPrefix(Buffer.from(first, 'latin1')))
      let left = limit
      if (left <= 0) return
      for (const [place, stored] of tables.values.range({ start, end })) {
        const key = place.slice(skip)
        yield [key, open(table, key, stored)]
        if (--left <= 0) return
      }
    },
    write(changes) {
      append(changes)
      ahead.sync()
    },
    append,
    durable: () => ahead.durable(),
    close() {
      if (closed) return
      closed = true
      try {
        flush.close()
        flushAtLast(tables.group)
      } finally {
        ahead.close()
        environment.close()
      }
    },
  }
}

/** What LMDB does not take now, a full disk say, stands in the files ahead. */
function flushAtLast(tables: TableGroup): void {
  try {
    tables.flush()
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
  }
}

function openedBy({ open }: Sealing, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return open(sealed)
  } catch {
    // Whatever a sealing says when it refuses, the refusal is the same to us.
    return undefined
  }
}

function placeOf(table: string, key: string): string {
  if (key.length === 0 || key.length > keyLengthMax)
    throw new Error(`a key of ${table} has 1 to ${keyLengthMax} characters`)
  return prefixOf(table, key)
}

function prefixOf(table: string, key: string): string {
  if (!tablePattern.test(table)) throw new Error('a table is named by lower-case letters and hyphens')
  if (key !== '' && !isAsciiKey(key)) throw new Error('a key is not printable ASCII of 1 to 400')
  return `${table}${separator}${key}`
}
