import { isJsonList, type JsonObject } from '@plexus/codec'
import type { ResourceEntry } from './entries.ts'
import { objectsIn, type Target, targetKeysIn, targetOf, textIn } from './references.ts'
import { periodOf, type Span, spanOf } from './times.ts'

/** What one resource says about where it belongs: names and references alone, so that a whole export fits in memory. */
export interface Links {
  readonly type: string
  readonly id: string
  /** Name of an Organization. */
  readonly name: string
  /** The patient it is about, by the fields that FHIR has for that, in order. */
  readonly patients: readonly PatientTarget[]
  /** Organisations that may have made it, by its own fields, in order of preference. */
  readonly organisations: readonly Target[]
  readonly encounters: readonly Target[]
  /** Encounters of the items of a Claim or ExplanationOfBenefit. */
  readonly itemEncounters: readonly Target[]
  /** `provider`: whoever it is. */
  readonly providers: readonly Target[]
  /** What a CarePlan aims at and addresses. */
  readonly planned: readonly Target[]
  /** Practitioners and places of an Encounter; the practitioner of a PractitionerRole. */
  readonly participants: readonly Target[]
  /** The first time that it states, in the order of `timeFields`. */
  readonly time: Span | undefined
  /** Of an Encounter. */
  readonly period: Span | undefined
  /** Keys of everything it refers to, in source order. */
  readonly mentions: readonly string[]
}

export interface PatientTarget extends Target {
  /** Path of the field, for a refusal. */
  readonly path: string
  /** The field can refer to nothing but a patient. */
  readonly patientOnly: boolean
}

/** Fields of the patient compartment of R4, as far as each is about one patient. */
const patientFields = ['subject', 'patient', 'beneficiary', 'for', 'individual', 'candidate'] as const
const patientOnlyFields: ReadonlySet<string> = new Set(['patient', 'beneficiary', 'candidate'])

/** Fields that can name the organisation that made a resource, the most telling first. */
const organisationFields = [
  'custodian',
  'managingOrganization',
  'serviceProvider',
  'organization',
  'provider',
  'author',
  'performer',
  'requester',
  'recorder',
] as const
const organisationOnlyFields: ReadonlySet<string> = new Set(['managingOrganization', 'serviceProvider', 'organization'])

/** When something was recorded; else when it happened. */
const timeFields = [
  'recordedDate',
  'recorded',
  'authoredOn',
  'issued',
  'date',
  'created',
  'started',
  'effectiveDateTime',
  'performedDateTime',
  'occurrenceDateTime',
  'onsetDateTime',
  'startDate',
] as const
const periodFields = ['effectivePeriod', 'performedPeriod', 'occurrencePeriod', 'onsetPeriod', 'period'] as const

export function linksOf({ value, resourceType: type, id }: ResourceEntry): Links {
  return {
    type,
    id,
    name: type === 'Organization' ? textIn(value, 'name') : '',
    patients: type === 'Patient' ? [] : patientTargets(value, type),
    organisations: organisationFields.flatMap((field) => organisationTargets(value, field)),
    encounters: encounterTargets(value, type),
    itemEncounters: objectsIn(value, 'item').flatMap((item) => targets(item, 'encounter', 'Encounter')),
    providers: targets(value, 'provider'),
    planned:
      type === 'CarePlan' ? [...targets(value, 'goal', 'Goal'), ...targets(value, 'addresses', 'Condition')] : [],
    participants: participantTargets(value, type),
    time: timeOf(value),
    period: type === 'Encounter' ? periodIn(value, 'period') : undefined,
    mentions: targetKeysIn(value),
  }
}

function patientTargets(value: JsonObject, type: string): readonly PatientTarget[] {
  const found: PatientTarget[] = []
  for (const field of patientFields) {
    for (const target of targets(value, field)) {
      found.push({ ...target, path: `${type}.${field}`, patientOnly: patientOnlyFields.has(field) })
    }
  }
  // What a resource contains is about the same patient; `#…` is one that it contains itself.
  for (const inner of objectsIn(value, 'contained')) found.push(...patientTargets(inner, `${type}.contained`))
  return found
}

function organisationTargets(value: JsonObject, field: string): readonly Target[] {
  return objectsIn(value, field).flatMap((item) => {
    // Some performers stand one level deeper (Procedure.performer.actor, R4 §9.3).
    const target = targetOf(item.get('actor') ?? item, organisationOnlyFields.has(field) ? 'Organization' : '')
    return target === undefined ? [] : [target]
  })
}

function encounterTargets(value: JsonObject, type: string): readonly Target[] {
  const inContext = objectsIn(value, 'context').flatMap((context) => targets(context, 'encounter', 'Encounter'))
  const parent = type === 'Encounter' ? targets(value, 'partOf', 'Encounter') : []
  return [...targets(value, 'encounter', 'Encounter'), ...inContext, ...targets(value, 'context'), ...parent]
}

function participantTargets(value: JsonObject, type: string): readonly Target[] {
  if (type === 'PractitionerRole') return targets(value, 'practitioner', 'Practitioner')
  if (type !== 'Encounter') return []
  return [
    ...objectsIn(value, 'participant').flatMap((participant) => targets(participant, 'individual')),
    ...objectsIn(value, 'location').flatMap((location) => targets(location, 'location', 'Location')),
  ]
}

function targets(value: JsonObject, field: string, impliedType = ''): readonly Target[] {
  return objectsIn(value, field).flatMap((item) => {
    const target = targetOf(item, impliedType)
    return target === undefined ? [] : [target]
  })
}

function timeOf(value: JsonObject): Span | undefined {
  for (const field of timeFields) {
    const span = spanOf(textIn(value, field))
    if (span) return span
  }
  for (const field of periodFields) {
    const period = periodIn(value, field)
    if (period) return { from: period.from, to: period.from }
  }
  return undefined
}

function periodIn(value: JsonObject, field: string): Span | undefined {
  const period = value.get(field)
  if (period === undefined || period === null || isJsonList(period)) return undefined
  const [first] = objectsIn(value, field)
  return first === undefined ? undefined : periodOf(textIn(first, 'start'), textIn(first, 'end'))
}
