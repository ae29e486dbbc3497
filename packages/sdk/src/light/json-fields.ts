/** Reads the JSON of CometBFT's RPC strictly: every name is known, every value in its form, and a refusal shows no value. */
import { isJsonList, isJsonObject, JsonNumber, type JsonValue, parseHex, readJson } from '@plexus/codec'
import { parseBase64 } from '../checkpoint/base64.ts'
import { type Instant, parseInstant } from './instant.ts'

/** Where in the text, and what belongs there. */
export interface LightBlockRefusal {
  readonly type: 'malformed'
  readonly path: string
  readonly expected: string
}

/** Thrown inside a reading only, and caught where it began. */
export class Unreadable extends Error {
  readonly refusal: LightBlockRefusal

  constructor(path: string, expected: string) {
    super(`${path}: expected ${expected}`)
    this.refusal = { type: 'malformed', path, expected }
  }
}

/** A hundred votes and a hundred validators take 30 kB each. */
export const answerBytesMax = 256 * 1024
const depthMax = 12
const containersMax = 4096
/** The longest here are 64-bit numbers; ends the work on a text of digits. */
const digitsMax = 20

export function documentOf(bytes: Uint8Array): JsonFields {
  const read = readJson(bytes, { bytesMax: answerBytesMax, depthMax, containersMax })
  if (!read.ok) throw new Unreadable('$', read.reason.expected)
  return new JsonFields(read.value.value, '$')
}

/** One value of a document, and the way to it. */
export class JsonFields {
  readonly path: string
  private readonly value: JsonValue | undefined

  constructor(value: JsonValue | undefined, path: string) {
    this.value = value
    this.path = path
  }

  isNull(): boolean {
    return this.value === null
  }

  /** The members of an object that has just these names; of those that may be missing, whether they are there is `has`. */
  members<Name extends string>(needed: readonly Name[], optional: readonly string[] = []): (name: Name) => JsonFields {
    const { value, path } = this
    if (!isJsonObject(value)) throw new Unreadable(path, 'an object')
    for (const name of value.keys())
      if (!needed.includes(name as Name) && !optional.includes(name)) throw new Unreadable(path, 'no other member')
    for (const name of needed) if (!value.has(name)) throw new Unreadable(`${path}.${name}`, 'a member of this name')
    return (name) => new JsonFields(value.get(name), `${path}.${name}`)
  }

  /** A member that may be missing. */
  member(name: string): JsonFields | undefined {
    return isJsonObject(this.value) && this.value.has(name)
      ? new JsonFields(this.value.get(name), `${this.path}.${name}`)
      : undefined
  }

  list<Item>(max: number, read: (item: JsonFields) => Item): readonly Item[] {
    const { value, path } = this
    if (!isJsonList(value) || value.length > max) throw new Unreadable(path, `a list of at most ${max}`)
    return value.map((item, index) => read(new JsonFields(item, `${path}[${index}]`)))
  }

  text(): string {
    if (typeof this.value !== 'string') throw new Unreadable(this.path, 'a text')
    return this.value
  }

  instant(): Instant {
    const read = parseInstant(this.text())
    if (!read) throw new Unreadable(this.path, 'a time of RFC 3339 in UTC, from 1970 on')
    return read
  }

  /** Hexadecimal of exactly so many bytes. */
  hex(length: number): Uint8Array {
    const read = this.hexUpTo(length)
    if (read.length !== length) throw new Unreadable(this.path, `hexadecimal of ${length} bytes`)
    return read
  }

  hexUpTo(lengthMax: number): Uint8Array {
    const text = this.text()
    const read = text.length <= 2 * lengthMax ? parseHex(text.toLowerCase()) : undefined
    if (!read) throw new Unreadable(this.path, `hexadecimal of at most ${lengthMax} bytes`)
    return read
  }

  base64(length: number): Uint8Array {
    const read = parseBase64(this.text())
    if (read?.length !== length) throw new Unreadable(this.path, `base 64 of ${length} bytes`)
    return read
  }

  /** A 64-bit number, which Go writes as a text. */
  big(max: bigint): bigint {
    return this.digits(this.text(), max)
  }

  count(max: number = Number.MAX_SAFE_INTEGER): number {
    return Number(this.big(BigInt(max)))
  }

  /** A whole number that may be below zero, and that nobody asks for. */
  unread(): void {
    const text = this.text()
    this.digits(text.startsWith('-') ? text.slice(1) : text, 2n ** 63n - 1n)
  }

  /** A 32-bit number, which Go writes as a number. */
  small(max: number): number {
    if (!(this.value instanceof JsonNumber)) throw new Unreadable(this.path, 'a number')
    return Number(this.digits(this.value.text, BigInt(max)))
  }

  private digits(text: string, max: bigint): bigint {
    const value = text.length <= digitsMax && /^(?:0|[1-9]\d*)$/.test(text) ? BigInt(text) : undefined
    if (value === undefined || value > max) throw new Unreadable(this.path, `a whole number up to ${max}`)
    return value
  }
}
