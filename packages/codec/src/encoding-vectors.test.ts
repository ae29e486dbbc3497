/** The bytes of vectors/encoding, which another implementation of the codec must share. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  amount,
  boolean,
  bytes,
  decode,
  encode,
  type Fields,
  fromHex,
  list,
  object,
  oneOf,
  option,
  type Schema,
  text,
  toHex,
  uint,
  variant,
} from './index.ts'

interface Limits {
  readonly min: number
  readonly max: number
}
interface Notation {
  readonly uint?: number
  readonly amount?: object
  readonly boolean?: object
  readonly bytes?: Limits
  readonly text?: Limits
  readonly oneOf?: readonly [string, ...string[]]
  readonly option?: Notation
  readonly list?: Limits & { readonly of: Notation }
  readonly object?: Readonly<Record<string, Notation>>
  readonly variant?: Readonly<Record<string, Readonly<Record<string, Notation>>>>
}
/** A value as its file writes it: bytes and amounts are texts there. */
type Written = null | boolean | number | string | readonly Written[] | { readonly [name: string]: Written }

interface Accepted {
  readonly comment: string
  readonly schema: Notation
  readonly value: Written
  readonly bytes: string
}
interface Refused {
  readonly comment: string
  readonly schema: Notation
  readonly bytes: string
  readonly refusal: { readonly path: string; readonly expected: string; readonly came: string }
}

const vectors = <Vector>(name: string) =>
  JSON.parse(readFileSync(new URL(`../../../vectors/encoding/${name}`, import.meta.url), 'utf8')) as readonly Vector[]

function schemaOf(of: Notation): Schema<unknown> {
  if (of.uint !== undefined) return uint(of.uint)
  if (of.amount) return amount()
  if (of.boolean) return boolean()
  if (of.bytes) return bytes(of.bytes)
  if (of.text) return text(of.text)
  if (of.oneOf) return oneOf(...of.oneOf)
  if (of.option) return option(schemaOf(of.option))
  if (of.list) return list(schemaOf(of.list.of), of.list)
  if (of.object) return object(fieldsOf(of.object))
  const types = Object.entries(of.variant ?? {}).map(([type, fields]) => [type, fieldsOf(fields)] as const)
  return variant(Object.fromEntries(types)) as Schema<unknown>
}

function fieldsOf(of: Readonly<Record<string, Notation>>): Fields {
  return Object.fromEntries(Object.entries(of).map(([name, each]) => [name, schemaOf(each)]))
}

/** The value that a file writes, in the types of the codec. */
function readValue(of: Notation, written: Written): unknown {
  if (of.option) return written === null ? null : readValue(of.option, written)
  if (of.amount) return BigInt(written as string)
  if (of.bytes) return fromHex(written as string)
  if (of.list) return (written as readonly Written[]).map((each) => readValue(of.list?.of ?? {}, each))
  const named = written as { readonly [name: string]: Written }
  const fields = of.object ?? of.variant?.[named['type'] as string]
  if (!fields) return written
  const values = Object.entries(fields).map(([name, each]) => [name, readValue(each, named[name] as Written)])
  return Object.fromEntries(of.variant ? [['type', named['type']], ...values] : values)
}

describe('vectors/encoding', () => {
  test.each(vectors<Accepted>('accepted.json'))('accepted: $comment', ({ schema, value, bytes: hex }) => {
    expect(toHex(encode(schemaOf(schema), readValue(schema, value)))).toBe(hex)
    expect(decode(schemaOf(schema), fromHex(hex))).toEqual({ ok: true, value: readValue(schema, value) })
  })

  test.each(vectors<Refused>('refused.json'))('refused: $comment', ({ schema, bytes: hex, refusal }) => {
    expect(decode(schemaOf(schema), fromHex(hex))).toEqual({ ok: false, reason: { type: 'malformed', ...refusal } })
  })
})
