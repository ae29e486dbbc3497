/**
 * What makes a write durable before LMDB has it, at once or together with others. It holds the newest writes only, until LMDB holds them too, in two files
 * that take turns: while the writes of one are on their way to LMDB, new ones go into the other. The number of the newest
 * write that LMDB has tells old records from new.
 */
import { join } from 'node:path'
import { type AheadFile, openAheadFile, type PlacedRecord } from './ahead-file.ts'
import { StoreError } from './store-error.ts'

export type AheadNames = readonly [first: string, second: string]

/** Beside `data.mdb`, in the folder of a ledger, and in that of a journal. */
export const blockFiles: AheadNames = ['blocks.journal', 'blocks-2.journal']
export const writeFiles: AheadNames = ['writes.journal', 'writes-2.journal']

export interface NumberedPayload {
  readonly number: number
  readonly payload: Uint8Array
}

export interface WriteAhead {
  /**
   * What follows `number`, in order: read once, after opening. What a power cut took before anybody was told that it is
   * durable ends it, and so does what stands behind. Throws a StoreError `damaged` when anything else is missing.
   */
  recover(number: number): Iterable<NumberedPayload>
  /** Not durable yet. Throws a StoreError `write-failed` when the disk refuses; nothing of the record counts then. */
  append(record: NumberedPayload): void
  /** What was appended is durable on return. Throws a StoreError `write-failed`: then nothing is appended any more. */
  sync(): void
  /** As `sync`, while others go on: one wait for the disk for all that came before it began. Undefined: it is durable. */
  durable(): Promise<void> | undefined
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
  /** The number that comes next, and that below which all are durable. */
  let next = 0
  let durableBelow = 0
  /** The wait for the disk that is under way, and the one that begins behind it. */
  let underWay: Promise<void> | undefined
  let behind: Promise<void> | undefined

  function* recover(number: number): Iterable<NumberedPayload> {
    next = number + 1
    let gap: number | undefined
    for (const { file, record } of inOrder([first, second], number)) {
      if (gap === undefined && record.number !== next) gap = next
      if (gap === undefined) {
        current = file
        file.keep(record)
        next = record.number + 1
        yield record
      } else if (record.durableBelow > gap) throw missingRecord(directory, gap, record.number)
      else file.drop(record)
    }
    sync()
  }

  function sync(): void {
    first.sync()
    second.sync()
    durableBelow = next
  }

  async function wait(): Promise<void> {
    const below = next
    await Promise.all([first.syncBeside(), second.syncBeside()])
    durableBelow = Math.max(durableBelow, below)
  }

  function begin(): Promise<void> {
    const begun = wait().finally(() => {
      underWay = undefined
    })
    underWay = begun
    return begun
  }

  function durable(): Promise<void> | undefined {
    if (durableBelow === next) return undefined
    if (!underWay) return begin()
    behind ??= underWay
      .catch(() => {})
      .then(() => {
        behind = undefined
        return durable()
      })
    return behind
  }

  return {
    recover,
    append(record) {
      current.append({ ...record, durableBelow })
      next = record.number + 1
    },
    sync,
    durable,
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

/** The records of both files: each holds a run of its own, the one that begins lower comes first. */
function* inOrder(files: readonly AheadFile[], number: number) {
  const started = []
  for (const file of files) {
    const records = file.recover(number)[Symbol.iterator]()
    const next = records.next()
    if (!next.done) started.push({ file, records, next })
  }
  for (const { file, records, next } of started.sort((a, b) => a.next.value.number - b.next.value.number))
    for (let at: IteratorResult<PlacedRecord> = next; !at.done; at = records.next()) yield { file, record: at.value }
}

function missingRecord(path: string, expected: number, found: number): StoreError {
  return new StoreError('damaged', `${path}: record ${expected} is not readable, though ${found} is`)
}
