/**
 * The journal that makes a block durable. It holds the newest blocks only, until LMDB holds them too, in two files that
 * take turns: while the blocks of one are on their way to LMDB, new ones go into the other. LMDB's own height tells old
 * records from new.
 */
import { join } from 'node:path'
import { type JournaledBlock, type JournalFile, missingBlock, openJournalFile } from './journal-file.ts'

/** Beside `data.mdb`, in the folder of a ledger. */
export const journalNames = ['blocks.journal', 'blocks-2.journal'] as const

export interface BlockJournal {
  /** What follows `height`, in order: read once, after opening. Throws a StoreError `damaged` when one is missing. */
  recover(height: number): Iterable<JournaledBlock>
  /** Durable on return. Throws a StoreError `write-failed` when the disk refuses; nothing of the block counts then. */
  append(block: JournaledBlock): void
  /** Of the file that is written now. */
  readonly usedBytes: number
  /** Whether the other file holds nothing that LMDB lacks. */
  readonly canTurn: boolean
  /** From here on blocks go into the other file. */
  turn(): void
  /** LMDB holds what was appended before the last turn. */
  release(): void
  /** LMDB holds everything. */
  restart(): void
  close(): void
}

/** Opens or makes the journal in `directory`. Throws a StoreError when a file is another chain's, or is none. */
export function openBlockJournal(directory: string, chain: Uint8Array): BlockJournal {
  const first = openJournalFile(join(directory, journalNames[0]), chain)
  let second: JournalFile
  try {
    second = openJournalFile(join(directory, journalNames[1]), chain)
  } catch (error) {
    first.close()
    throw error
  }
  let current = first
  const other = (): JournalFile => (current === first ? second : first)

  function* recover(height: number): Iterable<JournaledBlock> {
    const started = []
    for (const file of [first, second]) {
      const blocks = file.recover(height)[Symbol.iterator]()
      const next = blocks.next()
      if (!next.done) started.push({ file, blocks, next })
    }
    let expected = height + 1
    for (const { file, blocks, next } of started.sort((a, b) => a.next.value.height - b.next.value.height)) {
      current = file
      for (let at: IteratorResult<JournaledBlock> = next; !at.done; at = blocks.next()) {
        if (at.value.height !== expected) throw missingBlock(directory, expected, at.value.height)
        expected += 1
        yield at.value
      }
    }
  }

  return {
    recover,
    append: (block) => current.append(block),
    get usedBytes() {
      return current.usedBytes
    },
    get canTurn() {
      return other().usedBytes === 0
    },
    turn() {
      if (other().usedBytes > 0) throw new Error('the other file holds blocks that LMDB lacks')
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
