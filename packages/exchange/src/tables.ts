import { decode, encode, type Schema, toHex, utf8 } from '@plexus/codec'
import { hmacSha256 } from '@plexus/crypto'
import type { Journal, JournalChange } from './ports.ts'

/** A typed table of the journal. Changes are handed back, so that one write holds everything that belongs together. */
export interface Table<Value> {
  get(key: string): Value | undefined
  entries(options?: {
    readonly after?: string
    readonly prefix?: string
    readonly limit?: number
  }): Iterable<readonly [string, Value]>
  put(key: string, value: Value): JournalChange
  drop(key: string): JournalChange
}

/** Answers with all their items are the largest rows. */
const rowBytesMax = 64 * 1024 * 1024

export function tableOf<Value>(journal: Journal, name: string, schema: Schema<Value>): Table<Value> {
  journal.declare?.(name, schema as Schema<unknown>)
  const read = (bytes: Uint8Array): Value => {
    const row = decode(schema, bytes, rowBytesMax)
    if (!row.ok) throw new Error(`a row of ${name} does not decode at ${row.reason.path}: the journal is damaged`)
    return row.value
  }
  return {
    get(key) {
      const bytes = journal.get(name, key)
      return bytes && read(bytes)
    },
    *entries(options) {
      for (const [key, bytes] of journal.entries(name, options)) yield [key, read(bytes)]
    },
    put: (key, value) => ({ table: name, key, value: encode(schema, value) }),
    drop: (key) => ({ table: name, key, value: null }),
  }
}

const sequenceDigits = 12

/** Rising numbers as keys that sort. */
export const sequenceKey = (sequence: number): string => String(sequence).padStart(sequenceDigits, '0')

const partDigits = 4

/** Keys of what stands in several rows: they sort by the number, then by the part, from 0. */
export const partKey = (sequence: number, part: number): string =>
  `${sequenceKey(sequence)}-${String(part).padStart(partDigits, '0')}`

/** Keys of rows about a patient say nothing to whoever reads the files: they are made under a key of the node. */
export function blindKeys(secret: Uint8Array): (...parts: readonly string[]) => string {
  return (...parts) =>
    toHex(hmacSha256(secret, utf8(parts.map((part) => `${part.length}:${part}`).join('')))).slice(0, 40)
}
