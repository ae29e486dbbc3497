/** The snapshots that a node keeps for others: one folder each, named by its height, with a file for each chunk. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bytes, list } from '@plexus/codec'
import { readRecord } from './ledger-records.ts'
import { chunksMax } from './snapshot-format.ts'

export interface LedgerSnapshot {
  readonly height: number
  /** SHA-256 of each chunk, in order. */
  readonly hashes: readonly Uint8Array[]
}

/** Whoever fetches one while the next is made can end; each takes as much room as the state. */
const keptMax = 2

/** Beside the chunks. */
export const hashesFile = 'hashes'
export const hashList = list(bytes({ length: 32 }), { max: chunksMax })

export class SnapshotFiles {
  private readonly directory: string
  private kept: readonly LedgerSnapshot[] = []

  /** What was not finished before the process ended is removed. */
  constructor(directory: string) {
    this.directory = directory
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(directory))
      if (!isHeight(name)) rmSync(join(directory, name), { recursive: true, force: true })
    this.look()
  }

  /** Newest first. */
  list(): readonly LedgerSnapshot[] {
    return this.kept
  }

  chunk(height: number, index: number): Uint8Array | undefined {
    const found = this.kept.find((each) => each.height === height)
    if (!found || !Number.isSafeInteger(index) || index < 0 || index >= found.hashes.length) return undefined
    const file = join(this.directory, String(height), String(index))
    return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined
  }

  /** After another was made: the oldest go. */
  look(): void {
    const heights = readdirSync(this.directory)
      .filter(isHeight)
      .map(Number)
      .sort((a, b) => b - a)
    for (const height of heights.slice(keptMax)) rmSync(join(this.directory, String(height)), { recursive: true })
    this.kept = heights.slice(0, keptMax).map((height) => {
      const source = new Uint8Array(readFileSync(join(this.directory, String(height), hashesFile)))
      return { height, hashes: readRecord(hashList, source, `the hashes of snapshot ${height}`) }
    })
  }
}

const isHeight = (name: string): boolean => /^[1-9][0-9]{0,15}$/.test(name)
