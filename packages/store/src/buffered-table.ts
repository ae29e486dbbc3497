/**
 * A table whose writes wait in memory until many of them go to LMDB in one transaction. Reads see them at once. What
 * makes them durable meanwhile is the journal of blocks. Writes that are on their way to LMDB have aged: they are read
 * as before, and what is written from then on waits apart.
 */
import type { Table } from './environment.ts'
import { firstNotBelow, inOrder, KeysInOrder, merged } from './keys-in-order.ts'

/** What keys of one kind are in memory, and as bytes; both have the same order. */
export interface KeyKind<Key extends number | string> {
  bytes(key: Key): Uint8Array
  read(bytes: Uint8Array): Key
}

/** Of what was read from LMDB so much is kept. */
const readBytesMax = 8 * 1024 * 1024
/** Tiles and records of the state are smaller, and are asked for again; what is larger is read once, and would push them out. */
const readValueBytesMax = 4_096
/** What an entry takes besides its value. */
const entryBytes = 256

/** What is known of a key: what was read from LMDB, or what waits for it. */
interface Entry<Key> {
  readonly key: Key
  /** Null where nothing is, or is to be. */
  value: Uint8Array | null
  /** When it was written: the number of times that something had aged before; of what was only read, `fromLmdb`. */
  readonly age: number
}

const fromLmdb = -1

/** So many removed keys cost less than to leave them out. */
const removedPerWalkMax = 64

/** As many as are written before the next ones fade, twice over. */
const fadedPerWrite = 2

/** Entries that were written between one ageing and the next, each key once. */
class Generation<Key extends number | string> {
  readonly entries: Entry<Key>[] = []
  readonly keys = new KeysInOrder<Key>()

  add(entry: Entry<Key>): void {
    this.entries.push(entry)
    this.keys.add(entry.key)
  }
}

export class BufferedTable<Key extends number | string> {
  private readonly table: Table
  private readonly kind: KeyKind<Key>
  /** The newest that is known of each key. A rule asks again for what a check has asked for: one look tells either way. */
  private readonly known = new Map<Key, Entry<Key>>()
  private newer = new Generation<Key>()
  private older: Generation<Key> | undefined
  private age = 0
  /** Those of `known` that were only read, and some that were written since. */
  private read: Entry<Key>[] = []
  private readBytes = 0
  /** What is durable in LMDB and still known, oldest first; all at once would hold up a block. */
  private fading: Iterator<Entry<Key>> | undefined

  constructor(table: Table, kind: KeyKind<Key>) {
    this.table = table
    this.kind = kind
  }

  get(key: Key): Uint8Array | undefined {
    const known = this.known.get(key)
    if (known) return known.value ?? undefined
    const found = this.table.get(this.kind.bytes(key))
    this.keep({ key, value: found ?? null, age: fromLmdb })
    return found
  }

  /** `value` null removes. */
  set(key: Key, value: Uint8Array | null): void {
    this.fade(fadedPerWrite)
    const known = this.known.get(key)
    if (known?.age !== this.age) {
      this.write({ key, value, age: this.age })
      return
    }
    // Walks may have left a removed key out.
    if (known.value === null && value !== null) this.newer.keys.add(key)
    known.value = value
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
      if (keys[at] === key) for (; keys[at] === key; at++) yield* this.waitingEntry(keys, at)
      else if (this.waitingValue(key) === undefined) yield [key, value]
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
      if (this.waitingValue(stored) === undefined) return [stored, value]
    }
    return waiting === undefined ? undefined : [waiting, this.waitingValue(waiting) as Uint8Array]
  }

  /** Writes all that waits, in rising order of keys, which is how LMDB writes fastest; inside `Environment.write` only. */
  flush(): void {
    const written = [...(this.older?.entries ?? []), ...this.newer.entries].map(({ key }) => key)
    for (const key of written.sort(inOrder)) {
      const value = this.waitingValue(key)
      if (value) this.table.put(this.kind.bytes(key), value)
      else this.table.remove(this.kind.bytes(key))
    }
  }

  /** What was flushed is durable. */
  forget(): void {
    this.known.clear()
    this.newer = new Generation()
    this.older = undefined
    this.read = []
    this.readBytes = 0
    this.fading = undefined
  }

  /** From here on what was written so far is on its way to LMDB. */
  ageAll(): void {
    if (this.older) throw new Error('what aged before has not reached LMDB')
    this.older = this.newer
    this.newer = new Generation()
    this.age += 1
  }

  /** What has aged, in no order that means anything; a null removes. */
  *aged(): Iterable<readonly [Uint8Array, Uint8Array | null]> {
    if (this.older) for (const { key, value } of this.older.entries) yield [this.kind.bytes(key), value]
  }

  /** What has aged is durable in LMDB. */
  forgetAged(): void {
    this.fade(Number.POSITIVE_INFINITY)
    this.fading = this.older?.entries.values()
    this.older = undefined
  }

  private keep(entry: Entry<Key>): void {
    const valueBytes = entry.value?.length ?? 0
    if (valueBytes > readValueBytesMax) return
    const bytes = entryBytes + valueBytes
    if (this.readBytes + bytes > readBytesMax) {
      for (const each of this.read) this.drop(each)
      this.read = []
      this.readBytes = 0
    }
    this.known.set(entry.key, entry)
    this.read.push(entry)
    this.readBytes += bytes
  }

  private write(entry: Entry<Key>): void {
    this.known.set(entry.key, entry)
    this.newer.add(entry)
  }

  /** Except where something newer is known by now. */
  private drop(entry: Entry<Key>): void {
    if (this.known.get(entry.key) === entry) this.known.delete(entry.key)
  }

  private fade(count: number): void {
    for (let left = count; this.fading && left > 0; left--) {
      const { value: entry, done } = this.fading.next()
      if (done) this.fading = undefined
      else this.drop(entry)
    }
  }

  private waitingValue(key: Key): Uint8Array | null | undefined {
    const known = this.known.get(key)
    const waits = known?.age === this.age || (this.older && known?.age === this.age - 1)
    return waits ? known?.value : undefined
  }

  /** Those with a value, and some that were removed: of a queue most were, and a walk must not go over them each time. */
  private waitingKeys(start?: Key, end?: Key): readonly Key[] {
    const within = (keys: KeysInOrder<Key>): readonly Key[] => {
      const found = keys.within(start, end)
      let removed = 0
      for (const key of found) if (this.waitingValue(key) === null) removed++
      if (removed <= removedPerWalkMax || removed * 2 < found.length) return found
      keys.keep((key) => this.waitingValue(key) !== null, start, end)
      return keys.within(start, end)
    }
    const newest = within(this.newer.keys)
    return this.older ? merged([newest, within(this.older.keys)]) : newest
  }

  /** A key that waits twice has its newest value, once. Of what reached LMDB in the middle of a walk, LMDB tells. */
  private *waitingEntry(keys: readonly Key[], at: number): Iterable<readonly [Key, Uint8Array]> {
    const key = keys[at] as Key
    if (key === keys[at - 1]) return
    const waiting = this.waitingValue(key)
    const value = waiting === undefined ? this.get(key) : waiting
    if (value) yield [key, value]
  }
}
