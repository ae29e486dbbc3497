/**
 * Where envelopes stand. Those of one block that end in the same second share a record, since a record of its own for each
 * would cost more than the rest of a transaction's writes. Of those that have not ended yet, a small memory in front knows
 * the height: nearly all that are asked for are not there at all.
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
const secondsPerMinute = 60

export class Places {
  /** By the second at which the envelopes end, then by height. */
  private readonly table: BufferedTable<string>
  /** Of envelopes that have not ended, by the minute in which they do. */
  private readonly recent = new Map<number, Heights>()
  /** Time of the newest block. What ends before it need not be remembered here. */
  private time: number

  constructor(table: BufferedTable<string>, time: number) {
    this.table = table
    this.time = time
    for (const [key, record] of table.range({ start: asciiText(numberKey(time)) })) {
      const heights = this.recentOf(keyNumber(Buffer.from(key.slice(0, 8), 'latin1')))
      const height = heightIn(key)
      for (let at = 0; at < record.length; at += entryLength)
        heights.add(record, at, height, record[at + entryLength - 1] === 1)
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
      const heights = this.recentOf(validUntil)
      for (const [number, { id, index, accepted }] of all.entries()) {
        const at = number * entryLength
        record.set(id, at)
        for (let byte = 3, rest = index; byte >= 0; byte--, rest = Math.floor(rest / 256))
          record[at + idLength + byte] = rest % 256
        record[at + entryLength - 1] = accepted ? 1 : 0
        heights.add(id, 0, height, accepted)
      }
      this.table.set(recordKey(validUntil, height), record)
    }
    this.time = time
    for (const minute of this.recent.keys()) if ((minute + 1) * secondsPerMinute <= time) this.recent.delete(minute)
  }

  /** Asked while block time has not passed the end. */
  wasAccepted(id: Uint8Array, validUntil: number): boolean {
    return this.find(id, validUntil)?.accepted ?? false
  }

  /** Where the envelope was accepted; as long as it was not, where it was refused last. */
  find(id: Uint8Array, validUntil: number): Place | undefined {
    if (id.length !== idLength || !Number.isSafeInteger(validUntil) || validUntil < 0) return undefined
    if (validUntil >= this.time) {
      const height = this.recent.get(minuteOf(validUntil))?.find(id)
      if (height === undefined) return undefined
      const record = this.table.get(recordKey(validUntil, height))
      const found = record && placeIn(record, id, height)
      if (found) return found
    }
    const bounds = { start: asciiText(numberKey(validUntil)), end: asciiText(numberKey(validUntil + 1)) }
    let refused: Place | undefined
    for (const [key, record] of this.table.range(bounds)) {
      const found = placeIn(record, id, heightIn(key))
      if (found?.accepted) return found
      refused = found ?? refused
    }
    return refused
  }

  private recentOf(validUntil: number): Heights {
    const minute = minuteOf(validUntil)
    const known = this.recent.get(minute)
    if (known) return known
    const made = new Heights()
    this.recent.set(minute, made)
    return made
  }
}

const recordKey = (validUntil: number, height: number): string =>
  asciiText(numberKey(validUntil)) + asciiText(numberKey(height))

const heightIn = (key: string): number => keyNumber(Buffer.from(key.slice(8), 'latin1'))

/** The acceptance of an envelope in the block of a record, or else its last refusal there. */
function placeIn(record: Uint8Array, id: Uint8Array, height: number): Place | undefined {
  if (record.length % entryLength !== 0) throw new StoreError('damaged', 'a record of places does not decode')
  let refused: Place | undefined
  for (let at = 0; at < record.length; at += entryLength) {
    if (!sameId(record, at, id)) continue
    const index = keyNumber(record.subarray(at + idLength, at + entryLength - 1))
    const place = { height, index, accepted: record[at + entryLength - 1] === 1 }
    if (place.accepted) return place
    refused = place
  }
  return refused
}

const minuteOf = (seconds: number): number => Math.floor(seconds / secondsPerMinute)

function sameId(record: Uint8Array, at: number, id: Uint8Array): boolean {
  for (let index = 0; index < idLength; index++) if (record[at + index] !== id[index]) return false
  return true
}

const firstSlots = 1024
/** Where envelopes go among the slots is secret, so that nobody can choose ids that crowd. */
const salt = randomBytes(4).readUInt32LE()

/** Words of a slot: eight bytes of an id, of which one bit is set, and twice a height, plus one when it was accepted there. */
const slotWords = 3

/** Heights by eight bytes of an id, in open addressing: it may take an id for another, and never misses one. */
class Heights {
  private slots = new Uint32Array(slotWords * firstSlots)
  private size = 0

  /** Of an id that comes again, the height of its acceptance stays; until then, that of its last refusal. */
  add(bytes: Uint8Array, at: number, height: number, accepted: boolean): void {
    this.put(word(bytes, at), (word(bytes, at + 4) | 1) >>> 0, 2 * height + (accepted ? 1 : 0))
    if (this.size * 2 * slotWords < this.slots.length) return
    const before = this.slots
    this.slots = new Uint32Array(2 * before.length)
    this.size = 0
    for (let slot = 0; slot < before.length; slot += slotWords) {
      const second = before[slot + 1] as number
      if (second !== 0) this.put(before[slot] as number, second, before[slot + 2] as number)
    }
  }

  find(id: Uint8Array): number | undefined {
    const slot = this.slotOf(word(id, 0), (word(id, 4) | 1) >>> 0)
    return this.slots[slot + 1] === 0 ? undefined : Math.floor((this.slots[slot + 2] as number) / 2)
  }

  private put(first: number, second: number, standing: number): void {
    const slot = this.slotOf(first, second)
    const known = this.slots[slot + 1] !== 0
    if (known && (this.slots[slot + 2] as number) % 2 === 1) return
    this.slots[slot] = first
    this.slots[slot + 1] = second
    this.slots[slot + 2] = standing
    if (!known) this.size += 1
  }

  /** The slot that holds it, or the free one where it would go. */
  private slotOf(first: number, second: number): number {
    const { slots } = this
    const mask = slots.length / slotWords - 1
    let at = (Math.imul(first ^ salt, 0x9e3779b1) >>> 7) & mask
    while (slots[slotWords * at + 1] !== 0 && (slots[slotWords * at] !== first || slots[slotWords * at + 1] !== second))
      at = (at + 1) & mask
    return slotWords * at
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0
