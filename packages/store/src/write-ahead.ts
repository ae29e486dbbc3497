/**
 * What makes a write durable before LMDB has it. It holds the newest writes only, until LMDB holds them too, in two files
 * that take turns: while the writes of one are on their way to LMDB, new ones go into the other. The number of the newest
 * write that LMDB has tells old records from new.
 */
import { join } from 'node:path'
import { type AheadFile, type AheadRecord, missingRecord, openAheadFile } from './ahead-file.ts'

export type AheadNames = readonly [first: string, second: string]

/** Beside `data.mdb`, in the folder of a ledger, and in that of a journal. */
export const blockFiles: AheadNames = ['blocks.journal', 'blocks-2.journal']
export const writeFiles: AheadNames = ['writes.journal', 'writes-2.journal']

export interface WriteAhead {
  /** What follows `number`, in order: read once, after opening. Throws a StoreError `damaged` when one is missing. */
  recover(number: number): Iterable<AheadRecord>
  /** Durable on return. Throws a StoreError `write-failed` when the disk refuses; nothing of the record counts then. */
  append(record: AheadRecord): void
  /** Of the file that is written now. */
  readonly usedBytes: number
  /** Whether the other file holds nothing that LMDB lacks. */
  readonly canTurn: boolean
  /** From here on records go into the other file. */
  turn(): void
  /** LMDB holds what was appended before the last turn. */
  release(): void
  /** LMDB holds everything. */
  restart(): void
  close(): void
}

/** Opens or makes both files in `directory`. Throws a StoreError when a file is another chain's, or is none. */
export function openWriteAhead(directory: string, chain: Uint8Array, names: AheadNames): WriteAhead {
  const first = openAheadFile(join(directory, names[0]), chain)
  let second: AheadFile
  try {
    second = openAheadFile(join(directory, names[1]), chain)
  } catch (error) {
    first.close()
    throw error
  }
  let current = first
  const other = (): AheadFile => (current === first ? second : first)

  function* recover(number: number): Iterable<AheadRecord> {
    const started = []
    for (const file of [first, second]) {
      const records = file.recover(number)[Symbol.iterator]()
      const next = records.next()
      if (!next.done) started.push({ file, records, next })
    }
    let expected = number + 1
    for (const { file, records, next } of started.sort((a, b) => a.next.value.number - b.next.value.number)) {
      current = file
      for (let at: IteratorResult<AheadRecord> = next; !at.done; at = records.next()) {
        if (at.value.number !== expected) throw missingRecord(directory, expected, at.value.number)
        expected += 1
        yield at.value
      }
    }
  }

  return {
    recover,
    append: (record) => current.append(record),
    get usedBytes() {
      return current.usedBytes
    },
    get canTurn() {
      return other().usedBytes === 0
    },
    turn() {
      if (other().usedBytes > 0) throw new Error('the other file holds records that LMDB lacks')
      current = other()
    },
    release: () => other().restart(),
    restart() {
      first.restart()
      second.restart()
    },
    close() {
      first.close()
      second.close()
    },
  }
}
