/** New inputs from known ones: blind changes of bytes, words of the sources, and changes that know CBOR or JSON. */
import { changeItem } from './cbor-items.ts'
import type { Chance } from './chance.ts'

/** What an input is meant to look like: which words fit, and whether its structure is changed as such. */
export type Shape = 'cbor' | 'json' | 'text' | 'binary'

/** Longer inputs take longer and find little more; a target with larger seeds says so. */
export const inputBytesMaxDefault = 4096

export interface Mutation {
  readonly chance: Chance
  readonly shape: Shape
  /** At least one. */
  readonly words: readonly Uint8Array[]
  readonly inputBytesMax: number
}

const edgeBytes = [0, 1, 0x0a, 0x17, 0x18, 0x1b, 0x1f, 0x20, 0x22, 0x40, 0x5c, 0x7f, 0x80, 0xa0, 0xc2, 0xf6, 0xf7, 0xff]
const edgeNumbers = [0, 1, 23, 24, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff]

/** Changes made one upon the other: 1, 2, 4 or 8. */
const changesExponents = 4

/** An input made from `from`, now and then with a part of `other`. */
export function mutated(from: Uint8Array, other: Uint8Array, mutation: Mutation): Uint8Array {
  const { chance, shape, inputBytesMax } = mutation
  let bytes = from
  // The smaller of two draws: one change is likelier than eight, which leave little of what was valid.
  const changes = 1 << Math.min(chance.below(changesExponents), chance.below(changesExponents))
  for (let change = 0; change < changes; change++) {
    if (shape === 'cbor' && chance.once(2)) bytes = changeItem(bytes, other, chance)
    else if (shape === 'json' && chance.once(3)) bytes = changeToken(bytes, other, chance)
    else bytes = changeBytes(bytes, other, mutation)
  }
  return bytes.length > inputBytesMax ? bytes.slice(0, inputBytesMax) : bytes === from ? bytes.slice() : bytes
}

function changeBytes(bytes: Uint8Array, other: Uint8Array, { chance, words }: Mutation): Uint8Array {
  const { length } = bytes
  const at = chance.below(length + 1)
  switch (chance.below(12)) {
    case 0:
      return set(bytes, at, (bytes[at] ?? 0) ^ (1 << chance.below(8)))
    case 1:
      return set(bytes, at, chance.next())
    case 2:
      return set(bytes, at, chance.pick(edgeBytes))
    case 3:
      return set(bytes, at, (bytes[at] ?? 0) + 1 + chance.below(16) * (chance.once(2) ? 1 : -1))
    case 4:
      return replaced(bytes, at, at, Uint8Array.of(chance.once(2) ? chance.next() : chance.pick(edgeBytes)))
    case 5:
      return replaced(bytes, at, Math.min(length, at + sizeOf(chance, length)), empty)
    case 6: {
      const from = chance.below(length + 1)
      const part = bytes.slice(from, from + sizeOf(chance, length))
      return replaced(bytes, at, chance.once(2) ? at : Math.min(length, at + part.length), part)
    }
    case 7:
      return replaced(bytes, at, at, chance.pick(words))
    case 8: {
      const word = chance.pick(words)
      return replaced(bytes, at, Math.min(length, at + word.length), word)
    }
    case 9: {
      const number = chance.pick(edgeNumbers)
      const width = chance.pick([1, 2, 4, 8])
      const part = new Uint8Array(width)
      const view = new DataView(part.buffer)
      const little = chance.once(2)
      for (let index = 0; index < Math.min(4, width); index++)
        view.setUint8(little ? index : width - 1 - index, number >>> (8 * index))
      return replaced(bytes, at, Math.min(length, at + width), part)
    }
    case 10: {
      const from = chance.below(other.length + 1)
      return replaced(bytes, at, chance.once(2) ? length : at, other.slice(from, from + sizeOf(chance, other.length)))
    }
    default:
      return bytes.slice(0, at)
  }
}

/** Mostly a few bytes, now and then up to all of them. */
function sizeOf(chance: Chance, length: number): number {
  return 1 + chance.below(chance.once(4) ? Math.max(1, length) : Math.min(16, Math.max(1, length)))
}

/** From one mark of punctuation to another is a value, a member or a list of them. */
function changeToken(bytes: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  const [start, end] = span(bytes, chance)
  const part = bytes.slice(start, end)
  switch (chance.below(6)) {
    case 0:
      return replaced(bytes, start, end, empty)
    case 1:
      return replaced(bytes, end, end, part)
    case 2: {
      const [from, to] = span(other, chance)
      return replaced(bytes, start, end, other.slice(from, to))
    }
    case 3: {
      // As deep as a reader may go, and a little deeper.
      const depth = chance.pick([1, 2, 16, 63, 64, 65, 200])
      const [open, close] = chance.once(2) ? ['[', ']'] : ['{"a":', '}']
      const nested = Buffer.concat([Buffer.from(open.repeat(depth)), part, Buffer.from(close.repeat(depth))])
      return replaced(bytes, start, end, new Uint8Array(nested))
    }
    case 4:
      return replaced(bytes, start, end, utf8(chance.pick(jsonTokens)))
    default: {
      const [from, to] = span(bytes, chance)
      return replaced(bytes, start, end, bytes.slice(from, to))
    }
  }
}

const punctuation = new Set([...'{}[]:,"'].map((mark) => mark.charCodeAt(0)))

function span(bytes: Uint8Array, chance: Chance): readonly [number, number] {
  let start = chance.below(bytes.length + 1)
  while (start > 0 && !punctuation.has(bytes[start - 1] as number)) start -= 1
  let end = chance.below(4) === 0 ? start + chance.below(bytes.length + 1 - start) : start
  while (end < bytes.length && !punctuation.has(bytes[end] as number)) end += 1
  return [start, end]
}

const jsonTokens = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"',
    '{}',
    '[]',
    '""',
    'null',
    'true',
    'false',
    '{"a":1}',
    '[[]]',
    '"__proto__":1,',
  ],
  ...[
    '0',
    '-0',
    '-',
    '1.',
    '.1',
    '1e5',
    '1E+400',
    '-1e-400',
    '9007199254740993',
    '00',
    '1.50',
    '+1',
    'NaN',
    'Infinity',
  ],
  ...['\\u0000', '\\ud800', '\\ud83d\\ude00', '\\udc00', '\\x', '\\/', '\\"', '\\', '\u2028', '\ufeff', '\u0000', '\n'],
] as const

const empty = new Uint8Array(0)
const utf8 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf8'))

function set(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const changed = at < bytes.length ? bytes.slice() : replaced(bytes, at, at, Uint8Array.of(0))
  changed[at] = value
  return changed
}

/** The bytes with those from `start` to `end` given up for others. */
export function replaced(bytes: Uint8Array, start: number, end: number, part: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes.length - (end - start) + part.length)
  changed.set(bytes.subarray(0, start))
  changed.set(part, start)
  changed.set(bytes.subarray(end), start + part.length)
  return changed
}

/** Words of the sources, and of the shape, as bytes that may stand in an input of it. */
export function wordsFor(
  shape: Shape,
  { texts, numbers }: { readonly texts: Iterable<string>; readonly numbers: Iterable<number> },
): readonly Uint8Array[] {
  const words: Uint8Array[] = []
  for (const text of texts) {
    const bytes = utf8(text)
    if (shape === 'cbor') words.push(Uint8Array.of(...headOf(3, bytes.length), ...bytes))
    else if (shape === 'json') words.push(utf8(JSON.stringify(text)))
    else words.push(bytes)
  }
  for (const number of numbers) {
    if (number < 0) continue
    if (shape === 'cbor') words.push(headOf(0, number))
    else if (shape === 'binary') words.push(Uint8Array.of(number), bigEndian(number))
    else words.push(utf8(String(number)))
  }
  if (shape === 'json') words.push(...jsonTokens.map(utf8))
  words.push(Uint8Array.of(0), Uint8Array.of(0xf6), Uint8Array.of(0xff, 0xff, 0xff, 0xff))
  return words
}

function bigEndian(number: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number))
  return bytes
}

/** The shortest head of a CBOR item (RFC 8949 §4.2.1). */
export function headOf(kind: number, argument: number): Uint8Array {
  const first = kind << 5
  if (argument < 24) return Uint8Array.of(first | argument)
  const width = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8
  const head = new Uint8Array(1 + width)
  head[0] = first | (24 + Math.log2(width))
  let rest = argument
  for (let at = width; at > 0; at--) {
    head[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return head
}
