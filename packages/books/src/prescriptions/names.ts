/** Which items the systems beside a node mean by names of their own. A name is no key: several items may bear it. */
import { toHex } from '@plexus/codec'
import type { JournalChange, Table } from '@plexus/exchange'
import type { LineNames } from '@plexus/sdk'
import type { BookDesk } from '../desk.ts'
import { namedMax, namedRow } from './rows.ts'

export interface NamedItem {
  readonly handle: Uint8Array
  readonly names: LineNames | null
}

export class Names {
  private readonly desk: BookDesk
  private readonly side: string
  private readonly named: Table<readonly Uint8Array[]>

  /** `side`: what the items are here, which has names of its own. */
  constructor(desk: BookDesk, side: string) {
    this.desk = desk
    this.side = side
    this.named = desk.table('named', namedRow)
  }

  /** Of items that are kept in the same write. Beyond the bound of a row an item is found by its handle alone. */
  put(items: readonly NamedItem[]): readonly JournalChange[] {
    const rows = new Map<string, Uint8Array[]>()
    for (const { handle, names } of items)
      for (const key of names ? [this.keyOf('line', names.line), this.keyOf('order', names.order)] : []) {
        const row = rows.get(key) ?? [...(this.named.get(key) ?? [])]
        if (row.length < namedMax && !row.some((each) => toHex(each) === toHex(handle))) row.push(handle)
        rows.set(key, row)
      }
    return [...rows].map(([key, row]) => this.named.put(key, row))
  }

  /** All that may be meant by the name of a line, or, where that is empty, of an order. */
  find({ order, line }: LineNames): readonly Uint8Array[] {
    return this.named.get(line === '' ? this.keyOf('order', order) : this.keyOf('line', line)) ?? []
  }

  private keyOf(of: 'line' | 'order', name: string): string {
    return this.desk.keyOf('named', this.side, of, name)
  }
}
