/**
 * Looks for what must not be on the ledger: values of a chart, in the forms in which they could hide. Lengths are bounded
 * from below so that random bytes do not hit by accident: with 10^4 values, 10^5 bytes of ledger and 10^7 bytes of notes,
 * five bytes (ledger) and eight (everything that is mostly cipher) leave fewer than one false alarm in 10^3 runs. Keys of
 * rows are hashes written in hexadecimal, in which five given digits stand at one place in 10^6: values that are made of
 * such digits and are shorter than eight are not looked for inside of a hash.
 */
import { createHash, createHmac } from 'node:crypto'

export interface Hay {
  /** Where it was found: for the report. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Values that are shorter are not looked for here. */
  readonly shortest: number
}

export interface Leak {
  readonly where: string
  readonly at: number
  /** The kind of value and its form, never the value. */
  readonly what: string
}

interface Pattern {
  readonly bytes: Uint8Array
  readonly what: string
  /** Length of the value that it stands for. */
  readonly length: number
}

const indexBytes = 4
const hexDigits = /^[0-9a-f]+$/
/** From this length on a value does not stand in the hexadecimal text of a hash by chance. */
const shortestInHash = 8
/** Digits of the shortest hash or identifier that a key of a row holds: 16 bytes. */
const hashDigits = 32
/** What a truncated digest still shows. */
const digestBytes = 16
const leaksListedMax = 50

/** A value with its kind, such as "Patient.name.family". */
export interface Needle {
  readonly kind: string
  readonly bytes: Uint8Array
}

/** One pass over the hay for all patterns, indexed by their first bytes. */
export class LeakScanner {
  private readonly index = new Map<number, Pattern[]>()
  private readonly filter = new Uint8Array(1 << 21)
  patterns = 0

  constructor(needles: readonly Needle[], keys: readonly Uint8Array[]) {
    for (const { kind, bytes } of needles) {
      const text = Buffer.from(bytes)
      const add = (form: string, pattern: Uint8Array) =>
        this.add({ bytes: pattern, what: `${kind} ${form}`, length: bytes.length })
      add('plain', text)
      add('reversed', Uint8Array.from(bytes).reverse())
      add('hex', Buffer.from(text.toString('hex')))
      add('hex in capitals', Buffer.from(text.toString('hex').toUpperCase()))
      for (let shift = 0; shift < 3; shift++) {
        add('base64', Buffer.from(base64Core(text, shift, 'base64')))
        add('base64url', Buffer.from(base64Core(text, shift, 'base64url')))
      }
      const utf16 = Buffer.from(text.toString('utf8'), 'utf16le')
      add('UTF-16', utf16)
      add('UTF-16', Buffer.from(utf16).swap16())
      for (const algorithm of ['sha256', 'sha1', 'md5']) {
        this.addDigest(`${kind} ${algorithm}`, createHash(algorithm).update(text).digest())
      }
      for (const key of keys) {
        this.addDigest(`${kind} hmac-sha256`, createHmac('sha256', key).update(text).digest())
      }
    }
  }

  scan(hay: readonly Hay[]): readonly Leak[] {
    const leaks: Leak[] = []
    for (const { name, bytes, shortest } of hay) {
      for (let at = 0; at + indexBytes <= bytes.length; at++) {
        const start = startOf(bytes, at)
        const bit = bitOf(start)
        if (((this.filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) continue
        for (const pattern of this.index.get(start) ?? []) {
          if (pattern.length < shortest || !standsAt(bytes, at, pattern.bytes)) continue
          if (pattern.length < shortestInHash && isInHash(bytes, at, pattern.bytes)) continue
          leaks.push({ where: name, at, what: pattern.what })
          if (leaks.length >= leaksListedMax) return leaks
        }
      }
    }
    return leaks
  }

  private addDigest(what: string, digest: Buffer): void {
    const part = digest.subarray(0, digestBytes)
    const add = (form: string, bytes: Uint8Array) => this.add({ bytes, what: `${what} ${form}`, length: digestBytes })
    add('raw', part)
    add('hex', Buffer.from(part.toString('hex')))
    add('hex in capitals', Buffer.from(part.toString('hex').toUpperCase()))
    add('base64', Buffer.from(base64Core(part, 0, 'base64')))
    add('base64url', Buffer.from(base64Core(part, 0, 'base64url')))
  }

  private add(pattern: Pattern): void {
    if (pattern.bytes.length < indexBytes) return
    this.patterns++
    const start = startOf(pattern.bytes, 0)
    const bit = bitOf(start)
    this.filter[bit >>> 3] = (this.filter[bit >>> 3] ?? 0) | (1 << (bit & 7))
    const known = this.index.get(start)
    if (known) known.push(pattern)
    else this.index.set(start, [pattern])
  }
}

/** The characters of a base64 text that depend on the value alone, when it stands `shift` bytes after a multiple of three. */
function base64Core(value: Buffer, shift: number, alphabet: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(shift), value]).toString(alphabet)
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + value.length) * 8) / 6))
}

const startOf = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0

const bitOf = (start: number): number => Math.imul(start, 0x9e3779b1) >>> 8

function standsAt(bytes: Uint8Array, at: number, pattern: Uint8Array): boolean {
  if (at + pattern.length > bytes.length) return false
  for (let index = 0; index < pattern.length; index++) if (bytes[at + index] !== pattern[index]) return false
  return true
}

const isHexDigit = (byte: number | undefined): boolean =>
  byte !== undefined && hexDigits.test(String.fromCharCode(byte))

/** Whether the pattern is part of the hexadecimal text of a hash, where random digits may look like any. */
function isInHash(bytes: Uint8Array, at: number, pattern: Uint8Array): boolean {
  if (!pattern.every(isHexDigit)) return false
  let [start, end] = [at, at + pattern.length]
  while (isHexDigit(bytes[start - 1])) start--
  while (isHexDigit(bytes[end])) end++
  return end - start >= hashDigits
}

/** Members whose values are FHIR's own words or structure, and say nothing of a person. */
const structural = new Set([
  'intent',
  'method',
  'mode',
  'resourceType',
  'status',
  'system',
  'unit',
  'url',
  'use',
  'xmlns',
])
/** Code systems of FHIR's structure (clinical status, categories, claim types); `sid` are identifiers of people. */
const structuralSystem = /^https?:\/\/(terminology\.hl7\.org|hl7\.org\/fhir\/(?!sid\/))/
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const day = /\d{4}-\d{2}-\d{2}/g

/** Every value of a bundle that says something of somebody: identifiers, names, dates, codes, words, numbers. */
export function needlesOf(bundle: unknown, shortest: number): readonly Needle[] {
  const found = new Map<string, Needle>()
  const add = (kind: string, bytes: Uint8Array) => {
    const key = Buffer.from(bytes).toString('latin1')
    if (bytes.length >= shortest && !found.has(key)) found.set(key, { kind, bytes })
  }
  const addText = (kind: string, text: string) => {
    add(kind, Buffer.from(text))
    add(kind, Buffer.from(text.toLowerCase()))
    for (const [id] of text.matchAll(uuid)) {
      add(kind, Buffer.from(id))
      add(kind, Buffer.from(id.replaceAll('-', '')))
      add(`${kind} in 16 bytes`, Buffer.from(id.replaceAll('-', ''), 'hex'))
    }
    for (const [date] of text.matchAll(day)) {
      add(kind, Buffer.from(date))
      add(kind, Buffer.from(date.replaceAll('-', '')))
    }
  }
  const walk = (value: unknown, path: string): void => {
    if (typeof value === 'string') addText(path, value)
    else if (typeof value === 'number') add(path, Buffer.from(String(value)))
    else if (Array.isArray(value)) for (const each of value) walk(each, path)
    else if (typeof value === 'object' && value !== null) {
      const members = Object.entries(value)
      const system = members.find(([name]) => name === 'system')?.[1]
      if (typeof system === 'string' && structuralSystem.test(system)) return
      for (const [name, each] of members) if (!structural.has(name)) walk(each, `${path}.${name}`)
    }
  }
  const { entry } = bundle as { readonly entry: readonly { readonly resource: { readonly resourceType: string } }[] }
  for (const { resource } of entry) walk(resource, resource.resourceType)
  return [...found.values()]
}

/** The byte strings and texts of canonical CBOR, nested encodings included. */
export function valuesOf(encoded: Uint8Array): {
  readonly bytes: readonly Uint8Array[]
  readonly texts: readonly string[]
} {
  const found: { bytes: Uint8Array[]; texts: string[] } = { bytes: [], texts: [] }
  readAll(encoded, found)
  return found
}

/** Lengths of identifiers, hashes and signatures: random bytes that may look like an encoding. */
const plainLengths: ReadonlySet<number> = new Set([16, 32, 64])

/** False when these are no CBOR items from the first byte to the last. */
function readAll(encoded: Uint8Array, found: { bytes: Uint8Array[]; texts: string[] }): boolean {
  let at = 0
  const item = (): boolean => {
    const first = encoded[at++]
    if (first === undefined) return false
    const [major, info] = [first >> 5, first & 31]
    let argument = info
    if (info >= 24) {
      if (info > 27) return false
      const length = 1 << (info - 24)
      argument = 0
      for (let count = 0; count < length; count++) argument = argument * 256 + (encoded[at++] ?? 0)
    }
    if (major === 2 || major === 3) {
      const value = encoded.slice(at, at + argument)
      at += argument
      if (value.length !== argument) return false
      if (major === 3) found.texts.push(Buffer.from(value).toString('utf8'))
      else {
        const inner: { bytes: Uint8Array[]; texts: string[] } = { bytes: [], texts: [] }
        // What is itself an encoding is read as one: bodies and transactions travel as bytes.
        if (!plainLengths.has(value.length) && readAll(value, inner)) {
          found.bytes.push(...inner.bytes)
          found.texts.push(...inner.texts)
        } else found.bytes.push(value)
      }
      return true
    }
    if (major === 4 || major === 5) {
      for (let count = 0; count < argument * (major - 3); count++) if (!item()) return false
      return true
    }
    return major !== 6
  }
  while (at < encoded.length) if (!item()) return false
  return at === encoded.length
}

/** Values of 16 and of 32 bytes that stand in more than one of these, with how many. */
export function recurring(encodings: readonly Uint8Array[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const encoded of encodings) {
    const values = valuesOf(encoded).bytes.filter(({ length }) => length === 16 || length === 32)
    for (const value of new Set(values.map((each) => Buffer.from(each).toString('hex')))) {
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
  }
  return new Map([...counts].filter(([, count]) => count > 1))
}
