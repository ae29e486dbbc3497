/** Keys as bytes whose order is the order of what they stand for. */

const printable = /^[\x21-\x7e]{1,400}$/

export const isAsciiKey = (text: string): boolean => printable.test(text)

/** Printable ASCII: byte order and JavaScript's order agree. */
export function asciiKey(text: string): Uint8Array {
  if (!isAsciiKey(text)) throw new Error('a key is not printable ASCII of 1 to 400')
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}

export function asciiText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** The first key behind every key that starts with this prefix; a prefix of printable ASCII always has one. */
export function behindPrefix(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice()
  const last = end.length - 1
  end[last] = (end[last] as number) + 1
  return end
}

/** Heights, sequences and node ids in eight bytes, so that they are appended and walked in order. */
export function numberKey(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${value} is not a position`)
  const key = new Uint8Array(8)
  const view = new DataView(key.buffer)
  view.setUint32(0, Math.floor(value / 2 ** 32))
  view.setUint32(4, value % 2 ** 32)
  return key
}

export function keyNumber(key: Uint8Array): number {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength)
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4)
}

/** The last second at which an envelope is valid, then its id. */
export function envelopeKey(id: Uint8Array, validUntil: number): Uint8Array {
  const key = new Uint8Array(8 + id.length)
  key.set(numberKey(validUntil))
  key.set(id, 8)
  return key
}
