import { isJsonObject, type JsonObject } from '@plexus/codec'
import { type Coding, conceptOf, firstText, namesIn, objectOf, objectsOf, requiredCode, textOf } from './members.ts'
import { keyOf, sortedSet } from './order.ts'
import { statedValue, type ValueFacts } from './value.ts'

/** What a line can be made of, read from one resource without loss: texts and numbers stand as received. */
export interface EntryFacts {
  /** `unknown` when the resource names no type that FHIR could have. */
  readonly resourceType: string
  readonly id: string | null
  readonly codes: readonly Coding[]
  readonly display: string | null
  readonly status: string | null
  readonly clinicalStatus: string | null
  readonly verificationStatus: string | null
  readonly enteredInError: boolean
  /** `doNotPerform`: the resource says that something must not be done. */
  readonly forbids: boolean
  /** A modifier extension, or implicit rules: the meaning may differ from what the known members say (FHIR R4 §2.5). */
  readonly modified: boolean
  /** Effective, onset, performed, authored …: the first that is there, in the order of `dateNames`, as received. */
  readonly date: string | null
  /** The end of the period that `date` begins, as received. */
  readonly until: string | null
  /** When a condition ended, as received. */
  readonly abatement: string | null
  readonly value: ValueFacts | null
  /** Keys of system and value, sorted; temporary and old ones are left out. */
  readonly businessIdentifiers: readonly string[]
  /** The system of each business identifier, in the same order. */
  readonly identifierSystems: readonly string[]
  /** References of performer, requester, asserter, provider, sorted. */
  readonly performers: readonly string[]
  readonly subject: string | null
  /** Reference to a Medication that carries the codes, when the request itself has none. */
  readonly medication: string | null
  /** `meta.source`, as received. */
  readonly source: string | null
  /** For an allergy: its categories, sorted. */
  readonly categories: readonly string[]
}

/** Reads any object. What is odd or missing reads as null or empty; this never throws. */
export function factsOf(resource: JsonObject): EntryFacts {
  const type = textOf(resource, 'resourceType')
  const resourceType = type !== null && typePattern.test(type) ? type : 'unknown'
  const reference = objectOf(resource, 'medicationReference')
  const contained = containedMedication(resource, reference)
  const own = conceptOf(conceptsOf(resource))
  const concept = own.codes.length === 0 && contained ? conceptOf(objectsOf(contained, 'code')) : own
  const status = textOf(resource, 'status') ?? textOf(resource, 'lifecycleStatus')
  const verificationStatus = requiredCode(resource, 'verificationStatus')
  const identifiers = identifiersOf(resource)
  return {
    resourceType,
    id: textOf(resource, 'id'),
    codes: concept.codes,
    display: firstText([
      nameOf(resource),
      concept.display,
      textOf(reference, 'display'),
      ...titleNames.map((name) => textOf(resource, name)),
    ]),
    status,
    clinicalStatus: requiredCode(resource, 'clinicalStatus'),
    verificationStatus,
    enteredInError: status === 'entered-in-error' || verificationStatus === 'entered-in-error',
    forbids: resource.get('doNotPerform') === true,
    modified: resource.has('modifierExtension') || resource.has('implicitRules'),
    ...datesOf(resource, dateNames),
    abatement: datesOf(resource, abatementNames).date,
    value: statedValue(resource),
    businessIdentifiers: identifiers.map(({ key }) => key),
    identifierSystems: identifiers.map(({ system }) => system),
    performers: performersOf(resource),
    subject: textOf(objectOf(resource, 'subject') ?? objectOf(resource, 'patient'), 'reference'),
    medication: textOf(reference, 'reference'),
    source: textOf(objectOf(resource, 'meta'), 'source'),
    categories: categoriesOf(resource),
  }
}

/** FHIR R4 resource types are ASCII letters; the longest is MedicinalProductUndesirableEffect. */
const typePattern = /^[A-Za-z]{1,64}$/

/** Where R4 resources say what they are about, the most specific first. */
const conceptNames = ['code', 'medicationCodeableConcept', 'vaccineCode', 'type', 'category', 'description', 'class']

const titleNames = ['description', 'title']

const dateNames = [
  'effectiveDateTime',
  'effectivePeriod',
  'effectiveInstant',
  'onsetDateTime',
  'onsetPeriod',
  'performedDateTime',
  'performedPeriod',
  'occurrenceDateTime',
  'occurrencePeriod',
  'authoredOn',
  'period',
  'started',
  'startDate',
  'whenHandedOver',
  'whenPrepared',
  'billablePeriod',
  'date',
  'recordedDate',
  'dateAsserted',
  'created',
  'issued',
  'recorded',
  'onsetString',
  'performedString',
  'occurrenceString',
]

const abatementNames = ['abatementDateTime', 'abatementPeriod', 'abatementString']

const performerNames = ['performer', 'requester', 'asserter', 'recorder', 'provider', 'author', 'serviceProvider']

/** FHIR R4 §2.24, Identifier.use: an old identifier is no longer in use, a temporary one is nobody's. */
const passingUses: ReadonlySet<string | null> = new Set(['temp', 'old'])

function conceptsOf(resource: JsonObject): readonly JsonObject[] {
  for (const name of conceptNames) {
    const concepts = objectsOf(resource, name)
    if (concepts.length > 0) return concepts
  }
  return []
}

/** The name of an organisation or a person (FHIR R4 §2.24, HumanName), its first one; clinical resources have none. */
function nameOf(resource: JsonObject): string | null {
  const whole = textOf(resource, 'name')
  if (whole !== null) return whole
  const name = objectsOf(resource, 'name')[0]
  const text = textOf(name, 'text')
  if (text !== null || !name) return text
  const given = name.get('given')
  const words = [...(Array.isArray(given) ? given : []), name.get('family')]
  return words.filter((word) => typeof word === 'string').join(' ') || null
}

function containedMedication(resource: JsonObject, reference: JsonObject | undefined): JsonObject | undefined {
  const target = textOf(reference, 'reference')
  if (!target?.startsWith('#')) return undefined
  return objectsOf(resource, 'contained').find((contained) => textOf(contained, 'id') === target.slice(1))
}

interface Dates {
  readonly date: string | null
  readonly until: string | null
}

/** The first of these members that is a date text, or a period with at least one end. */
function datesOf(resource: JsonObject, names: readonly string[]): Dates {
  for (const name of names) {
    const value = resource.get(name)
    if (typeof value === 'string' && value !== '') return { date: value, until: null }
    if (!isJsonObject(value)) continue
    const [start, end] = [textOf(value, 'start'), textOf(value, 'end')]
    if (start !== null || end !== null) return { date: start ?? end, until: end }
  }
  return { date: null, until: null }
}

/** Real resources have a handful; each pair of systems is looked at, so a longer list links by its first ones only. */
const identifiersMax = 32

/** A value without a system names something only where it was given, so it links nothing. */
function identifiersOf(resource: JsonObject): readonly { readonly key: string; readonly system: string }[] {
  const found = new Map<string, string>()
  for (const identifier of objectsOf(resource, 'identifier').slice(0, identifiersMax)) {
    const [system, value] = [textOf(identifier, 'system'), textOf(identifier, 'value')]
    if (system === null || value === null || passingUses.has(textOf(identifier, 'use'))) continue
    found.set(keyOf(system, value), system)
  }
  return sortedSet(found.keys()).map((key) => ({ key, system: found.get(key) ?? '' }))
}

function performersOf(resource: JsonObject): readonly string[] {
  const references = performerNames.flatMap((name) => objectsOf(resource, name))
  return sortedSet(
    references.flatMap((reference) => {
      const actor = objectOf(reference, 'actor') ?? reference
      return namesIn(actor)
    }),
  )
}

function categoriesOf(resource: JsonObject): readonly string[] {
  const value = resource.get('category')
  return Array.isArray(value) ? sortedSet(value.filter((item) => typeof item === 'string')) : []
}
