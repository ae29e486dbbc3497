import { JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'

/** Values are ours or came through the reader; twice its depth leaves room for wrapping one. */
const writtenDepthMax = 128
const chunkBytes = 1024

/**
 * Writes JSON without white space, members in the order of the map, numbers as their text, every string escaped only
 * where RFC 8259 §7 demands it. Throws on a lone surrogate and on depth beyond any document that was read.
 */
export function writeJson(value: JsonValue): Uint8Array {
  const out = new Output()
  write(out, value, 0)
  return out.taken()
}

function write(out: Output, value: JsonValue, depth: number): void {
  if (depth > writtenDepthMax) throw new RangeError(`writeJson: more than ${writtenDepthMax} levels`)
  if (typeof value === 'string') writeString(out, value)
  else if (value instanceof JsonNumber) out.ascii(value.text)
  else if (value === null || typeof value === 'boolean') out.ascii(String(value))
  else if (value instanceof Map) writeObject(out, value, depth)
  else writeList(out, value as readonly JsonValue[], depth)
}

function writeObject(out: Output, members: JsonObject, depth: number): void {
  let separator = 0x7b
  for (const [key, member] of members) {
    out.byte(separator)
    writeString(out, key)
    out.byte(0x3a)
    write(out, member, depth + 1)
    separator = 0x2c
  }
  if (members.size === 0) out.byte(separator)
  out.byte(0x7d)
}

function writeList(out: Output, items: readonly JsonValue[], depth: number): void {
  let separator = 0x5b
  for (const item of items) {
    out.byte(separator)
    write(out, item, depth + 1)
    separator = 0x2c
  }
  if (items.length === 0) out.byte(separator)
  out.byte(0x5d)
}

function writeString(out: Output, text: string): void {
  out.byte(0x22)
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit === 0x22 || unit === 0x5c) {
      out.byte(0x5c)
      out.byte(unit)
    } else if (unit < 0x20) out.ascii(`\\u00${unit < 0x10 ? '0' : '1'}${(unit & 0xf).toString(16)}`)
    else if (unit < 0x80) out.byte(unit)
    else index += writeBeyondAscii(out, text, index)
  }
  out.byte(0x22)
}

/** Returns how many units beyond the first were used. */
function writeBeyondAscii(out: Output, text: string, index: number): number {
  const point = text.codePointAt(index) as number
  if (point >= 0xd800 && point <= 0xdfff) throw new RangeError('writeJson: a lone surrogate has no UTF-8 form')
  if (point < 0x800) out.byte(0xc0 | (point >> 6))
  else {
    if (point < 0x10000) out.byte(0xe0 | (point >> 12))
    else {
      out.byte(0xf0 | (point >> 18))
      out.byte(0x80 | ((point >> 12) & 0x3f))
    }
    out.byte(0x80 | ((point >> 6) & 0x3f))
  }
  out.byte(0x80 | (point & 0x3f))
  return point < 0x10000 ? 0 : 1
}

class Output {
  #bytes = new Uint8Array(chunkBytes)
  #length = 0

  byte(value: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2)
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes[this.#length++] = value
  }

  ascii(text: string): void {
    for (let index = 0; index < text.length; index++) this.byte(text.charCodeAt(index))
  }

  taken(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

/**
 * The value as ordinary objects, lists and floats, for validators that know nothing else. Numbers lose precision: never
 * keep or show the result. A member named `__proto__` becomes an own property and changes no prototype.
 */
export function toPlain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text)
  if (value instanceof Map) {
    const plain: Record<string, unknown> = {}
    for (const [key, member] of value as JsonObject) {
      if (key === '__proto__') {
        Object.defineProperty(plain, key, {
          value: toPlain(member),
          enumerable: true,
          writable: true,
          configurable: true,
        })
      } else plain[key] = toPlain(member)
    }
    return plain
  }
  return Array.isArray(value) ? value.map(toPlain) : value
}
