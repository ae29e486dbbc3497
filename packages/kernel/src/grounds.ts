/** What a block stands on: the contracts that run in it, and what the directory says of members and keys. */
import { equalBytes } from '@plexus/codec'
import { DirectoryAnswers, type KeyDirectory } from './directory.ts'
import type { LedgerReader } from './ledger.ts'
import { Overlay, type StateReader } from './state.ts'
import type { Running, Versions } from './versions.ts'

export interface Ground {
  readonly height: number
  /** The state before the first transaction, after the migrations of whatever begins. */
  readonly state: StateReader
  readonly running: Running
  /** Whether a version begins in this block. */
  readonly began: boolean
  readonly answers: DirectoryAnswers
}

/** One ground serves all checks between two blocks, and the block that follows them. */
export class Grounds {
  private readonly versions: Versions
  private readonly directory: KeyDirectory
  private readonly newest = new WeakMap<LedgerReader, Ground>()
  /** The answers after the block that was applied last on a reader: most blocks leave them as they were. */
  private readonly after = new WeakMap<
    LedgerReader,
    { readonly appHash: Uint8Array; readonly answers: DirectoryAnswers }
  >()

  constructor(versions: Versions, directory: KeyDirectory) {
    this.versions = versions
    this.directory = directory
  }

  /** Of the block of this height, which follows the reader's tip. */
  at(reader: LedgerReader, height: number): Ground {
    const known = this.newest.get(reader)
    if (known?.height === height) return known
    const made = this.made(reader, height)
    this.newest.set(reader, made)
    return made
  }

  private made(reader: LedgerReader, height: number): Ground {
    const before = this.answersOn(reader)
    const goesOn = before.runningOn(height)
    if (goesOn) return { height, state: reader, running: goesOn, began: false, answers: before }
    const running = this.versions.at(reader, height)
    const migrated = new Overlay(reader)
    const began = this.versions.begin(migrated, height, running).length > 0
    if (began) return { height, state: migrated, running, began, answers: new DirectoryAnswers(this.directory) }
    before.keepRunning(reader, height, running)
    return { height, state: reader, running, began, answers: before }
  }

  /** The answers after some changes on a state on which these held. */
  answersAfter(answers: DirectoryAnswers, { changes }: Overlay): DirectoryAnswers {
    for (const key of changes.keys())
      if (key.startsWith(`${this.directory.contract}/`)) return new DirectoryAnswers(this.directory)
    return answers
  }

  /** Once the reader has this app hash, these answers hold. */
  keep(reader: LedgerReader, appHash: Uint8Array, answers: DirectoryAnswers): void {
    this.after.set(reader, { appHash, answers })
  }

  private answersOn(reader: LedgerReader): DirectoryAnswers {
    const last = this.after.get(reader)
    const tip = reader.tip()
    return last && tip && equalBytes(last.appHash, tip.appHash) ? last.answers : new DirectoryAnswers(this.directory)
  }
}
