/** Changes of CBOR that keep most of it CBOR: of an item's head, its length, its kind, its place. */
import type { Chance } from './chance.ts'
import { headOf, replaced } from './mutate.ts'

interface Item {
  readonly start: number
  /** Where its argument ends and its content begins. */
  readonly content: number
  /** Where the item ends, with all that is in it; the end of the input when that is torn. */
  end: number
  readonly kind: number
  readonly argument: number
}

/** Enough to find every item of a small input; the rest of a large one is changed as bytes. */
const itemsMax = 512
const depthMax = 64

const kinds = { bytes: 2, text: 3, array: 4, map: 5, tag: 6, simple: 7 } as const

const smallItems = [
  ...['00', '01', '17', '1818', '20', '3b7fffffffffffffff', '1bffffffffffffffff', '1b001fffffffffffff'],
  ...['40', '4100', '60', '6161', '62c328', '80', 'a0', 'f4', 'f5', 'f6', 'f7', 'f97e00', 'fb3ff0000000000000'],
  ...['c100', 'd9d9f700', '9fff', 'bfff', '5fff', '7f6161ff', '1800', '190001', 'ff', '1c', '8180', 'a16161f6'],
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

export function changeItem(bytes: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  const items = itemsOf(bytes)
  if (items.length === 0) return replaced(bytes, 0, 0, chance.pick(smallItems))
  const item = chance.pick(items)
  const { start, content, end, kind, argument } = item
  const whole = bytes.slice(start, end)
  switch (chance.below(10)) {
    case 0:
      return replaced(bytes, start, content, headOf(kind, nearby(argument, chance)))
    case 1:
      return replaced(bytes, start, end, chance.pick(smallItems))
    case 2:
      return replaced(bytes, start, end, new Uint8Array(0))
    case 3:
      return replaced(bytes, end, end, whole)
    case 4: {
      const others = itemsOf(other)
      const source = others.length > 0 ? chance.pick(others) : item
      const part = others.length > 0 ? other.slice(source.start, source.end) : whole
      return replaced(bytes, start, end, part)
    }
    case 5: {
      const twin = chance.pick(items)
      return replaced(bytes, start, end, bytes.slice(twin.start, twin.end))
    }
    case 6: {
      // A string of another length whose head agrees, or a list with one item more.
      if (kind === kinds.bytes || kind === kinds.text) {
        const length = Math.min(nearby(argument, chance), 2048)
        const text = new Uint8Array(length).fill(kind === kinds.text ? 0x61 : chance.next())
        text.set(bytes.subarray(content, Math.min(end, content + length)))
        return replaced(bytes, start, end, joined(headOf(kind, length), text))
      }
      if (kind === kinds.array || kind === kinds.map) {
        const inside = items.find((each) => each.start >= content && each.start < end) ?? item
        const part = joined(bytes.slice(content, end), bytes.slice(inside.start, inside.end))
        return replaced(bytes, start, end, joined(headOf(kind, argument + 1), part))
      }
      return replaced(bytes, start, end, headOf(kind, nearby(argument, chance)))
    }
    case 7: {
      // The same number in a longer form, which is not canonical.
      const wide = new Uint8Array(9)
      wide[0] = (kind << 5) | 27
      new DataView(wide.buffer).setBigUint64(1, BigInt(argument))
      return replaced(bytes, start, content, wide)
    }
    case 8:
      return replaced(bytes, start, start + 1, Uint8Array.of((chance.below(8) << 5) | ((bytes[start] as number) & 31)))
    default: {
      const depth = chance.pick([1, 2, 8, 64, 500])
      return replaced(bytes, start, start, new Uint8Array(depth).fill(0x81))
    }
  }
}

function nearby(argument: number, chance: Chance): number {
  const edges = [0, 1, 23, 24, 31, 32, 33, 63, 64, 65, 255, 256, 65535, 65536, 0xffffffff, 0x100000000]
  if (chance.once(2)) return chance.pick([...edges, Number.MAX_SAFE_INTEGER, 2 ** 53])
  return Math.max(0, Math.min(2 ** 53, argument + (chance.once(2) ? 1 : -1) * (1 + chance.below(3))))
}

function joined(head: Uint8Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + rest.length)
  bytes.set(head)
  bytes.set(rest, head.length)
  return bytes
}

/** The items from the front on, as far as the bytes are CBOR of definite lengths. */
function itemsOf(bytes: Uint8Array): readonly Item[] {
  const items: Item[] = []
  let at = 0
  function item(depth: number): boolean {
    const first = bytes[at]
    if (first === undefined || items.length >= itemsMax || depth > depthMax) return false
    const start = at
    const kind = first >> 5
    const short = first & 31
    if (short > 27) return false
    const width = short < 24 ? 0 : 1 << (short - 24)
    if (start + 1 + width > bytes.length) return false
    let argument = short
    if (width > 0) {
      argument = 0
      for (let index = 1; index <= width; index++) argument = argument * 256 + (bytes[start + index] as number)
    }
    at = start + 1 + width
    const found: Item = { start, content: at, end: bytes.length, kind, argument: Math.min(argument, 2 ** 53) }
    items.push(found)
    if (kind === kinds.bytes || kind === kinds.text) {
      if (argument > bytes.length - at) return false
      at += argument
    } else if (kind === kinds.array || kind === kinds.map || kind === kinds.tag) {
      const parts = kind === kinds.array ? argument : kind === kinds.map ? 2 * argument : 1
      for (let part = 0; part < parts; part++) if (!item(depth + 1)) return false
    }
    found.end = at
    return true
  }
  while (at < bytes.length && item(0));
  return items
}
