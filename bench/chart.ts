/** A synthetic chart of a stated size, scattered evenly over organisations: the same bytes on every machine and day. */

export interface ChartSize {
  readonly organisations: number
  /** At each organisation; the first holds the Patient as one of them. */
  readonly resources: number
}

/** Of each ten resources the first is the encounter of the other nine, in the proportions of Synthea's charts. */
const visitKinds = [
  'Encounter',
  'Observation',
  'Observation',
  'Observation',
  'Observation',
  'Observation',
  'Condition',
  'MedicationRequest',
  'DiagnosticReport',
  'Procedure',
] as const
type Kind = (typeof visitKinds)[number]

export const chartPatient = '00000000-0000-4000-8000-000000000001'

/** A FHIR R4 bundle, as bytes of JSON. */
export function chartOf({ organisations, resources }: ChartSize): Uint8Array {
  const entries: Entry[] = []
  for (let organisation = 0; organisation < organisations; organisation++) {
    let encounter = ''
    for (let number = 0; number < resources; number++) {
      const id = idOf(organisation + 1, number)
      const kind = visitKinds[number % visitKinds.length] as Kind
      if (kind === 'Encounter') encounter = id
      const frame = { id, encounter, organisation, number }
      // The patient takes the place of one observation, and goes to the organisation with most encounters, the first.
      if (organisation === 0 && number === 1) entries.push(entryOf({ resourceType: 'Patient', id: chartPatient }))
      else entries.push(entryOf({ resourceType: kind, id, ...shapes[kind](frame) }))
    }
  }
  return new TextEncoder().encode(JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry: entries }))
}

interface Frame {
  readonly id: string
  readonly encounter: string
  readonly organisation: number
  readonly number: number
}
interface Entry {
  readonly fullUrl: string
  readonly resource: { readonly resourceType: string; readonly id: string }
}

const entryOf = (resource: Entry['resource']): Entry => ({ fullUrl: `urn:uuid:${resource.id}`, resource })

const idOf = (family: number, number: number): string =>
  `00000000-0000-4000-${(0x8000 + family).toString(16)}-${number.toString(16).padStart(12, '0')}`

const subject = { reference: `urn:uuid:${chartPatient}` }
const inVisit = ({ encounter }: Frame) => ({ subject, encounter: { reference: `urn:uuid:${encounter}` } })
const snomed = (code: number, text: string) => ({
  coding: [{ system: 'http://snomed.info/sct', code: String(code), display: text }],
  text,
})
/** A day of its own for each visit of each organisation. */
const dayOf = ({ organisation, number }: Frame): string =>
  new Date(Date.UTC(2010 + organisation, 0, 1 + Math.floor(number / visitKinds.length))).toISOString().slice(0, 10)
const momentOf = (frame: Frame): string => `${dayOf(frame)}T09:30:00Z`

const shapes: Readonly<Record<Kind, (frame: Frame) => object>> = {
  Encounter: (frame) => ({
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    type: [snomed(185_349_003, 'Encounter for check up')],
    subject,
    period: { start: `${dayOf(frame)}T09:00:00Z`, end: `${dayOf(frame)}T10:00:00Z` },
    serviceProvider: {
      reference: `Organization/organisation-${frame.organisation + 1}`,
      display: `Organisation ${frame.organisation + 1}`,
    },
  }),
  Observation: (frame) => ({
    status: 'final',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }] },
    ],
    code: {
      coding: [{ system: 'http://loinc.org', code: `${8_000 + (frame.number % 7)}-1`, display: 'A vital sign' }],
      text: 'A vital sign',
    },
    ...inVisit(frame),
    effectiveDateTime: momentOf(frame),
    issued: momentOf(frame),
    valueQuantity: {
      value: 60 + (frame.number % 40),
      unit: '/min',
      system: 'http://unitsofmeasure.org',
      code: '/min',
    },
  }),
  Condition: (frame) => ({
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'confirmed' }],
    },
    code: snomed(38_341_000 + (frame.number % 13), 'A condition'),
    ...inVisit(frame),
    onsetDateTime: momentOf(frame),
    recordedDate: momentOf(frame),
  }),
  MedicationRequest: (frame) => ({
    status: 'active',
    intent: 'order',
    medicationCodeableConcept: {
      coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: String(310_000 + (frame.number % 11)) }],
      text: 'A medication',
    },
    ...inVisit(frame),
    authoredOn: momentOf(frame),
  }),
  DiagnosticReport: (frame) => ({
    status: 'final',
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'LAB' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '24323-8', display: 'A panel' }], text: 'A panel' },
    ...inVisit(frame),
    effectiveDateTime: momentOf(frame),
    issued: momentOf(frame),
    result: [1, 2, 3, 4, 5].map((back) => ({
      reference: `urn:uuid:${idOf(frame.organisation + 1, frame.number - 2 - back)}`,
    })),
  }),
  Procedure: (frame) => ({
    status: 'completed',
    code: snomed(430_193_000 + (frame.number % 5), 'A procedure'),
    ...inVisit(frame),
    performedPeriod: { start: `${dayOf(frame)}T09:10:00Z`, end: `${dayOf(frame)}T09:20:00Z` },
  }),
}
