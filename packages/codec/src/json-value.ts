/**
 * A number as it stands in the source. FHIR R4 §2.24.0.1 (decimal) requires implementations to keep the precision that was
 * sent: `1.0` and `1.00` differ, and so may `0.1` and its nearest float.
 */
export class JsonNumber {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Members in source order; a Map, so that no key (`__proto__`, `constructor`) means anything to the language. */
export type JsonObject = ReadonlyMap<string, JsonValue>

/** What JSON can say (RFC 8259 §3), without loss. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject

/** Is this an object (not null, not a list, not a number)? */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return value instanceof Map
}

/** Is this a list? */
export function isJsonList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}
