import type { JsonLimits, JsonRefusal, JsonRefusalType } from './json.ts'
import { JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openObject = 0x7b
const closeObject = 0x7d
const openList = 0x5b
const closeList = 0x5d
const minus = 0x2d

/** Engines limit the arguments of a call; 4,096 is far below any of them. */
const unitsPerCallMax = 4096
/** Longer texts (narratives, attachments) hardly ever repeat. */
const internedBytesMax = 96
const internSlotsMax = 8192
const internSlotsMin = 64

/**
 * One reading of one text, from its first byte to its last. Each method returns undefined once a refusal is recorded; the
 * caller passes it on.
 */
export class JsonReader {
  readonly containers: object[] = []
  readonly starts: number[] = []
  readonly ends: number[] = []
  readonly #bytes: Uint8Array
  readonly #limits: JsonLimits
  // Chart text repeats itself (keys, systems, codes): four of five strings were seen before. One slot per hash and no
  // chain, so that crafted collisions cost nothing but the saving. Per document: chart text must not outlive it.
  readonly #seen: string[]
  readonly #seenMask: number
  readonly #units: number[] = []
  #at = 0
  #depth = 0
  #refusal: JsonRefusal | undefined

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = bytes
    this.#limits = limits
    let slots = internSlotsMin
    while (slots < internSlotsMax && slots * 64 < bytes.length) slots *= 2
    this.#seen = new Array(slots).fill('')
    this.#seenMask = slots - 1
  }

  whyRefused(): JsonRefusal {
    if (this.#refusal === undefined) throw new Error('the reader stopped without a reason')
    return this.#refusal
  }

  text(): JsonValue | undefined {
    const bytes = this.#bytes
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      return this.#refuse('syntax', 0, 'a value without a byte order mark (RFC 8259 §8.1)', 'a byte order mark')
    }
    const value = this.#value(this.#skip())
    if (value === undefined) return undefined
    if (this.#skip() !== undefined) return this.#unexpected('end of input', 'trailing-bytes')
    return value
  }

  /** The next byte that is no white space (RFC 8259 §2), which stays unread; undefined at the end. */
  #skip(): number | undefined {
    const bytes = this.#bytes
    let at = this.#at
    let byte = bytes[at]
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at]
    this.#at = at
    return byte
  }

  #value(first: number | undefined): JsonValue | undefined {
    switch (first) {
      case quote:
        return this.#string()
      case openObject:
        return this.#object()
      case openList:
        return this.#list()
      case 0x74:
        return this.#literal('true') ? true : undefined
      case 0x66:
        return this.#literal('false') ? false : undefined
      case 0x6e:
        return this.#literal('null') ? null : undefined
      default:
        if (first !== undefined && (first === minus || isDigit(first))) return this.#number()
        return this.#unexpected('a value')
    }
  }

  #object(): JsonObject | undefined {
    const start = this.#at
    if (!this.#enter()) return undefined
    const members = new Map<string, JsonValue>()
    let byte = this.#skip()
    while (byte !== closeObject || members.size > 0) {
      if (byte !== quote) return this.#unexpected(members.size === 0 ? "a key or '}'" : 'a key')
      const keyAt = this.#at
      const key = this.#string()
      if (key === undefined) return undefined
      if (this.#skip() !== colon) return this.#unexpected("':'")
      this.#at++
      const value = this.#value(this.#skip())
      if (value === undefined) return undefined
      const count = members.size
      members.set(key, value)
      if (members.size === count) return this.#refuse('duplicate-key', keyAt, 'a key once per object', 'a key again')
      byte = this.#skip()
      if (byte === closeObject) break
      if (byte !== comma) return this.#unexpected("',' or '}'")
      this.#at++
      byte = this.#skip()
    }
    this.#leave(members, start)
    return members
  }

  #list(): readonly JsonValue[] | undefined {
    const start = this.#at
    if (!this.#enter()) return undefined
    const items: JsonValue[] = []
    let byte = this.#skip()
    while (byte !== closeList || items.length > 0) {
      const value = this.#value(byte)
      if (value === undefined) return undefined
      items.push(value)
      byte = this.#skip()
      if (byte === closeList) break
      if (byte !== comma) return this.#unexpected("',' or ']'")
      this.#at++
      byte = this.#skip()
    }
    this.#leave(items, start)
    return items
  }

  #enter(): boolean {
    if (this.#depth >= this.#limits.depthMax) {
      this.#refuse('too-deep', this.#at, `at most ${this.#limits.depthMax} levels`, 'one more')
      return false
    }
    if (this.containers.length + this.#depth >= this.#limits.containersMax) {
      this.#refuse('too-large', this.#at, `at most ${this.#limits.containersMax} objects and lists`, 'one more')
      return false
    }
    this.#depth++
    this.#at++
    return true
  }

  #leave(container: object, start: number): void {
    this.#depth--
    this.#at++
    this.containers.push(container)
    this.starts.push(start)
    this.ends.push(this.#at)
  }

  #literal(word: string): boolean {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at] !== word.charCodeAt(index)) {
        this.#unexpected(`'${word}'`)
        return false
      }
      this.#at++
    }
    return true
  }

  /** RFC 8259 §6: `-`? (`0` | 1–9 digits) (`.` digits)? ([eE] [+-]? digits)? */
  #number(): JsonNumber | undefined {
    const bytes = this.#bytes
    const start = this.#at
    if (bytes[this.#at] === minus) this.#at++
    if (bytes[this.#at] === 0x30) this.#at++
    else if (!this.#digits()) return undefined
    if (bytes[this.#at] === 0x2e) {
      this.#at++
      if (!this.#digits()) return undefined
    }
    if (((bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at++
      const sign = bytes[this.#at]
      if (sign === 0x2b || sign === minus) this.#at++
      if (!this.#digits()) return undefined
    }
    return new JsonNumber(ascii(bytes, start, this.#at))
  }

  #digits(): boolean {
    const start = this.#at
    while (isDigit(this.#bytes[this.#at] ?? 0)) this.#at++
    if (this.#at > start) return true
    this.#unexpected('a digit')
    return false
  }

  /** Printable ASCII without escapes, as nearly every string of a chart is; anything else goes the longer way. */
  #string(): string | undefined {
    const bytes = this.#bytes
    const start = this.#at + 1
    let hash = 0
    let at = start
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number
      if (byte === quote) break
      if (byte === backslash || byte < 0x20 || byte >= 0x80) return this.#longString(start, at)
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    if (at >= bytes.length) {
      this.#at = at
      return this.#unexpected("'\"'")
    }
    this.#at = at + 1
    if (at - start > internedBytesMax) return ascii(bytes, start, at)
    const slot = (hash ^ (hash >>> 15)) & this.#seenMask
    const seen = this.#seen[slot] as string
    if (matches(bytes, start, at, seen)) return seen
    const fresh = ascii(bytes, start, at)
    this.#seen[slot] = fresh
    return fresh
  }

  /** A string with escapes or beyond ASCII: `start` is its first byte, up to `at` it is plain. */
  #longString(start: number, at: number): string | undefined {
    const bytes = this.#bytes
    const units = this.#units
    units.length = 0
    let text = ascii(bytes, start, at)
    this.#at = at
    while (this.#at < bytes.length) {
      const byte = bytes[this.#at] as number
      if (byte === quote) {
        this.#at++
        return text + String.fromCharCode.apply(null, units)
      }
      if (byte < 0x20) return this.#unexpected('no control character in a string')
      if (byte === backslash) {
        if (!this.#escape(units)) return undefined
      } else if (byte < 0x80) {
        units.push(byte)
        this.#at++
      } else if (!this.#beyondAscii(units)) return undefined
      if (units.length >= unitsPerCallMax) {
        text += String.fromCharCode.apply(null, units)
        units.length = 0
      }
    }
    return this.#unexpected("'\"'")
  }

  /** RFC 8259 §7; a surrogate is taken only as the pair of two escapes. */
  #escape(units: number[]): boolean {
    const start = this.#at
    this.#at++
    const letter = this.#bytes[this.#at]
    const plain = letter === undefined ? undefined : escapes.get(letter)
    if (plain !== undefined) {
      units.push(plain)
      this.#at++
      return true
    }
    if (letter !== 0x75) {
      this.#unexpected('an escape: one of "\\/bfnrtu')
      return false
    }
    const unit = this.#hexUnit()
    if (unit === undefined) return false
    units.push(unit)
    if (unit < 0xd800 || unit > 0xdfff) return true
    if (unit < 0xdc00 && this.#bytes[this.#at] === backslash && this.#bytes[this.#at + 1] === 0x75) {
      this.#at++
      const low = this.#hexUnit()
      if (low === undefined) return false
      units.push(low)
      if (low >= 0xdc00 && low <= 0xdfff) return true
    }
    this.#refuse('lone-surrogate', start, 'a surrogate pair', 'half of one')
    return false
  }

  #hexUnit(): number | undefined {
    let unit = 0
    for (let count = 0; count < 4; count++) {
      this.#at++
      const digit = hexDigit(this.#bytes[this.#at])
      if (digit === undefined) return this.#unexpected('a hexadecimal digit')
      unit = unit * 16 + digit
    }
    this.#at++
    return unit
  }

  #beyondAscii(units: number[]): boolean {
    const point = codePointAt(this.#bytes, this.#at)
    if (typeof point === 'string') {
      const came = point === 'truncated' ? 'end of input' : 'other bytes'
      this.#refuse(point, this.#at, 'a well-formed UTF-8 sequence', came)
      return false
    }
    if (point < 0x10000) units.push(point)
    else units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff))
    this.#at += point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    return true
  }

  /** Refuses the byte at hand: as truncated at the end, as not UTF-8 if it begins no sequence, else as `type`. */
  #unexpected(expected: string, type: JsonRefusalType = 'syntax'): undefined {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) return this.#refuse('truncated', this.#at, expected, 'end of input')
    if (byte >= 0x80 && codePointAt(this.#bytes, this.#at) === 'not-utf8') {
      return this.#refuse('not-utf8', this.#at, 'a well-formed UTF-8 sequence', 'other bytes')
    }
    return this.#refuse(type, this.#at, expected, byteClass(byte))
  }

  #refuse(type: JsonRefusalType, at: number, expected: string, came: string): undefined {
    this.#refusal ??= { type, at, expected, came }
    return undefined
  }
}

const escapes: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined
  if (isDigit(byte)) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined
}

function matches(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false
  for (let at = start; at < end; at++) if (text.charCodeAt(at - start) !== bytes[at]) return false
  return true
}

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at += unitsPerCallMax) {
    const part = bytes.subarray(at, Math.min(at + unitsPerCallMax, end)) as unknown as number[]
    text += String.fromCharCode.apply(null, part)
  }
  return text
}

/** RFC 3629 §4, which leaves out overlong forms, surrogates and everything above U+10FFFF. */
function codePointAt(bytes: Uint8Array, at: number): number | 'not-utf8' | 'truncated' {
  const first = bytes[at] as number
  const size = first >= 0xc2 && first <= 0xdf ? 2 : (first & 0xf0) === 0xe0 ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0
  if (size === 0) return 'not-utf8'
  let point = first & (0xff >> (size + 1))
  for (let index = 1; index < size; index++) {
    const byte = bytes[at + index]
    if (byte === undefined) return 'truncated'
    const low = index > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
    const high = index > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
    if (byte < low || byte > high) return 'not-utf8'
    point = (point << 6) | (byte & 0x3f)
  }
  return point
}

/** Says what kind of byte stands there: punctuation of JSON by itself, anything that may be content by its class. */
function byteClass(byte: number): string {
  if ('{}[]:,"\\'.includes(String.fromCharCode(byte))) return `'${String.fromCharCode(byte)}'`
  if (byte < 0x20) return 'a control character'
  if (isDigit(byte)) return 'a digit'
  if (byte >= 0x80) return 'a character beyond ASCII'
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x7a ? 'a letter' : 'another character'
}
