import { JsonNumber, type JsonValue, writeJson } from '@plexus/codec'
import { compareText } from './order.ts'
import type { AssembledRecord } from './record.ts'

/**
 * The bytes by which two views are compared: JSON text of the record without white space, members in code unit order,
 * numbers as decimal integers. Equal records have equal bytes, and a person can read them.
 */
export function viewBytes(record: AssembledRecord): Uint8Array {
  return writeJson(jsonOf(record))
}

function jsonOf(value: unknown): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number' && Number.isSafeInteger(value)) return new JsonNumber(String(value))
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => compareText(a, b))
    return new Map(members.map(([name, member]) => [name, jsonOf(member)]))
  }
  throw new TypeError('viewBytes: a record holds texts, integers, booleans, null, lists and objects only')
}
