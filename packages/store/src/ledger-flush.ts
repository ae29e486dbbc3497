/**
 * When what waits goes to LMDB. Little goes at once. Much takes LMDB up to a second: it ages, and goes in a thread of its
 * own while blocks go on into the other file of the journal; only who fills that too before it is done waits for it.
 */
import type { BlockJournal } from './block-journal.ts'
import { type Flusher, type Standing, startFlusher } from './flusher.ts'
import type { LedgerTables } from './ledger-tables.ts'

/** On a quiet network blocks are small: this bounds how many are applied again after a crash. */
const journaledBlocksMax = 512

/** A start of the thread is worth it above this much in the journal. */
export const threadBytesMinDefault = 4 * 1024 * 1024

/** What waits is several times as much as its blocks in the journal: at this pace it is handed over in half its time. */
const slicePerByte = 8
const sliceBytesMin = 1024 * 1024

export interface LedgerFlushOptions {
  readonly directory: string
  readonly chain: Uint8Array
  readonly tables: LedgerTables
  /** None where nothing need survive: then everything goes at once. */
  readonly journal: BlockJournal | undefined
  /** How much waits in the journal before it goes to LMDB. */
  readonly journalBytesMax: number
  readonly threadBytesMin: number
}

export interface LedgerFlush {
  /** Before the next block is journaled: sees to it that it finds room. Throws a StoreError when LMDB cannot be written. */
  makeRoom(): void
  /** The block was taken, with so many bytes of it. */
  took(bytes: number): void
  close(): void
}

export function ledgerFlush(options: LedgerFlushOptions): LedgerFlush {
  const { directory, chain, tables, journal, journalBytesMax, threadBytesMin } = options
  let flusher: Flusher | undefined
  /** Bytes that wait for LMDB where no journal counts them. */
  let waitingBytes = 0

  function committed(): void {
    tables.forgetAged()
    journal?.release()
  }

  function settle(): Standing {
    const standing = flusher?.settled() ?? 'idle'
    if (standing === 'committed') committed()
    return standing
  }

  function finish(): void {
    if (settle() !== 'under-way') return
    flusher?.finish()
    committed()
  }

  function flushAll(): void {
    tables.flush()
    journal?.restart()
    waitingBytes = 0
  }

  function begin(): void {
    flusher ??= startFlusher({ directory, chain, tables: tables.names })
    if (!tables.hasAged) {
      tables.age()
      journal?.turn()
    }
    flusher.begin(tables.aged())
  }

  return {
    makeRoom() {
      // What failed in the thread is tried again, before more ages.
      if (settle() === 'idle' && tables.hasAged) begin()
      const used = journal?.usedBytes ?? waitingBytes
      if (used < journalBytesMax && tables.waiting < journaledBlocksMax) return
      finish()
      if (!journal || used < threadBytesMin || !journal.canTurn) flushAll()
      else begin()
    },
    took(bytes) {
      waitingBytes += bytes
      flusher?.advance(sliceBytesMin + slicePerByte * bytes)
    },
    close() {
      flusher?.close()
    },
  }
}
