import { JsonNumber, type JsonObject, type JsonValue } from '@plexus/codec'
import { assemble } from './assemble.ts'
import { rxNormSystem } from './ingredients.ts'
import type { AssembledRecord, Dispute, EntryInput, Line, SourceInput, SourceState } from './record.ts'

type Plain = null | boolean | number | string | JsonNumber | readonly Plain[] | { readonly [name: string]: Plain }

/** A resource from literals; a decimal whose text matters is given as a `JsonNumber`. */
export function resource(members: { readonly [name: string]: Plain }): JsonObject {
  return new Map(Object.entries(members).map(([name, value]) => [name, jsonOf(value)]))
}

export function jsonOf(value: Plain): JsonValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return new JsonNumber(String(value))
  if (value instanceof JsonNumber) return value
  if (Array.isArray(value)) return value.map(jsonOf)
  return resource(value as { readonly [name: string]: Plain })
}

export const viewHeight = 9

/** The record with this number, first version, committed at height 3, unless told otherwise. */
export function entry(
  number: number,
  value: JsonObject,
  more: {
    readonly version?: number
    readonly replaces?: number
    readonly committedAt?: number
    readonly dispute?: Dispute
  } = {},
): EntryInput {
  return {
    record: recordId(number),
    version: more.version ?? 1,
    replaces: more.replaces === undefined ? null : recordId(more.replaces),
    committedAt: more.committedAt ?? 3,
    dispute: more.dispute ?? null,
    verified: true,
    value,
  }
}

export function failedEntry(number: number, resourceType: string | null, replaces?: number): EntryInput {
  const record = recordId(number)
  return {
    record,
    version: 1,
    replaces: replaces === undefined ? null : recordId(replaces),
    committedAt: 3,
    dispute: null,
    verified: false,
    resourceType,
  }
}

export function recordId(number: number): string {
  return number.toString(16).padStart(64, '0')
}

/** A source that gave all it has, unless another state is named. */
export function source(custodian: string, entries: readonly EntryInput[], state?: SourceState): SourceInput {
  const count = entries.length
  return { custodian, entries, state: state ?? { type: 'complete', height: viewHeight, count, of: count } }
}

export function view(...sources: readonly SourceInput[]): AssembledRecord {
  return assemble({ sources, requester: 'member-5', purpose: 'TREAT', height: viewHeight })
}

export function only(lines: readonly Line[]): Line {
  if (lines.length !== 1 || !lines[0]) throw new Error(`${lines.length} lines instead of one`)
  return lines[0]
}

export function coded(system: string, code: string, text: string) {
  return { coding: [{ system, code, display: text }], text }
}

export function medication(
  code: string,
  text: string,
  status: string,
  authoredOn: string,
  more: { readonly [name: string]: Plain } = {},
): JsonObject {
  return resource({
    resourceType: 'MedicationRequest',
    status,
    intent: 'order',
    medicationCodeableConcept: coded(rxNormSystem, code, text),
    authoredOn,
    ...more,
  })
}

const loinc = 'http://loinc.org'

/** A glucose of 1998, with what differs. */
export function glucose(
  number: string,
  more: { readonly [name: string]: Plain } = {},
  ucum: string | null = 'mg/dL',
): JsonObject {
  const unit = ucum === null ? {} : { unit: ucum, system: 'http://unitsofmeasure.org', code: ucum }
  return resource({
    resourceType: 'Observation',
    status: 'final',
    code: coded(loinc, '2345-7', 'Glucose'),
    effectiveDateTime: '1998-12-21T07:44:08+00:00',
    valueQuantity: { value: new JsonNumber(number), ...unit },
    ...more,
  })
}

export function condition(
  code: string,
  clinicalStatus: string,
  onsetDateTime: string,
  more: { readonly [name: string]: Plain } = {},
): JsonObject {
  return resource({
    resourceType: 'Condition',
    clinicalStatus: { coding: [{ code: clinicalStatus }] },
    code: coded('http://snomed.info/sct', code, `condition ${code}`),
    onsetDateTime,
    ...more,
  })
}

export function allergy(code: string, more: { readonly [name: string]: Plain } = {}): JsonObject {
  return resource({
    resourceType: 'AllergyIntolerance',
    clinicalStatus: { coding: [{ code: 'active' }] },
    verificationStatus: { coding: [{ code: 'confirmed' }] },
    code: coded('http://snomed.info/sct', code, `allergy ${code}`),
    ...more,
  })
}
