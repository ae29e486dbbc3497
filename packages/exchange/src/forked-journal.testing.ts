/** Tables of a node that begin as a copy of others: what is written stays here. */
import type { Journal, JournalChange } from './ports.ts'

type Rows = ReadonlyMap<string, Uint8Array>

/** The rows that a list of writes leaves, by table. */
export function rowsOf(writes: readonly (readonly JournalChange[])[]): ReadonlyMap<string, Rows> {
  const tables = new Map<string, Map<string, Uint8Array>>()
  for (const { table, key, value } of writes.flat()) {
    const rows = tables.get(table) ?? new Map<string, Uint8Array>()
    tables.set(table, rows)
    if (value) rows.set(key, value)
    else rows.delete(key)
  }
  return tables
}

export class ForkedJournal implements Journal {
  private readonly tables: Map<string, Rows>
  private readonly own = new Set<string>()
  private readonly wrote: (changes: readonly JournalChange[]) => void

  /** `wrote`: told of each write once it is done. */
  constructor(tables: ReadonlyMap<string, Rows>, wrote: (changes: readonly JournalChange[]) => void) {
    this.tables = new Map(tables)
    this.wrote = wrote
  }

  get(table: string, key: string): Uint8Array | undefined {
    return this.tables.get(table)?.get(key)
  }

  entries(
    table: string,
    { after = '', prefix = '', limit = Number.MAX_SAFE_INTEGER }: Parameters<Journal['entries']>[1] & object = {},
  ): readonly (readonly [string, Uint8Array])[] {
    const rows = this.tables.get(table)
    if (!rows || rows.size === 0) return []
    return [...rows]
      .filter(([key]) => key.startsWith(prefix) && key > after)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .slice(0, limit)
  }

  write(changes: readonly JournalChange[]): void {
    for (const { table, key, value } of changes) {
      const rows = this.rows(table)
      if (value) rows.set(key, value)
      else rows.delete(key)
    }
    this.wrote(changes)
  }

  append(changes: readonly JournalChange[]): void {
    this.write(changes)
  }

  durable(): undefined {
    return undefined
  }

  private rows(table: string): Map<string, Uint8Array> {
    const known = this.tables.get(table)
    if (known && this.own.has(table)) return known as Map<string, Uint8Array>
    const copy = new Map(known)
    this.tables.set(table, copy)
    this.own.add(table)
    return copy
  }
}
