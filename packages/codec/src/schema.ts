/**
 * Schemas of canonical bytes. What a schema reads is protocol: a value has one encoding, every field is present, and
 * whatever the schema does not name is refused. Depth is bounded because schemas are finite: no input makes a reader nest.
 */
import { asciiAt, compareBytes, fromUtf8, utf8 } from './bytes.ts'
import { type Malformed, MalformedBytes, major, Reader, simple, Writer } from './cbor.ts'
import { no, ok, type Result } from './result.ts'

export interface Schema<Value> {
  /** What a value of it is, for refusals: "text of at most 64 bytes". */
  readonly says: string
  /** Of an object its fields, of a variant the fields of each type: what documents are made from. */
  readonly fields?: Fields
  readonly types?: Readonly<Record<string, Fields>>
  write(writer: Writer, value: Value): void
  read(reader: Reader): Value
}

export type Infer<Of> = Of extends Schema<infer Value> ? Value : never

/** Large enough for every ledger message; larger statements name their own bound. */
export const bytesMaxDefault = 64 * 1024

/** The canonical bytes of a value. A value outside its schema is a bug of the caller and throws. */
export function encode<Value>(schema: Schema<Value>, value: Value): Uint8Array {
  const writer = spare ?? new Writer()
  // While it is in use there is none to spare: a schema may encode something of its own on the way.
  spare = undefined
  schema.write(writer, value)
  const encoded = writer.bytes()
  if (writer.restart()) spare = writer
  return encoded
}

/** A buffer is made once and used again: its memory costs more than most of what is written into it (measured). */
let spare: Writer | undefined

/** Reads untrusted bytes: the value, or where and why they are not the canonical form of one. */
export function decode<Value>(
  schema: Schema<Value>,
  bytes: Uint8Array,
  bytesMax = bytesMaxDefault,
): Result<Value, Malformed> {
  if (bytes.length > bytesMax)
    return no({ type: 'malformed', path: '', expected: `at most ${bytesMax} bytes`, came: `${bytes.length} bytes` })
  const reader = new Reader(bytes)
  try {
    const value = schema.read(reader)
    if (reader.left > 0)
      return no({ type: 'malformed', path: '', expected: 'the end of the input', came: `${reader.left} more bytes` })
    return ok(value)
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    return no({ type: 'malformed', path: error.path.reverse().join('.'), expected: error.expected, came: error.came })
  }
}

/** What a read threw, with the step at which it did. */
function within(step: string, error: unknown): unknown {
  if (error instanceof MalformedBytes) error.path.push(step)
  return error
}

function bug(expected: string): never {
  throw new TypeError(`a value to encode is not ${expected}`)
}

/** An integer from 0 to `max`, which is at most 2^53 − 1. */
export function uint(max: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  const says = `an integer from 0 to ${max}`
  return {
    says,
    write(writer, value) {
      if (!Number.isSafeInteger(value) || value < 0 || value > max || Object.is(value, -0)) bug(says)
      writer.head(major.unsigned, value)
    },
    read(reader) {
      const value = reader.head(major.unsigned, says)
      if (typeof value === 'bigint' || value > max) throw new MalformedBytes(says, 'a larger integer')
      return value
    },
  }
}

/** Money in minor units, or any count that may be negative: a CBOR integer of at most 64 bits, as bigint. */
export function amount(): Schema<bigint> {
  const says = 'an integer of at most 64 bits'
  return {
    says,
    write(writer, value) {
      if (value >= 2n ** 64n || value < -(2n ** 64n)) bug(says)
      if (value >= 0n) writer.head(major.unsigned, value)
      else writer.head(major.negative, -1n - value)
    },
    read(reader) {
      if (reader.peek() >> 5 === major.negative) return -1n - BigInt(reader.head(major.negative, says))
      return BigInt(reader.head(major.unsigned, says))
    },
  }
}

export function boolean(): Schema<boolean> {
  const says = 'a boolean'
  return {
    says,
    write: (writer, value) => writer.byte(value ? simple.true : simple.false),
    read(reader) {
      const byte = reader.peek()
      if (byte !== simple.true && byte !== simple.false) throw new MalformedBytes(says, reader.describe())
      reader.at++
      return byte === simple.true
    },
  }
}

/** A value or null: the field is always present, so that absence is said and never guessed. */
export function option<Value>(inner: Schema<Value>): Schema<Value | null> {
  return {
    says: `${inner.says}, or null`,
    write(writer, value) {
      if (value === null) writer.byte(simple.null)
      else inner.write(writer, value)
    },
    read(reader) {
      if (reader.peek() !== simple.null) return inner.read(reader)
      reader.at++
      return null
    },
  }
}

/** A byte string: `{ length }` exactly, or `{ min, max }`. */
export function bytes(
  limit: { readonly length: number } | { readonly max: number; readonly min?: number },
): Schema<Uint8Array> {
  const [min, max] = 'length' in limit ? [limit.length, limit.length] : [limit.min ?? 0, limit.max]
  const says = min === max ? `${max} bytes` : `${min} to ${max} bytes`
  return {
    says,
    write(writer, value) {
      if (value.length < min || value.length > max) bug(says)
      writer.head(major.bytes, value.length)
      writer.raw(value)
    },
    read(reader) {
      const length = reader.size(major.bytes, says)
      if (length < min || length > max) throw new MalformedBytes(says, `${length} bytes`)
      return reader.take(length)
    },
  }
}

/** UTF-8 text of at most `max` bytes; `pattern` must match it whole. Text is never normalised: it is compared by its bytes. */
export function text(limit: {
  readonly max: number
  readonly min?: number
  readonly pattern?: RegExp
  readonly says?: string
}): Schema<string> {
  const { max, min = 0, pattern } = limit
  const says = limit.says ?? `text of ${min} to ${max} bytes${pattern ? ` like ${pattern.source}` : ''}`
  return {
    says,
    write(writer, value) {
      if (pattern && !pattern.test(value)) bug(says)
      if (value.length >= min && value.length <= max && writer.ascii(value)) return
      const encoded = utf8(value)
      if (encoded.length < min || encoded.length > max) bug(says)
      writer.head(major.text, encoded.length)
      writer.raw(encoded)
    },
    read(reader) {
      const length = reader.size(major.text, says)
      if (length < min || length > max) throw new MalformedBytes(says, `text of ${length} bytes`)
      const value =
        asciiAt(reader.source, reader.at, length) ?? fromUtf8(reader.source.subarray(reader.at, reader.at + length))
      reader.at += length
      if (value === undefined) throw new MalformedBytes(says, 'bytes that are not UTF-8')
      if (pattern && !pattern.test(value)) throw new MalformedBytes(says, 'other text')
      return value
    },
  }
}

/** One of a closed list of texts. */
export function oneOf<const Choices extends readonly [string, ...string[]]>(
  ...choices: Choices
): Schema<Choices[number]> {
  const says = `one of ${choices.join(', ')}`
  const longest = Math.max(...choices.map((choice) => utf8(choice).length))
  const any = text({ max: longest, says })
  const known = choices.map((choice) => ({ choice, encoded: encodedText(choice) }))
  return {
    says,
    write(writer, value) {
      if (!choices.includes(value)) bug(says)
      any.write(writer, value)
    },
    read(reader) {
      for (const { choice, encoded } of known) if (reader.skip(encoded)) return choice
      any.read(reader)
      throw new MalformedBytes(says, 'another text')
    },
  }
}

/** At most `max` items, in the order given. */
export function list<Item>(
  item: Schema<Item>,
  limit: { readonly max: number; readonly min?: number },
): Schema<readonly Item[]> {
  const { max, min = 0 } = limit
  const says = `a list of ${min} to ${max}: ${item.says}`
  return {
    says,
    write(writer, value) {
      if (value.length < min || value.length > max) bug(says)
      writer.head(major.array, value.length)
      for (const each of value) item.write(writer, each)
    },
    read(reader) {
      const length = reader.size(major.array, says)
      if (length < min || length > max) throw new MalformedBytes(says, `${length} items`)
      const items: Item[] = []
      try {
        while (items.length < length) items.push(item.read(reader))
      } catch (error) {
        throw within(String(items.length), error)
      }
      return items
    },
  }
}

/** A list that is a set: strictly rising in `order`, so that one set has one encoding and holds nothing twice. */
export function sortedList<Item>(
  item: Schema<Item>,
  limit: { readonly max: number; readonly min?: number; readonly order: (a: Item, b: Item) => number },
): Schema<readonly Item[]> {
  const inner = list(item, limit)
  const rising = (items: readonly Item[]) =>
    items.every((each, index) => index === 0 || limit.order(items[index - 1] as Item, each) < 0)
  const says = `${inner.says}, strictly rising`
  return {
    says,
    write(writer, value) {
      if (!rising(value)) bug(says)
      inner.write(writer, value)
    },
    read(reader) {
      const value = inner.read(reader)
      if (!rising(value)) throw new MalformedBytes(says, 'items out of order or repeated')
      return value
    },
  }
}

export type Fields = Readonly<Record<string, Schema<unknown>>>
type ObjectOf<Of extends Fields> = { readonly [Name in keyof Of]: Infer<Of[Name]> }

/** A map with exactly these fields, every one present. */
export function object<const Of extends Fields>(fields: Of): Schema<ObjectOf<Of>> {
  const { says, write, readInto } = fieldsOf(fields)
  return {
    says,
    fields,
    write,
    read(reader) {
      const value = {}
      readInto(reader, value)
      return value as ObjectOf<Of>
    },
  }
}

/** Fields in the order of their encoded names, and how they are read into an object that may have others. */
function fieldsOf(fields: Fields) {
  const order = Object.keys(fields)
    .map((name) => ({ name, schema: fields[name] as Schema<unknown>, key: encodedText(name) }))
    .sort((a, b) => compareBytes(a.key, b.key))
  const says = `an object of ${order.map(({ name }) => name).join(', ')}`
  return {
    says,
    write(writer: Writer, value: Readonly<Record<string, unknown>>): void {
      writer.head(major.map, order.length)
      for (const { name, schema, key } of order) {
        writer.raw(key)
        schema.write(writer, value[name])
      }
    },
    readInto(reader: Reader, value: Record<string, unknown>): void {
      const count = reader.size(major.map, says)
      if (count !== order.length) throw new MalformedBytes(says, `${count} fields`)
      let at: string | undefined
      try {
        for (const { name, schema, key } of order) {
          at = undefined
          if (!reader.skip(key)) throw new MalformedBytes(`the field ${name}`, 'another field, or none')
          at = name
          value[name] = schema.read(reader)
        }
      } catch (error) {
        throw at === undefined ? error : within(at, error)
      }
    },
  }
}

function encodedText(value: string): Uint8Array {
  const writer = new Writer()
  const encoded = utf8(value)
  writer.head(major.text, encoded.length)
  writer.raw(encoded)
  return writer.bytes()
}

type VariantOf<Of extends Readonly<Record<string, Fields>>> = {
  [Type in keyof Of & string]: { readonly type: Type } & ObjectOf<Of[Type]>
}[keyof Of & string]

/** A union told apart by `type`; encoded as the array [type, fields], so that a reader knows the type before the fields. */
export function variant<const Of extends Readonly<Record<string, Fields>>>(types: Of): Schema<VariantOf<Of>> {
  const names = Object.keys(types)
  const bodies = new Map(names.map((name) => [name, fieldsOf(types[name] as Fields)]))
  const type = oneOf(...(names as [string, ...string[]]))
  const says = `a variant: ${names.join(', ')}`
  return {
    says,
    types,
    write(writer, value) {
      const body = bodies.get(value.type)
      if (!body) bug(says)
      writer.head(major.array, 2)
      type.write(writer, value.type)
      body.write(writer, value)
    },
    read(reader) {
      if (reader.size(major.array, says) !== 2) throw new MalformedBytes(says, 'an array of another length')
      let step = 'type'
      try {
        const name = type.read(reader)
        const body = bodies.get(name)
        if (!body) throw new MalformedBytes(says, 'another type')
        step = name
        const value = { type: name }
        body.readInto(reader, value)
        return value as VariantOf<Of>
      } catch (error) {
        throw within(step, error)
      }
    },
  }
}

/** The same bytes under another TypeScript type: brands an identifier at the door. */
export function branded<Brand>() {
  return <Value>(inner: Schema<Value>): Schema<Value & Brand> => inner as unknown as Schema<Value & Brand>
}
