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

/** What was read from LMDB is kept until LMDB changes, or until so much was read. */
const readBytesMax = 8 * 1024 * 1024
/** What an entry takes besides its value. */
const entryBytes = 256

export class BufferedTable<Key extends number | string> {
  private readonly table: Table
  private readonly kind: KeyKind<Key>
  /** Null is a removal. */
  private readonly waiting = new Map<Key, Uint8Array | null>()
  /** What LMDB answered: a rule asks again for what a check has asked for. */
  private readonly read = new Map<Key, Uint8Array | undefined>()
  private readBytes = 0
  /** The keys of `waiting`, in runs each of which rises, and those that came since the last walk. */
  private runs: (readonly Key[])[] = []
  private added: Key[] = []

  constructor(table: Table, kind: KeyKind<Key>) {
    this.table = table
    this.kind = kind
  }

  get(key: Key): Uint8Array | undefined {
    const waiting = this.waiting.get(key)
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
    const before = this.waiting.size
    this.waiting.set(key, value)
    if (this.waiting.size > before) this.added.push(key)
  }

  /** From `start`, or the first, up to and without `end`, in the order of keys. */
  *range({ start, end }: { readonly start?: Key; readonly end?: Key }): Iterable<readonly [Key, Uint8Array]> {
    // A walk that is under way keeps the keys it began with.
    const keys = this.keysWithin(start, end)
    let at = 0
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
    for (; at < keys.length; at++) yield* this.waitingEntry(keys[at] as Key)
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
    this.read.clear()
    this.readBytes = 0
    this.runs = []
    this.added = []
  }

  private *waitingEntry(key: Key): Iterable<readonly [Key, Uint8Array]> {
    const value = this.waiting.get(key)
    if (value) yield [key, value]
  }

  private keysInOrder(): readonly Key[] {
    this.endRun()
    if (this.runs.length > 1) this.runs = [this.runs.flat().sort(inOrder)]
    return this.runs[0] ?? []
  }

  /** Most walks are narrow, and come with every block: they look into each run, and leave the runs apart. */
  private keysWithin(start: Key | undefined, end: Key | undefined): readonly Key[] {
    if (start === undefined) return this.keysInOrder()
    this.endRun()
    if (this.runs.length > runsMax) this.keysInOrder()
    const parts = this.runs.map((run) =>
      run.slice(firstNotBelow(run, start), end === undefined ? run.length : firstNotBelow(run, end)),
    )
    const found = parts.filter(({ length }) => length > 0)
    return found.length > 1 ? found.flat().sort(inOrder) : (found[0] ?? [])
  }

  private endRun(): void {
    if (this.added.length > 0) this.runs.push(this.added.sort(inOrder))
    this.added = []
  }
}

/** Runs of one walk: beyond, they are sorted into one. */
const runsMax = 64

const inOrder = <Key extends number | string>(a: Key, b: Key): number => (a < b ? -1 : a > b ? 1 : 0)

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
