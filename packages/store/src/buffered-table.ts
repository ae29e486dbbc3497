/**
 * A table whose writes wait in memory until many of them go to LMDB in one transaction. Reads see them at once. What
 * makes them durable meanwhile is the journal of blocks. Writes that are on their way to LMDB have aged: they are read
 * as before, and what is written from then on waits apart.
 */
import type { Table } from './environment.ts'
import { firstNotBelow, merged, WaitingWrites } from './waiting-writes.ts'

/** What keys of one kind are in memory, and as bytes; both have the same order. */
export interface KeyKind<Key extends number | string> {
  bytes(key: Key): Uint8Array
  read(bytes: Uint8Array): Key
}

/** Of what was read from LMDB so much is kept. */
const readBytesMax = 8 * 1024 * 1024
/** What an entry takes besides its value. */
const entryBytes = 256

export class BufferedTable<Key extends number | string> {
  private readonly table: Table
  private readonly kind: KeyKind<Key>
  private newer = new WaitingWrites<Key>()
  private older: WaitingWrites<Key> | undefined
  /** What LMDB answered: a rule asks again for what a check has asked for. What is written since is not in it. */
  private readonly read = new Map<Key, Uint8Array | undefined>()
  private readBytes = 0

  constructor(table: Table, kind: KeyKind<Key>) {
    this.table = table
    this.kind = kind
  }

  get(key: Key): Uint8Array | undefined {
    const waiting = this.waitingValue(key)
    if (waiting !== undefined) return waiting ?? undefined
    const known = this.read.get(key)
    if (known !== undefined || this.read.has(key)) return known
    const found = this.table.get(this.kind.bytes(key))
    const bytes = entryBytes + (found?.length ?? 0)
    this.readBytes += bytes
    if (this.readBytes > readBytesMax) {
      this.read.clear()
      this.readBytes = bytes
    }
    if (bytes < readBytesMax / 8) this.read.set(key, found)
    return found
  }

  /** `value` null removes. */
  set(key: Key, value: Uint8Array | null): void {
    this.newer.set(key, value)
    // Once it has left memory, LMDB is asked again. Its bytes stay counted until all is forgotten.
    this.read.delete(key)
  }

  /** From `start`, or the first, up to and without `end`, in the order of keys. */
  *range({ start, end }: { readonly start?: Key; readonly end?: Key }): Iterable<readonly [Key, Uint8Array]> {
    // A walk that is under way keeps the keys it began with.
    const keys = this.waitingKeys(start, end)
    let at = 0
    const stored = this.table.range({
      ...(start !== undefined && { start: this.kind.bytes(start) }),
      ...(end !== undefined && { end: this.kind.bytes(end) }),
    })
    for (const [storedKey, value] of stored) {
      const key = this.kind.read(storedKey)
      for (; (keys[at] as Key) < key; at++) yield* this.waitingEntry(keys, at)
      if (keys[at] !== key) yield [key, value]
      else for (; keys[at] === key; at++) yield* this.waitingEntry(keys, at)
    }
    for (; at < keys.length; at++) yield* this.waitingEntry(keys, at)
  }

  /** The last entry at or below `key`. */
  atOrBelow(key: Key): readonly [Key, Uint8Array] | undefined {
    const keys = this.waitingKeys()
    let at = firstNotBelow(keys, key)
    if (keys[at] !== key) at--
    while (at >= 0 && this.waitingValue(keys[at] as Key) === null) at--
    const waiting = at >= 0 ? (keys[at] as Key) : undefined
    for (const [storedKey, value] of this.table.range({ start: this.kind.bytes(key), reverse: true })) {
      const stored = this.kind.read(storedKey)
      if (waiting !== undefined && stored <= waiting) break
      const changed = this.waitingValue(stored)
      if (changed === undefined) return [stored, value]
    }
    return waiting === undefined ? undefined : [waiting, this.waitingValue(waiting) as Uint8Array]
  }

  /** Writes all that waits, in rising order of keys, which is how LMDB writes fastest; inside `Environment.write` only. */
  flush(): void {
    for (const key of this.waitingKeys()) {
      const value = this.waitingValue(key)
      if (value) this.table.put(this.kind.bytes(key), value)
      else this.table.remove(this.kind.bytes(key))
    }
  }

  /** What was flushed is durable. */
  forget(): void {
    this.newer = new WaitingWrites()
    this.older = undefined
  }

  /** From here on what was written so far is on its way to LMDB. */
  age(): void {
    if (this.older) throw new Error('what aged before has not reached LMDB')
    this.older = this.newer
    this.newer = new WaitingWrites()
  }

  /** What has aged, in no order that means anything; a null removes. */
  *aged(): Iterable<readonly [Uint8Array, Uint8Array | null]> {
    if (this.older) for (const [key, value] of this.older.values) yield [this.kind.bytes(key), value]
  }

  /** What has aged is durable in LMDB. */
  forgetAged(): void {
    this.older = undefined
  }

  private waitingValue(key: Key): Uint8Array | null | undefined {
    const newest = this.newer.values.get(key)
    return newest === undefined ? this.older?.values.get(key) : newest
  }

  private waitingKeys(start?: Key, end?: Key): readonly Key[] {
    const newest = this.newer.keys(start, end)
    return this.older ? merged([newest, this.older.keys(start, end)]) : newest
  }

  /** A key that waits twice has its newest value, once. */
  private *waitingEntry(keys: readonly Key[], at: number): Iterable<readonly [Key, Uint8Array]> {
    const key = keys[at] as Key
    const value = this.waitingValue(key)
    if (value && key !== keys[at - 1]) yield [key, value]
  }
}
