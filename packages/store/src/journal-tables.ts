/** What a journal holds: values under the places of their keys, and how many writes led there. */
import type { BufferedTable } from './buffered-table.ts'
import type { Environment } from './environment.ts'
import { byteKeys, keyNumber, numberKey } from './keys.ts'
import { TableGroup } from './table-group.ts'

/** A journal belongs to no chain. */
export const noChain = new Uint8Array(32)
const newestKey = 'newest'

export class JournalTables {
  readonly group: TableGroup
  readonly values: BufferedTable<string>
  /** Number of the newest write, from 0; -1 before the first. */
  newest: number
  private readonly meta: BufferedTable<string>

  constructor(environment: Environment) {
    this.group = new TableGroup(environment)
    this.values = this.group.table('values', byteKeys)
    this.meta = this.group.table('meta', byteKeys)
    const newest = this.meta.get(newestKey)
    this.newest = newest ? keyNumber(newest) : -1
  }

  /** The next write: its changes in their order. */
  take(changes: readonly { readonly place: string; readonly value: Uint8Array | null }[]): void {
    for (const { place, value } of changes) this.values.set(place, value)
    this.newest += 1
    this.meta.set(newestKey, numberKey(this.newest))
    this.group.waiting += 1
  }
}
