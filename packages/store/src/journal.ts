/** Durable journals and outboxes: small tables of bytes under text keys, written in whole transactions. */
import { bytes, decode, encode, object, text } from '@plexus/codec'
import { openEnvironment, type Table } from './environment.ts'
import { asciiKey, asciiText, behindPrefix, isAsciiKey } from './keys.ts'
import { StoreError } from './store-error.ts'

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
}

/** An answer with its sealed bytes and notices; charts themselves travel through the vault. */
const valueBytesMax = 64 * 1024 * 1024

const tablePattern = /^[a-z][a-z-]{0,39}$/
const keyLengthMax = 300
/** Sorts before every printable character, so that one table's keys stand together. */
const separator = ' '

/** What is sealed names its place: a value cannot be passed off under another key. */
const sealedValue = object({
  table: text({ max: 40 }),
  key: text({ max: keyLengthMax }),
  value: bytes({ max: valueBytesMax }),
})

const noChain = new Uint8Array(32)
const canary = { table: 'meta', key: 'canary' }

export function openJournal(directory: string, { sealing }: JournalOptions = {}): Journal {
  const environment = openEnvironment({ directory, kind: sealing ? 'sealed-journal' : 'journal', chain: noChain })
  const meta = environment.table('meta')
  const values = environment.table('values')

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

  function checkKey({ seal: close }: Sealing): void {
    const at = asciiKey(canary.key)
    const stored = meta.get(at)
    if (!stored) environment.write(() => meta.put(at, close(encode(sealedValue, { ...canary, value: noChain }))))
    else if (sealing && !openedBy(sealing, stored))
      throw new StoreError('other-key', `${directory} was sealed under another key`)
  }

  try {
    if (sealing) checkKey(sealing)
  } catch (error) {
    environment.close()
    throw error
  }

  return {
    get(table, key) {
      const stored = values.get(placeKey(table, key))
      return stored && open(table, key, stored)
    },
    *entries(table, { after, prefix = '', limit } = {}) {
      const skip = prefixKey(table, '').length
      for (const [at, stored] of walk(values, table, { prefix, limit, ...(after !== undefined && { after }) })) {
        const key = asciiText(at.subarray(skip))
        yield [key, open(table, key, stored)]
      }
    },
    write(changes) {
      const sealed = changes.map(({ table, key, value }) => ({
        at: placeKey(table, key),
        value: value && seal(table, key, value),
      }))
      environment.write(() => {
        for (const { at, value } of sealed) {
          if (value) values.put(at, value)
          else values.remove(at)
        }
      })
    },
    close: () => environment.close(),
  }
}

function walk(
  values: Table,
  table: string,
  { after, prefix, limit }: { readonly after?: string; readonly prefix: string; readonly limit: number | undefined },
) {
  const first = prefixKey(table, prefix)
  // The zero byte makes the smallest key behind `after`.
  const behind = after === undefined ? undefined : Uint8Array.from([...placeKey(table, after), 0])
  const start = behind && Buffer.compare(behind, first) > 0 ? behind : first
  return values.range({ start, end: behindPrefix(first), ...(limit !== undefined && { limit }) })
}

function openedBy({ open }: Sealing, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return open(sealed)
  } catch {
    // Whatever a sealing says when it refuses, the refusal is the same to us.
    return undefined
  }
}

function placeKey(table: string, key: string): Uint8Array {
  if (key.length === 0 || key.length > keyLengthMax)
    throw new Error(`a key of ${table} has 1 to ${keyLengthMax} characters`)
  return prefixKey(table, key)
}

function prefixKey(table: string, key: string): Uint8Array {
  if (!tablePattern.test(table)) throw new Error('a table is named by lower-case letters and hyphens')
  if (key !== '' && !isAsciiKey(key)) throw new Error('a key is not printable ASCII of 1 to 400')
  return Uint8Array.from(Buffer.from(`${table}${separator}${key}`, 'latin1'))
}
