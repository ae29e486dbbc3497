/**
 * The bytes that Plexus agrees on: a subset of CBOR (RFC 8949) in its core deterministic encoding (§4.2.1). Definite
 * lengths, shortest heads, map keys in byte order of their encodings, no tags, no floats, no `undefined`. A value has
 * one encoding and a reader accepts no other, so what two replicas hash is the same when what they mean is the same.
 */

/** Why bytes were refused: where in the value, what the schema expects there, and what kind of thing stands there. */
export interface Malformed {
  readonly type: 'malformed'
  readonly path: string
  readonly expected: string
  readonly came: string
}

/** Thrown inside a read only; `decode` turns it into a refusal. */
export class MalformedBytes extends Error {
  readonly expected: string
  readonly came: string
  readonly path: string[] = []

  constructor(expected: string, came: string) {
    super('malformed')
    this.expected = expected
    this.came = came
  }
}

/** The major types of RFC 8949 §3.1 that the subset uses. */
export const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const

const majorNames: readonly string[] = [
  'an integer',
  'a negative integer',
  'bytes',
  'text',
  'an array',
  'a map',
  'a tag',
  'a simple value',
]

export const simple = { false: 0xf4, true: 0xf5, null: 0xf6 } as const

/** Large enough for most statements, so that a write rarely grows its buffer. */
const initialLength = 256

/** A block's worth; what is larger is rare, and its memory is given back. */
const keptLengthMax = 4 * 1024 * 1024

/** Up to here a loop is faster than a view of the source and a call that copies it (measured). */
const loopLengthMax = 64

function copyOf(source: Uint8Array, from: number, length: number): Uint8Array {
  const copy = new Uint8Array(length)
  if (length > loopLengthMax) copy.set(source.subarray(from, from + length))
  else for (let index = 0; index < length; index++) copy[index] = source[from + index] as number
  return copy
}

/** Appends canonical heads and bytes to a buffer that grows. */
export class Writer {
  private buffer = new Uint8Array(initialLength)
  private length = 0

  head(kind: number, argument: number | bigint): void {
    const first = kind << 5
    if (typeof argument === 'bigint' && argument > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.reserve(9)
      this.buffer[this.length++] = first | 27
      for (let shift = 56n; shift >= 0n; shift -= 8n) this.buffer[this.length++] = Number((argument >> shift) & 0xffn)
      return
    }
    const value = Number(argument)
    this.reserve(9)
    if (value < 24) this.buffer[this.length++] = first | value
    else if (value < 0x100) this.bigEndian(first | 24, value, 1)
    else if (value < 0x10000) this.bigEndian(first | 25, value, 2)
    else if (value < 0x100000000) this.bigEndian(first | 26, value, 4)
    else this.bigEndian(first | 27, value, 8)
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  byte(value: number): void {
    this.reserve(1)
    this.buffer[this.length++] = value
  }

  /** Text of ASCII characters with its head; false, and nothing written, when it has others. */
  ascii(text: string): boolean {
    const { length } = text
    for (let index = 0; index < length; index++) if (text.charCodeAt(index) > 0x7f) return false
    this.head(major.text, length)
    this.reserve(length)
    for (let index = 0; index < length; index++) this.buffer[this.length + index] = text.charCodeAt(index)
    this.length += length
    return true
  }

  bytes(): Uint8Array {
    return copyOf(this.buffer, 0, this.length)
  }

  /** Empty again; false when it has grown so large that it had better not be kept. */
  restart(): boolean {
    this.length = 0
    return this.buffer.length <= keptLengthMax
  }

  private bigEndian(first: number, value: number, width: number): void {
    this.buffer[this.length++] = first
    let rest = value
    for (let at = this.length + width - 1; at >= this.length; at--) {
      this.buffer[at] = rest % 256
      rest = Math.floor(rest / 256)
    }
    this.length += width
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + more))
    grown.set(this.buffer)
    this.buffer = grown
  }
}

/** Walks over untrusted bytes; every method refuses what is not canonical. */
export class Reader {
  readonly source: Uint8Array
  at = 0

  constructor(source: Uint8Array) {
    this.source = source
  }

  get left(): number {
    return this.source.length - this.at
  }

  peek(): number {
    const byte = this.source[this.at]
    if (byte === undefined) throw new MalformedBytes('more bytes', 'the end of the input')
    return byte
  }

  /** The argument of a head of the given major type, in its shortest form (RFC 8949 §4.2.1). */
  head(kind: number, expected: string): number | bigint {
    const first = this.peek()
    if (first >> 5 !== kind) throw new MalformedBytes(expected, this.describe())
    this.at++
    const short = first & 31
    if (short < 24) return short
    if (short > 27) throw new MalformedBytes(expected, 'an indefinite or reserved length')
    const width = 1 << (short - 24)
    if (this.left < width) throw new MalformedBytes(expected, 'the end of the input')
    let value: number | bigint = 0
    if (width === 8) {
      let wide = 0n
      for (let step = 0; step < 8; step++) wide = (wide << 8n) | BigInt(this.source[this.at++] as number)
      value = wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide
    } else for (let step = 0; step < width; step++) value = (value as number) * 256 + (this.source[this.at++] as number)
    const least = width === 1 ? 24 : width === 2 ? 0x100 : width === 4 ? 0x10000 : 0x100000000
    if (value < least) throw new MalformedBytes('the shortest form of a number', 'a longer one')
    return value
  }

  /** A length or count, which can never exceed what is left. */
  size(kind: number, expected: string): number {
    const value = this.head(kind, expected)
    if (typeof value === 'bigint' || value > this.left)
      throw new MalformedBytes(expected, 'a length beyond the end of the input')
    return value
  }

  /** A copy, whatever kind of array the source is: `slice` of a Node Buffer would be a window on memory of others. */
  take(length: number): Uint8Array {
    const taken = copyOf(this.source, this.at, length)
    this.at += length
    return taken
  }

  /** Whether exactly these bytes stand here; then the reader is behind them. */
  skip(bytes: Uint8Array): boolean {
    for (let index = 0; index < bytes.length; index++) if (this.source[this.at + index] !== bytes[index]) return false
    this.at += bytes.length
    return true
  }

  /** What stands here, as a kind and never as content: it may be health data. */
  describe(): string {
    const first = this.source[this.at]
    if (first === undefined) return 'the end of the input'
    if (first === simple.null) return 'null'
    if (first === simple.true || first === simple.false) return 'a boolean'
    return majorNames[first >> 5] ?? 'something else'
  }
}
