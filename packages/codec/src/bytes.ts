/** Bytes and their texts, written out because the pure packages may not use TextEncoder, Buffer or atob. */

const hexCodes = Uint8Array.from([...'0123456789abcdef'].map((digit) => digit.charCodeAt(0)))

/** Lower-case hexadecimal, two digits a byte. Eight at a time: a text that grows by one is a chain of parts. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  for (; index + 4 <= bytes.length; index += 4) {
    const a = bytes[index] as number
    const b = bytes[index + 1] as number
    const c = bytes[index + 2] as number
    const d = bytes[index + 3] as number
    text += String.fromCharCode(high(a), low(a), high(b), low(b), high(c), low(c), high(d), low(d))
  }
  for (; index < bytes.length; index++) {
    const byte = bytes[index] as number
    text += String.fromCharCode(high(byte), low(byte))
  }
  return text
}

const high = (byte: number): number => hexCodes[byte >> 4] as number
const low = (byte: number): number => hexCodes[byte & 15] as number

/** Bytes of lower-case hexadecimal, or undefined when the text is anything else: one value has one text. */
export function parseHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let index = 0; index < bytes.length; index++) {
    const high = hexValue(text.charCodeAt(2 * index))
    const low = hexValue(text.charCodeAt(2 * index + 1))
    if (high < 0 || low < 0) return undefined
    bytes[index] = high * 16 + low
  }
  return bytes
}

/** Bytes of a hexadecimal text that our own code made. */
export function fromHex(text: string): Uint8Array {
  const bytes = parseHex(text)
  if (!bytes) throw new Error('expected lower-case hexadecimal')
  return bytes
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  if (code >= 0x61 && code <= 0x66) return code - 0x57
  return -1
}

const base64UrlDigits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const base64UrlValues: ReadonlyMap<string, number> = new Map([...base64UrlDigits].map((digit, value) => [digit, value]))

/** RFC 4648 §5, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index
    const group =
      ((bytes[index] as number) << 16) |
      ((left > 1 ? (bytes[index + 1] as number) : 0) << 8) |
      (left > 2 ? (bytes[index + 2] as number) : 0)
    text += base64UrlDigits.charAt(group >> 18) + base64UrlDigits.charAt((group >> 12) & 63)
    if (left > 1) text += base64UrlDigits.charAt((group >> 6) & 63)
    if (left > 2) text += base64UrlDigits.charAt(group & 63)
  }
  return text
}

/** Bytes of unpadded base64url, or undefined; leftover bits must be zero, so that one value has one text. */
export function parseBase64Url(text: string): Uint8Array | undefined {
  if (text.length % 4 === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const digit of text) {
    const value = base64UrlValues.get(digit)
    if (value === undefined) return undefined
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (held >> bits) & 0xff
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Joins parts, each behind its length in four bytes, big-endian, so that no two lists of parts give the same bytes. */
export function lengthPrefixed(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 0
  for (const part of parts) size += 4 + part.length
  const joined = new Uint8Array(size)
  const view = new DataView(joined.buffer)
  let at = 0
  for (const part of parts) {
    view.setUint32(at, part.length)
    joined.set(part, at + 4)
    at += 4 + part.length
  }
  return joined
}

/** Compares in time that depends on the lengths alone. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index++) difference |= (a[index] as number) ^ (b[index] as number)
  return difference === 0
}

/** Byte order: negative when `a` comes first, 0 when equal. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const difference = (a[index] as number) - (b[index] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** UTF-8 (RFC 3629) of a text. A lone surrogate has no UTF-8 and is a bug of the caller. */
export function utf8(text: string): Uint8Array {
  const ascii = new Uint8Array(text.length)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return utf8Slow(text)
    ascii[index] = code
  }
  return ascii
}

function utf8Slow(text: string): Uint8Array {
  const bytes: number[] = []
  for (const character of text) {
    const point = character.codePointAt(0) as number
    if (point >= 0xd800 && point <= 0xdfff) throw new Error('a lone surrogate has no UTF-8')
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63))
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
    else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63))
  }
  return Uint8Array.from(bytes)
}

/** The text of ASCII bytes from `at` on, else undefined. Eight at a time: a text that grows by one is a chain of parts. */
export function asciiAt(bytes: Uint8Array, at: number, length: number): string | undefined {
  let high = 0
  const end = at + length
  for (let index = at; index < end; index++) high |= bytes[index] as number
  if (high > 0x7f) return undefined
  let text = ''
  let index = at
  for (; index + 8 <= end; index += 8)
    text += String.fromCharCode(
      bytes[index] as number,
      bytes[index + 1] as number,
      bytes[index + 2] as number,
      bytes[index + 3] as number,
      bytes[index + 4] as number,
      bytes[index + 5] as number,
      bytes[index + 6] as number,
      bytes[index + 7] as number,
    )
  for (; index < end; index++) text += String.fromCharCode(bytes[index] as number)
  return text
}

/** Below this, one call of fromCharCode with all units is fastest and safely below every engine's argument limit. */
const unitsPerCall = 4096

/** The text of well-formed UTF-8 (RFC 3629 §3: no overlong form, no surrogate, nothing above U+10FFFF), else undefined. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  let text = ''
  let units: number[] = []
  for (let index = 0; index < bytes.length; ) {
    const lead = bytes[index] as number
    let point = lead
    let more = 0
    let least = 0
    if (lead >= 0x80) {
      if (lead >= 0xc2 && lead <= 0xdf) [point, more, least] = [lead & 0x1f, 1, 0x80]
      else if (lead >= 0xe0 && lead <= 0xef) [point, more, least] = [lead & 0x0f, 2, 0x800]
      else if (lead >= 0xf0 && lead <= 0xf4) [point, more, least] = [lead & 0x07, 3, 0x10000]
      else return undefined
      if (index + more >= bytes.length) return undefined // the last byte of the sequence must exist
      for (let step = 1; step <= more; step++) {
        const next = bytes[index + step] as number
        if ((next & 0xc0) !== 0x80) return undefined
        point = (point << 6) | (next & 63)
      }
      if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    }
    index += 1 + more
    if (point > 0xffff) units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff))
    else units.push(point)
    if (units.length >= unitsPerCall) {
      text += String.fromCharCode(...units)
      units = []
    }
  }
  return text + String.fromCharCode(...units)
}
