/**
 * Lossless JSON: the only reader that clinical bytes meet. RFC 8259 over strict UTF-8 (RFC 3629), narrowed as I-JSON
 * (RFC 7493 §2) narrows it: no duplicate keys, no lone surrogates. Numbers stay text, and the span of each object and
 * list in the source is known, so that a part of a document can be kept exactly as received.
 */
import { JsonReader } from './json-reader.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { no, ok, type Result } from './result.ts'

export { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from './json-value.ts'
export { toPlain, writeJson } from './json-write.ts'

export interface JsonLimits {
  /** Bytes of the whole text. */
  readonly bytesMax: number
  /** Objects and lists inside each other; the reader recurses no deeper than this. */
  readonly depthMax: number
  /** Objects and lists in all. */
  readonly containersMax: number
}

export const jsonLimits: JsonLimits = {
  // The largest chart exports that were seen hold 20 MB; above this an import should be NDJSON, read line by line.
  bytesMax: 64 * 1024 * 1024,
  // The deepest R4 example stays below 20; a stack frame per level stays far from any engine's limit.
  depthMax: 64,
  // An empty object costs two bytes of text and some 200 bytes of memory; a full chart has one in 35 bytes of text.
  containersMax: 4 * 1024 * 1024,
}

export interface JsonSpan {
  /** Offset of the first byte. */
  readonly start: number
  /** Offset after the last byte. */
  readonly end: number
}

export interface JsonDocument {
  readonly value: JsonValue
  /** Where an object or list of this document stands in its source. Throws for a value of another document. */
  span(value: JsonObject | readonly JsonValue[]): JsonSpan
}

export type JsonRefusalType =
  | 'not-utf8'
  | 'truncated'
  | 'syntax'
  | 'duplicate-key'
  | 'too-deep'
  | 'too-large'
  | 'lone-surrogate'
  | 'trailing-bytes'

/** `at` is a byte offset. `came` is a class of bytes ("a digit", "'}'", "end of input"), never what a chart says. */
export interface JsonRefusal {
  readonly type: JsonRefusalType
  readonly at: number
  readonly expected: string
  readonly came: string
}

/**
 * Reads one JSON text that fills `bytes`. Refuses with the first fault in byte order (size first of all).
 * The work is linear in the bytes, the recursion bounded by `depthMax`.
 */
export function readJson(bytes: Uint8Array, limits: Partial<JsonLimits> = {}): Result<JsonDocument, JsonRefusal> {
  const bounds = { ...jsonLimits, ...limits }
  if (bytes.length > bounds.bytesMax) {
    return no({ type: 'too-large', at: 0, expected: `at most ${bounds.bytesMax} bytes`, came: `${bytes.length} bytes` })
  }
  const reader = new JsonReader(bytes, bounds)
  const value = reader.text()
  if (value === undefined) return no(reader.whyRefused())
  return ok({ value, span: spansOf(reader.containers, reader.starts, reader.ends) })
}

/** The index from value to span is built at the first question: most documents are never asked. */
function spansOf(containers: readonly object[], starts: readonly number[], ends: readonly number[]) {
  let positions: Map<object, number> | undefined
  return (value: object): JsonSpan => {
    positions ??= new Map(containers.map((container, position) => [container, position]))
    const position = positions.get(value)
    if (position === undefined) throw new Error('span: the value is no object or list of this document')
    return { start: starts[position] as number, end: ends[position] as number }
  }
}
