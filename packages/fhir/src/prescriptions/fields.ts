/** Fields of resources about medication, as they are looked for. */
import { isJsonList, isJsonObject, type JsonObject, type JsonValue } from '@plexus/codec'
import { objectsIn, textIn } from '../references.ts'

export interface Coding {
  readonly system: string
  /** Codes are truth, displays decoration. */
  readonly code: string
  readonly display: string
}

export function objectIn(value: JsonObject, name: string): JsonObject | undefined {
  const found = value.get(name)
  return isJsonObject(found) ? found : undefined
}

function codingOf(value: JsonObject): Coding {
  return { system: textIn(value, 'system'), code: textIn(value, 'code'), display: textIn(value, 'display') }
}

/** The codings of a CodeableConcept that have a code. */
export function codingsIn(value: JsonObject, name: string): readonly Coding[] {
  const concept = objectIn(value, name)
  return concept
    ? objectsIn(concept, 'coding')
        .map(codingOf)
        .filter(({ code }) => code !== '')
    : []
}

/** The first extension with a URL that ends so, at this level. */
export function extensionOf(value: JsonObject, name: string): JsonObject | undefined {
  return objectsIn(value, 'extension').find((each) => textIn(each, 'url').split('/').at(-1) === name)
}

/** The code of the `valueCoding` of an extension, or "". */
export function extensionCode(value: JsonObject, name: string): string {
  const extension = extensionOf(value, name)
  const coding = extension && objectIn(extension, 'valueCoding')
  return coding ? textIn(coding, 'code') : ''
}

/** The value of the first identifier, or "". */
export function identifierIn(value: JsonObject, name = 'identifier'): string {
  const found: JsonValue | undefined = value.get(name)
  const first = isJsonList(found) ? found.find(isJsonObject) : found
  return isJsonObject(first) ? textIn(first, 'value') : ''
}

/** What a reference names: its text, or the value of its identifier. */
export function referenceIn(value: JsonObject, name: string): string {
  const reference = objectIn(value, name)
  if (!reference) return ''
  return textIn(reference, 'reference') || identifierIn(reference)
}

/**
 * What is prescribed or dispensed (R4 §11.1, medication[x]): as a concept, or as a Medication that the resource contains,
 * or that stands beside it under `Medication/id` or its full URL. A compound that has no code has those of its ingredients.
 */
export function drugOf(
  value: JsonObject,
  beside: ReadonlyMap<string, JsonObject>,
): { readonly drug: readonly Coding[]; readonly ingredients: readonly Coding[] } {
  const own = codingsIn(value, 'medicationCodeableConcept')
  const medication = medicationOf(value, beside)
  if (own.length > 0 || !medication) return { drug: own, ingredients: [] }
  const ingredients = objectsIn(medication, 'ingredient').flatMap((each) => codingsIn(each, 'itemCodeableConcept'))
  return { drug: codingsIn(medication, 'code'), ingredients }
}

export function medicationOf(value: JsonObject, beside: ReadonlyMap<string, JsonObject>): JsonObject | undefined {
  return targetIn(referenceIn(value, 'medicationReference'), value, beside)
}

/** What a reference points at: contained in `holder`, or beside it. */
export function targetIn(
  to: string,
  holder: JsonObject,
  beside: ReadonlyMap<string, JsonObject>,
): JsonObject | undefined {
  return objectsIn(holder, 'contained').find((each) => `#${textIn(each, 'id')}` === to) ?? beside.get(to)
}

const npiSystem = 'http://hl7.org/fhir/sid/us-npi'
/** Organisations of the exchange, by their id. */
export const organisationSystem = 'urn:plexus:organisation'

/** The value of an identifier of this system, in a list of them or alone, or "". */
export function identifierOf(value: JsonObject, system: string): string {
  const found = value.get('identifier')
  const all = isJsonList(found) ? found.filter(isJsonObject) : isJsonObject(found) ? [found] : []
  const known = all.find((each) => textIn(each, 'system') === system)
  return known ? textIn(known, 'value') : ''
}

/** The NPI of a person whom a reference names: by identifier, or by a Practitioner or PractitionerRole with it, or "". */
export function npiIn(
  value: JsonObject,
  name: string,
  holder: JsonObject,
  beside: ReadonlyMap<string, JsonObject>,
): string {
  const reference = objectIn(value, name)
  if (!reference) return ''
  const own = identifierOf(reference, npiSystem)
  if (own !== '') return own
  const target = targetIn(textIn(reference, 'reference'), holder, beside)
  if (!target) return ''
  // A role names its practitioner in turn, and no further.
  const isRole = textIn(target, 'resourceType') === 'PractitionerRole'
  return identifierOf(target, npiSystem) || (isRole ? npiIn(target, 'practitioner', holder, beside) : '')
}
