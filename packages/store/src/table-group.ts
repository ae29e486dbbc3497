/** Tables of one environment whose writes wait in memory together, and go to LMDB in one durable transaction. */
import { BufferedTable, type KeyKind } from './buffered-table.ts'
import type { Environment } from './environment.ts'
import type { PackedWrite } from './flush-wire.ts'

export class TableGroup {
  /** Blocks, or writes of a journal, that wait and have not aged. */
  waiting = 0
  hasAged = false
  private readonly environment: Environment
  /** What else is to be written with what waits. */
  private readonly complete: () => void
  private readonly all: { readonly name: string; readonly table: BufferedTable<number> | BufferedTable<string> }[] = []

  constructor(environment: Environment, complete: () => void = () => {}) {
    this.environment = environment
    this.complete = complete
  }

  table<Key extends number | string>(name: string, kind: KeyKind<Key>): BufferedTable<Key> {
    const made = new BufferedTable(this.environment.table(name), kind)
    this.all.push({ name, table: made as BufferedTable<number> | BufferedTable<string> })
    return made
  }

  get names(): readonly string[] {
    return this.all.map(({ name }) => name)
  }

  /** All that waits goes to LMDB in one durable transaction. */
  flush(): void {
    if (this.waiting === 0 && !this.hasAged) return
    this.complete()
    this.environment.write(() => {
      for (const { table } of this.all) table.flush()
    })
    for (const { table } of this.all) table.forget()
    this.waiting = 0
    this.hasAged = false
  }

  /** All that waits has aged: it is about to go to LMDB, and what is written from here on waits apart. */
  age(): void {
    this.complete()
    for (const { table } of this.all) table.ageAll()
    this.waiting = 0
    this.hasAged = true
  }

  /** What has aged, by the place of its table among `names`. */
  *aged(): Iterable<PackedWrite> {
    for (const [table, each] of this.all.entries())
      for (const [key, value] of each.table.aged()) yield { table, key, value }
  }

  /** Another thread has made durable what had aged. */
  forgetAged(): void {
    this.environment.refresh()
    for (const { table } of this.all) table.forgetAged()
    this.hasAged = false
  }
}
