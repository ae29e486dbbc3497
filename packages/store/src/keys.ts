/** Keys in memory and as bytes; the order of the bytes is the order of what they stand for. */
import type { KeyKind } from './buffered-table.ts'

const printable = /^[\x21-\x7e]{1,400}$/

export const isAsciiKey = (text: string): boolean => printable.test(text)

/** Printable ASCII: byte order and JavaScript's order agree. */
export function asciiKey(text: string): Uint8Array {
  if (!isAsciiKey(text)) throw new Error('a key is not printable ASCII of 1 to 400')
  return Buffer.from(text, 'latin1')
}

export function asciiText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The first key behind every key that starts with this prefix; a prefix of printable ASCII always has one. */
export function behindPrefix(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix)
  const last = end.length - 1
  end[last] = (end[last] as number) + 1
  return end
}

/** Heights and sequences in eight bytes, so that they are appended and walked in order. */
export function numberKey(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} is not a position`)
  const key = new Uint8Array(8)
  let rest = value
  for (let at = 7; rest > 0; at--) {
    key[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return key
}

export function keyNumber(key: Uint8Array): number {
  let value = 0
  for (const byte of key) value = value * 256 + byte
  return value
}

export const numberKeys: KeyKind<number> = { bytes: numberKey, read: keyNumber }
/** Any bytes, as latin-1 text: one character a byte, so that the order stays. */
export const byteKeys: KeyKind<string> = { bytes: (text) => Buffer.from(text, 'latin1'), read: asciiText }

/** Tiles by the turns that lead to them; the mark in front makes a key of the tile at the top too. */
export const tileKeys: KeyKind<string> = {
  bytes: (place) => Buffer.from(`/${place}`, 'latin1'),
  read: (key) => asciiText(key).slice(1),
}
