/** Random schemas with values of them, and the same values as general CBOR libraries write them. */
import fc from 'fast-check'
import {
  amount,
  boolean,
  bytes,
  list,
  object,
  oneOf,
  option,
  type Schema,
  sortedList,
  text,
  uint,
  variant,
} from './index.ts'

/** A schema, values of it, and what a value is in the data model of CBOR: maps, arrays, numbers, texts, bytes. */
export interface Shape {
  readonly schema: Schema<unknown>
  readonly values: fc.Arbitrary<unknown>
  generic(value: unknown): unknown
}

const same = (value: unknown): unknown => value
const shape = <Value>(
  schema: Schema<Value>,
  values: fc.Arbitrary<Value>,
  generic: (value: Value) => unknown = same,
): Shape => ({ schema, values, generic }) as unknown as Shape

const names = ['a', 'b', 'id', 'at', 'aa', 'made-at', 'a-name-of-twenty-four-by', 'a-name-that-is-longer-than-that']
const choices = ['yes', 'no', 'perhaps', 'ünter'] as const
const unsigned = fc.oneof(fc.nat({ max: 30 }), fc.nat(), fc.maxSafeNat())
const wide = fc.oneof(fc.bigInt({ min: -30n, max: 30n }), fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }))

const leaf: fc.Arbitrary<Shape> = fc.oneof(
  fc.constant(shape(uint(), unsigned)),
  fc.constant(shape(uint(300), fc.nat({ max: 300 }))),
  fc.constant(shape(amount(), wide)),
  fc.constant(shape(boolean(), fc.boolean())),
  fc.constant(shape(bytes({ length: 4 }), fc.uint8Array({ minLength: 4, maxLength: 4 }))),
  fc.constant(shape(bytes({ max: 300 }), fc.uint8Array({ maxLength: 300 }))),
  fc.constant(shape(text({ max: 120 }), fc.string({ unit: 'binary', maxLength: 30 }))),
  fc.constant(shape(text({ min: 1, max: 4, pattern: /^[a-z]+$/ }), fc.stringMatching(/^[a-z]{1,4}$/))),
  fc.constant(shape(oneOf(...choices), fc.constantFrom(...choices))),
  fc.constant(
    shape(
      sortedList(uint(), { max: 8, order: (a, b) => a - b }),
      fc.uniqueArray(unsigned, { maxLength: 8 }).map((items) => items.sort((a, b) => a - b)),
    ),
  ),
)

const fieldsOf = (shapes: readonly Shape[]) => shapes.map((each, index) => [names[index] as string, each] as const)
const schemasOf = (fields: readonly (readonly [string, Shape])[]) =>
  Object.fromEntries(fields.map(([name, { schema }]) => [name, schema]))
const valuesOf = (fields: readonly (readonly [string, Shape])[]) =>
  fc.record(Object.fromEntries(fields.map(([name, { values }]) => [name, values])))
const genericFields = (fields: readonly (readonly [string, Shape])[], value: unknown) =>
  new Map(fields.map(([name, { generic }]) => [name, generic((value as Record<string, unknown>)[name])]))

/** At most four levels deep: enough for every combinator to stand inside every other. */
export const shapes: fc.Arbitrary<Shape> = fc.letrec<{ shape: Shape }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie('shape').map((inner) =>
      shape(option(inner.schema), fc.option(inner.values), (value) => (value === null ? null : inner.generic(value))),
    ),
    tie('shape').map((inner) =>
      shape(list(inner.schema, { max: 30 }), fc.array(inner.values, { maxLength: 30, size: 'small' }), (items) =>
        items.map(inner.generic),
      ),
    ),
    fc.array(tie('shape'), { maxLength: names.length }).map((inner) => {
      const fields = fieldsOf(inner)
      return shape(object(schemasOf(fields)), valuesOf(fields), (value) => genericFields(fields, value))
    }),
    fc.array(fc.array(tie('shape'), { maxLength: 3 }), { minLength: 1, maxLength: 4 }).map((inner) => {
      const types = inner.map((shapesOfType, index) => [`type-${index}`, fieldsOf(shapesOfType)] as const)
      return shape(
        variant(Object.fromEntries(types.map(([type, fields]) => [type, schemasOf(fields)]))) as Schema<{
          type: string
        }>,
        fc.oneof(...types.map(([type, fields]) => valuesOf(fields).map((value) => ({ ...value, type })))),
        (value) => [value.type, genericFields(types.find(([type]) => type === value.type)?.[1] ?? [], value)],
      )
    }),
  ),
})).shape

/** A change of bytes: what it does, where (as a part of the length), and with which byte. */
export interface Mutation {
  readonly kind: 'flip' | 'set' | 'insert' | 'delete' | 'repeat' | 'cut' | 'swap'
  readonly place: number
  readonly byte: number
}

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom<Mutation['kind']>('flip', 'set', 'insert', 'delete', 'repeat', 'cut', 'swap'),
    place: fc.nat({ max: 65_535 }),
    // Heads, floats, tags, indefinite lengths and breaks more often than chance would bring them.
    byte: fc.oneof(
      fc.nat({ max: 255 }),
      fc.constantFrom(0x18, 0x1b, 0x38, 0x5f, 0x78, 0x9f, 0xa0, 0xbf, 0xc0, 0xf6, 0xf7, 0xf9, 0xff),
    ),
  }),
  { minLength: 1, maxLength: 3 },
)

export function mutate(source: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let result = Array.from(source)
  for (const { kind, place, byte } of changes) {
    const at = Math.floor((place / 65_536) * (result.length + (kind === 'insert' ? 1 : 0)))
    const here = result[at] ?? 0
    if (kind === 'flip' && at < result.length) result[at] = here ^ (1 << (byte & 7))
    else if (kind === 'set' && at < result.length) result[at] = byte
    else if (kind === 'insert') result.splice(at, 0, byte)
    else if (kind === 'delete') result.splice(at, 1 + (byte & 3))
    else if (kind === 'repeat') result.splice(at, 0, ...result.slice(at, at + 1 + (byte & 7)))
    else if (kind === 'cut') result = result.slice(0, at)
    else if (kind === 'swap' && at + 1 < result.length) [result[at], result[at + 1]] = [result[at + 1] as number, here]
  }
  return Uint8Array.from(result)
}
