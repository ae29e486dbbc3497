/**
 * A table whose writes wait in memory until many of them go to LMDB in one transaction. Reads see them at once. What
 * makes them durable meanwhile is the journal of blocks.
 */
import type { Table } from './environment.ts'

export class BufferedTable implements Table {
  private readonly table: Table
  /** By the key as latin-1 text, whose order is the order of the bytes; null is a removal. */
  private readonly waiting = new Map<string, Uint8Array | null>()
  /** The keys of `waiting`; those that were not put in rising order are sorted when somebody walks. */
  private keys: string[] = []
  private sorted = true

  constructor(table: Table) {
    this.table = table
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const waiting = this.waiting.get(textOf(key))
    return waiting === undefined ? this.table.get(key) : (waiting ?? undefined)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.set(textOf(key), value)
  }

  remove(key: Uint8Array): void {
    this.set(textOf(key), null)
  }

  private set(key: string, value: Uint8Array | null): void {
    if (!this.waiting.has(key)) {
      this.sorted &&= this.keys.length === 0 || (this.keys[this.keys.length - 1] as string) < key
      this.keys.push(key)
    }
    this.waiting.set(key, value)
  }

  *range({
    start,
    end,
    limit = Number.MAX_SAFE_INTEGER,
    reverse,
  }: Parameters<Table['range']>[0]): Iterable<readonly [Uint8Array, Uint8Array]> {
    if (reverse) throw new Error('a buffered table is walked forwards only')
    const keys = this.keysInOrder()
    const last = end && textOf(end)
    let left = limit
    let at = start ? firstNotBelow(keys, textOf(start)) : 0
    const waitingBelow = (bound: string | undefined): boolean => {
      const key = keys[at]
      return key !== undefined && (bound === undefined || key < bound)
    }
    for (const [key, value] of this.table.range({ ...(start && { start }), ...(end && { end }) })) {
      const text = textOf(key)
      for (; waitingBelow(text); at++) {
        const own = this.waiting.get(keys[at] as string)
        if (!own) continue
        if (left-- <= 0) return
        yield [bytesOf(keys[at] as string), own] as const
      }
      const changed = keys[at] === text ? this.waiting.get(text) : value
      if (keys[at] === text) at++
      if (!changed) continue
      if (left-- <= 0) return
      yield [key, changed] as const
    }
    for (; waitingBelow(last); at++) {
      const own = this.waiting.get(keys[at] as string)
      if (!own) continue
      if (left-- <= 0) return
      yield [bytesOf(keys[at] as string), own] as const
    }
  }

  /** Writes what waits, in rising order of keys, which is how LMDB writes fastest; inside `Environment.write` only. */
  flush(): void {
    for (const key of this.keysInOrder()) {
      const value = this.waiting.get(key)
      if (value) this.table.put(bytesOf(key), value)
      else this.table.remove(bytesOf(key))
    }
  }

  /** What was flushed is durable. */
  forget(): void {
    this.waiting.clear()
    this.keys = []
    this.sorted = true
  }

  private keysInOrder(): readonly string[] {
    // A walk that is under way keeps the array it began with.
    if (!this.sorted) this.keys = this.keys.slice().sort((a, b) => (a < b ? -1 : 1))
    this.sorted = true
    return this.keys
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

function bytesOf(key: string): Uint8Array {
  return Buffer.from(key, 'latin1')
}

function firstNotBelow(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
