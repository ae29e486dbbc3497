/**
 * Forks that this node has seen, as files of evidence in the member's folder. While one lies there it stands, through every
 * restart: an operator moves it away when the members have decided which ledger is theirs.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '@plexus/store'

/** One is enough to stop; a liar with the votes for it makes no more files than this. */
const filesMax = 16
const ending = '.evidence'

/** Names of the files of evidence in a folder, which need not be there. */
export const forksIn = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(ending)) : []

export class StandingForks {
  private readonly folder: string
  private names: readonly string[]

  constructor(folder: string) {
    this.folder = folder
    this.names = forksIn(folder)
  }

  get stand(): boolean {
    return this.names.length > 0
  }

  get count(): number {
    return this.names.length
  }

  /** Looks what the operator has left there. */
  look(): void {
    this.names = forksIn(this.folder)
  }

  /** Durable on return. The first that shows a height with a member is kept. */
  keep(name: string, evidence: Uint8Array): void {
    const file = `${name}${ending}`
    this.look()
    if (this.names.includes(file) || this.names.length >= filesMax) return
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    writeDurably(join(this.folder, file), evidence)
    this.look()
  }
}
