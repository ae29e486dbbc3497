/**
 * Where envelopes stand. Those of one block that end in the same second share a record, since a record of its own for each
 * would cost more than the rest of a transaction's writes; and whether one was accepted before, a small memory in front
 * answers for nearly all, which were not.
 */
import { randomBytes } from 'node:crypto'
import type { EnvelopeAt } from '@plexus/kernel'
import type { BufferedTable } from './buffered-table.ts'
import { asciiText, keyNumber, numberKey } from './keys.ts'
import { StoreError } from './store-error.ts'

/** Where an envelope stands, and whether it was accepted there. */
export interface Place {
  readonly height: number
  readonly index: number
  readonly accepted: boolean
}

const idLength = 32
/** An id, four bytes of index, one that says accepted. */
const entryLength = idLength + 5
const secondsPerSet = 60

export class Places {
  /** By the second at which the envelopes end, then by height. */
  private readonly table: BufferedTable<string>
  /** Of accepted envelopes that may come again, by the minute in which they end. */
  private readonly recent = new Map<number, FingerprintSet>()

  /** `time` is that of the newest block: what ended before it need not be remembered here. */
  constructor(table: BufferedTable<string>, time: number) {
    this.table = table
    for (const [key, record] of table.range({ start: asciiText(numberKey(time)) })) {
      const validUntil = keyNumber(Buffer.from(key.slice(0, 8), 'latin1'))
      for (let at = 0; at < record.length; at += entryLength)
        if (record[at + entryLength - 1] === 1) this.recentOf(validUntil).add(record, at)
    }
  }

  take(height: number, time: number, envelopes: readonly EnvelopeAt[]): void {
    const byEnd = new Map<number, EnvelopeAt[]>()
    for (const each of envelopes) {
      const same = byEnd.get(each.validUntil)
      if (same) same.push(each)
      else byEnd.set(each.validUntil, [each])
    }
    for (const [validUntil, all] of byEnd) {
      const record = new Uint8Array(all.length * entryLength)
      for (const [number, { id, index, accepted }] of all.entries()) {
        const at = number * entryLength
        record.set(id, at)
        for (let byte = 3, rest = index; byte >= 0; byte--, rest = Math.floor(rest / 256))
          record[at + idLength + byte] = rest % 256
        record[at + entryLength - 1] = accepted ? 1 : 0
        if (accepted) this.recentOf(validUntil).add(id, 0)
      }
      this.table.set(asciiText(numberKey(validUntil)) + asciiText(numberKey(height)), record)
    }
    for (const minute of this.recent.keys()) if ((minute + 1) * secondsPerSet <= time) this.recent.delete(minute)
  }

  /** Asked while block time has not passed the end. */
  wasAccepted(id: Uint8Array, validUntil: number): boolean {
    if (!this.recent.get(minuteOf(validUntil))?.mayHave(id)) return false
    return this.find(id, validUntil)?.accepted ?? false
  }

  /** Where the envelope was accepted; as long as it was not, where it was refused last. */
  find(id: Uint8Array, validUntil: number): Place | undefined {
    if (id.length !== idLength || !Number.isSafeInteger(validUntil) || validUntil < 0) return undefined
    const bounds = { start: asciiText(numberKey(validUntil)), end: asciiText(numberKey(validUntil + 1)) }
    let found: Place | undefined
    for (const [key, record] of this.table.range(bounds)) {
      if (record.length % entryLength !== 0) throw new StoreError('damaged', 'a record of places does not decode')
      for (let at = 0; at < record.length; at += entryLength) {
        if (!sameId(record, at, id)) continue
        const height = keyNumber(Buffer.from(key.slice(8), 'latin1'))
        const index = keyNumber(record.subarray(at + idLength, at + entryLength - 1))
        found = { height, index, accepted: record[at + entryLength - 1] === 1 }
        if (found.accepted) return found
      }
    }
    return found
  }

  private recentOf(validUntil: number): FingerprintSet {
    const minute = minuteOf(validUntil)
    const known = this.recent.get(minute)
    if (known) return known
    const made = new FingerprintSet()
    this.recent.set(minute, made)
    return made
  }
}

const minuteOf = (seconds: number): number => Math.floor(seconds / secondsPerSet)

function sameId(record: Uint8Array, at: number, id: Uint8Array): boolean {
  for (let index = 0; index < idLength; index++) if (record[at + index] !== id[index]) return false
  return true
}

const firstSlots = 1024
/** Where envelopes go among the slots is secret, so that nobody can choose ids that crowd. */
const salt = randomBytes(4).readUInt32LE()

/** Eight bytes of each id, in open addressing: it may take an id for another, and never misses one. */
class FingerprintSet {
  private slots = new Uint32Array(2 * firstSlots)
  private size = 0

  add(bytes: Uint8Array, at: number): void {
    this.put(word(bytes, at), (word(bytes, at + 4) | 1) >>> 0)
    if (this.size * 4 < this.slots.length) return
    const before = this.slots
    this.slots = new Uint32Array(2 * before.length)
    this.size = 0
    for (let slot = 0; slot < before.length; slot += 2)
      if (before[slot + 1] !== 0) this.put(before[slot] as number, before[slot + 1] as number)
  }

  mayHave(id: Uint8Array): boolean {
    const slot = this.slotOf(word(id, 0), (word(id, 4) | 1) >>> 0)
    return this.slots[slot + 1] !== 0
  }

  private put(first: number, second: number): void {
    const slot = this.slotOf(first, second)
    if (this.slots[slot + 1] !== 0) return
    this.slots[slot] = first
    this.slots[slot + 1] = second
    this.size += 1
  }

  /** The slot that holds it, or the free one where it would go. */
  private slotOf(first: number, second: number): number {
    const { slots } = this
    const mask = slots.length / 2 - 1
    let at = (Math.imul(first ^ salt, 0x9e3779b1) >>> 7) & mask
    while (slots[2 * at + 1] !== 0 && (slots[2 * at] !== first || slots[2 * at + 1] !== second)) at = (at + 1) & mask
    return 2 * at
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0
