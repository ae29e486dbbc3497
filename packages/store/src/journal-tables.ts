/** What a journal holds: values under the places of their keys, and how many writes led there. */
import { BufferedTable } from './buffered-table.ts'
import type { Environment } from './environment.ts'
import type { WaitingTables } from './flush.ts'
import type { PackedWrite } from './flush-wire.ts'
import { byteKeys, keyNumber, numberKey } from './keys.ts'

const newestKey = 'newest'

export class JournalTables implements WaitingTables {
  readonly names = ['values', 'meta']
  readonly values: BufferedTable<string>
  waiting = 0
  hasAged = false
  /** Number of the newest write, from 0; -1 before the first. */
  newest: number
  private readonly meta: BufferedTable<string>
  private readonly environment: Environment

  constructor(environment: Environment) {
    this.environment = environment
    this.values = new BufferedTable(environment.table('values'), byteKeys)
    this.meta = new BufferedTable(environment.table('meta'), byteKeys)
    const newest = this.meta.get(newestKey)
    this.newest = newest ? keyNumber(newest) : -1
  }

  /** The next write: its changes in their order. */
  take(changes: readonly { readonly place: string; readonly value: Uint8Array | null }[]): void {
    for (const { place, value } of changes) this.values.set(place, value)
    this.newest += 1
    this.meta.set(newestKey, numberKey(this.newest))
    this.waiting += 1
  }

  flush(): void {
    if (this.waiting === 0 && !this.hasAged) return
    this.environment.write(() => {
      this.values.flush()
      this.meta.flush()
    })
    this.values.forget()
    this.meta.forget()
    this.waiting = 0
    this.hasAged = false
  }

  age(): void {
    this.values.ageAll()
    this.meta.ageAll()
    this.waiting = 0
    this.hasAged = true
  }

  *aged(): Iterable<PackedWrite> {
    for (const [table, each] of [this.values, this.meta].entries())
      for (const [key, value] of each.aged()) yield { table, key, value }
  }

  forgetAged(): void {
    this.environment.refresh()
    this.values.forgetAged()
    this.meta.forgetAged()
    this.hasAged = false
  }
}
