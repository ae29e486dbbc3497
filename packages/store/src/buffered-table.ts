/**
 * A table whose writes wait in memory until many of them go to LMDB in one transaction. Reads see them at once. What
 * makes them durable meanwhile is the journal of blocks.
 */
import type { Table } from './environment.ts'

/** What keys of one kind are in memory, and as bytes; both have the same order. */
export interface KeyKind<Key extends number | string> {
  bytes(key: Key): Uint8Array
  read(bytes: Uint8Array): Key
}

export class BufferedTable<Key extends number | string> {
  private readonly table: Table
  private readonly kind: KeyKind<Key>
  /** Null is a removal. */
  private readonly waiting = new Map<Key, Uint8Array | null>()
  /** The keys of `waiting`; those that were not put in rising order are sorted when somebody walks. */
  private keys: Key[] = []
  private sorted = true

  constructor(table: Table, kind: KeyKind<Key>) {
    this.table = table
    this.kind = kind
  }

  get(key: Key): Uint8Array | undefined {
    const waiting = this.waiting.get(key)
    return waiting === undefined ? this.table.get(this.kind.bytes(key)) : (waiting ?? undefined)
  }

  /** `value` null removes. */
  set(key: Key, value: Uint8Array | null): void {
    if (!this.waiting.has(key)) {
      this.sorted &&= this.keys.length === 0 || (this.keys[this.keys.length - 1] as Key) < key
      this.keys.push(key)
    }
    this.waiting.set(key, value)
  }

  /** From `start`, or the first, up to and without `end`, in the order of keys. */
  *range({ start, end }: { readonly start?: Key; readonly end?: Key }): Iterable<readonly [Key, Uint8Array]> {
    // A walk that is under way keeps the array it began with.
    const keys = this.keysInOrder()
    let at = start === undefined ? 0 : firstNotBelow(keys, start)
    const stored = this.table.range({
      ...(start !== undefined && { start: this.kind.bytes(start) }),
      ...(end !== undefined && { end: this.kind.bytes(end) }),
    })
    for (const [storedKey, value] of stored) {
      const key = this.kind.read(storedKey)
      for (; (keys[at] as Key) < key; at++) yield* this.waitingEntry(keys[at] as Key)
      if (keys[at] !== key) yield [key, value]
      else yield* this.waitingEntry(keys[at++] as Key)
    }
    for (; at < keys.length && (end === undefined || (keys[at] as Key) < end); at++)
      yield* this.waitingEntry(keys[at] as Key)
  }

  /** The last entry at or below `key`. */
  atOrBelow(key: Key): readonly [Key, Uint8Array] | undefined {
    const keys = this.keysInOrder()
    let at = firstNotBelow(keys, key)
    if (keys[at] !== key) at--
    while (at >= 0 && this.waiting.get(keys[at] as Key) === null) at--
    const waiting = at >= 0 ? (keys[at] as Key) : undefined
    for (const [storedKey, value] of this.table.range({ start: this.kind.bytes(key), reverse: true })) {
      const stored = this.kind.read(storedKey)
      if (waiting !== undefined && stored <= waiting) break
      if (this.waiting.get(stored) !== null) return [stored, value]
    }
    return waiting === undefined ? undefined : [waiting, this.waiting.get(waiting) as Uint8Array]
  }

  /** Writes what waits, in rising order of keys, which is how LMDB writes fastest; inside `Environment.write` only. */
  flush(): void {
    for (const key of this.keysInOrder()) {
      const value = this.waiting.get(key)
      if (value) this.table.put(this.kind.bytes(key), value)
      else this.table.remove(this.kind.bytes(key))
    }
  }

  /** What was flushed is durable. */
  forget(): void {
    this.waiting.clear()
    this.keys = []
    this.sorted = true
  }

  private *waitingEntry(key: Key): Iterable<readonly [Key, Uint8Array]> {
    const value = this.waiting.get(key)
    if (value) yield [key, value]
  }

  private keysInOrder(): readonly Key[] {
    if (!this.sorted) this.keys = this.keys.slice().sort((a, b) => (a < b ? -1 : 1))
    this.sorted = true
    return this.keys
  }
}

function firstNotBelow<Key extends number | string>(keys: readonly Key[], key: Key): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((keys[middle] as Key) < key) low = middle + 1
    else high = middle
  }
  return low
}
