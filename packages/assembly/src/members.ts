import { isJsonList, isJsonObject, JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
import { compareText } from './order.ts'

// Readers of single members. Charts come in all shapes: whatever is not of the expected form reads as absent.

export interface Coding {
  /** Empty when the source names none. */
  readonly system: string
  readonly code: string
}

export interface Concept {
  readonly codes: readonly Coding[]
  /** The text, or else the first display, as received; null when neither is there. */
  readonly display: string | null
}

/** A string member that is not empty, else null. */
export function textOf(object: JsonObject | undefined, name: string): string | null {
  const value = object?.get(name)
  return typeof value === 'string' && value !== '' ? value : null
}

export function objectOf(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object?.get(name)
  return isJsonObject(value) ? value : undefined
}

/** The objects in a member that is a list, or the one object that stands in its place. */
export function objectsOf(object: JsonObject | undefined, name: string): readonly JsonObject[] {
  const value = object?.get(name)
  if (isJsonObject(value)) return [value]
  return isJsonList(value) ? value.filter(isJsonObject) : []
}

/** A list of CodeableConcepts (FHIR R4 §2.24), or of bare Codings, read as one. */
export function conceptOf(concepts: readonly JsonObject[]): Concept {
  const codings = concepts.flatMap((concept) => (concept.has('coding') ? objectsOf(concept, 'coding') : [concept]))
  const codes: Coding[] = []
  for (const coding of codings) {
    const code = textOf(coding, 'code')
    if (code !== null) codes.push({ system: textOf(coding, 'system') ?? '', code })
  }
  const display =
    firstText(concepts.map((concept) => textOf(concept, 'text'))) ??
    firstText(codings.map((coding) => textOf(coding, 'display')))
  return { codes, display }
}

/** The code of a CodeableConcept whose binding is required, as `clinicalStatus`; a bare code is taken too. */
export function requiredCode(object: JsonObject, name: string): string | null {
  const bare = textOf(object, name)
  if (bare !== null) return bare
  const concept = objectOf(object, name)
  return concept ? (conceptOf([concept]).codes[0]?.code ?? null) : null
}

/** What a Reference names: the literal reference, the value of its identifier, or both. */
export function namesIn(reference: JsonObject | undefined): readonly string[] {
  const names = [textOf(reference, 'reference'), textOf(objectOf(reference, 'identifier'), 'value')]
  return names.filter((name) => name !== null)
}

export function firstText(texts: readonly (string | null)[]): string | null {
  return texts.find((text) => text !== null) ?? null
}

/**
 * One text for one content: members in code unit order, numbers as received, members in `without` left out at every
 * level. Two values have the same text exactly when they differ in nothing else. Depth is bounded by the reader.
 */
export function contentText(value: JsonValue, without: ReadonlySet<string>): string {
  if (typeof value === 'string') return `${value.length}"${value}`
  if (value instanceof JsonNumber) return `#${value.text};`
  if (isJsonObject(value)) {
    const names = [...value.keys()].filter((name) => !without.has(name)).sort(compareText)
    return `{${names.map((name) => `${name.length}'${name}${contentText(value.get(name) ?? null, without)}`).join('')}}`
  }
  if (isJsonList(value)) return `[${value.map((item) => contentText(item, without)).join('')}]`
  return `${value};`
}
