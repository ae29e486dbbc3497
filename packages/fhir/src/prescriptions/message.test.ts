import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isJsonObject, type JsonObject, readJson } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { readPrescriptionMessage } from './message.ts'

/** Public messages and examples, when they lie beside the repository; tests that need them say so and skip. */
const folder = new URL('../../../../../shared/data/prescriptions/', import.meta.url)
const present = existsSync(folder)

function parse(bytes: Uint8Array): JsonObject {
  const read = readJson(bytes)
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('the example is no JSON object')
  return read.value.value
}

const example = (value: object) => parse(new TextEncoder().encode(JSON.stringify(value)))
const read = (value: object) => readPrescriptionMessage(example(value))

/** What is asked, or why it is refused. */
function judged(value: JsonObject): string {
  const message = readPrescriptionMessage(value)
  return message.ok ? message.value.ask.type : `refused: ${message.reason.type}`
}
const judge = (value: object) => judged(example(value))

const line = {
  resourceType: 'MedicationRequest',
  identifier: [{ value: 'line-1' }],
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: {
    coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '316672' }],
  },
  subject: { identifier: { system: 'urn:plexus:custodian:hospital', value: 'chart-0001' } },
  requester: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' } },
  authoredOn: '2026-11-22',
  dosageInstruction: [{ text: 'one in the evening' }],
  dispenseRequest: {
    quantity: { value: 30, system: 'http://unitsofmeasure.org', code: '{tbl}' },
    dispenseInterval: { value: 28, system: 'http://unitsofmeasure.org', code: 'd' },
    performer: { identifier: { system: 'urn:plexus:organisation', value: 'pharmacy-1' } },
  },
  substitution: { allowedBoolean: false },
}
const dispensing = {
  resourceType: 'MedicationDispense',
  identifier: [{ value: 'dispensing-1' }],
  status: 'completed',
  contained: [
    {
      resourceType: 'Medication',
      id: 'm',
      code: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: '00406-0512-01' }] },
      batch: { lotNumber: 'A-4711' },
    },
  ],
  medicationReference: { reference: '#m' },
  performer: [{ actor: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' } } }],
  authorizingPrescription: [{ reference: 'MedicationRequest/line-1' }],
  quantity: { value: 30, system: 'http://unitsofmeasure.org', code: '{tbl}' },
}
const task = (changes: object) => ({
  resourceType: 'Task',
  status: 'accepted',
  intent: 'order',
  code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
  focus: { reference: 'MedicationRequest/line-1' },
  ...changes,
})

describe('a message', () => {
  test('prescribes with what an item needs: chart, prescriber, pharmacy, weeks between fills, no substitution', () => {
    expect(read(line)).toMatchObject({
      ok: true,
      value: {
        ask: {
          type: 'prescribe',
          group: 'line-1',
          lines: [
            {
              ...{ line: 'line-1', npi: '1234567893', refillWeeks: 4, schedule: '', note: 'No substitution.' },
              ...{ chart: { custodian: 'hospital', patient: 'chart-0001' }, pharmacy: { id: 'pharmacy-1' } },
            },
          ],
        },
        notCarried: [],
      },
    })
  })

  test('dispenses with product, lot, pharmacist and its own name', () => {
    expect(read(dispensing)).toMatchObject({
      value: {
        ask: { dispenses: [{ name: 'dispensing-1', lot: 'A-4711', pharmacist: '1234567893', counts: 'dispensed' }] },
      },
    })
  })

  test('cancels, nominates, claims, returns and withdraws', () => {
    const owner = { identifier: { system: 'urn:plexus:organisation', value: 'pharmacy-1' } }
    const abort = { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'abort' }] }
    expect(judge({ ...line, status: 'cancelled' })).toBe('cancel')
    expect(judge(task({ status: 'requested', owner }))).toBe('nominate')
    expect(judge(task({}))).toBe('claim')
    expect(judge(task({ status: 'rejected' }))).toBe('return')
    expect(judge(task({ status: 'in-progress', code: abort }))).toBe('withdraw')
    expect(judge(task({ status: 'draft' }))).toBe('refused: not-supported')
    expect(judge(task({ focus: undefined }))).toBe('refused: line-missing')
  })

  test('is refused by what R4 does not have, by what changes the meaning of the rest, and by what no item can say', () => {
    expect(judge({ ...line, colour: 'white' })).toBe('refused: not-valid')
    expect(judge({ ...line, doNotPerform: true })).toBe('refused: modifier')
    expect(judge({ ...line, dosageInstruction: [{ sequence: 1 }] })).toBe('refused: directions-missing')
    const interval = { value: 10, system: 'http://unitsofmeasure.org', code: 'd' }
    const dispenseRequest = { ...line.dispenseRequest, dispenseInterval: interval }
    expect(judge({ ...line, dispenseRequest })).toBe('refused: interval-not-weeks')
    const schedule = (code: string) => [{ url: 'urn:plexus:schedule', valueCode: code }]
    expect(judge({ ...line, extension: schedule('I') })).toBe('refused: controlled-elsewhere')
    expect(judge({ ...line, extension: schedule('II') })).toBe('prescribe')
  })

  test('names what is not kept, by path and never by what stood there', () => {
    const said = read({
      ...line,
      reasonCode: [{ text: 'Hypertension' }],
      extension: [{ url: 'urn:a/b1', valueCode: 'x' }],
    })
    expect(said.ok && said.value.notCarried).toEqual(['MedicationRequest.reasonCode', 'MedicationRequest.extension(…)'])
  })

  test('of two lines of one name, patient or day is refused whole', () => {
    const bundle = (...lines: object[]) => ({
      resourceType: 'Bundle',
      type: 'message',
      entry: [
        {
          resource: {
            resourceType: 'MessageHeader',
            eventCoding: { system: 'https://fhir.nhs.uk/CodeSystem/message-event', code: 'prescription-order' },
            source: { endpoint: 'urn:practice' },
          },
        },
        ...lines.map((resource) => ({ resource })),
      ],
    })
    expect(judge(bundle(line, { ...line, identifier: [{ value: 'line-2' }] }))).toBe('prescribe')
    expect(judge(bundle(line, line))).toBe('refused: line-twice')
    expect(judge(bundle(line, { ...line, identifier: [{ value: 'line-2' }], authoredOn: '2026-11-21' }))).toBe(
      'refused: lines-differ',
    )
    expect(judge(bundle())).toBe('refused: line-missing')
  })
})

/** By file, as the README of the data concludes; what answers asks nothing, whichever code it bears. */
const expected: readonly (readonly [RegExp, string])[] = [
  [/prescription-order\/.*-req|prepare\/.*-req|R-0006-Prescription/, 'prescribe'],
  [/prescription-order-update\/.*-req/, 'cancel'],
  [/release\/.*-req|dispense\/.*Release-200_OK/, 'claim'],
  [/return\/.*-req/, 'return'],
  [/withdraw\/.*-req/, 'withdraw'],
  [/claim\/.*-req/, 'complete'],
  // Its prescription is said to be not dispensed, and its lines to be dispensed in full.
  [/dispense-notification\/acute-primary-example-05-req/, 'refused: status-contradicts'],
  [/dispense-notification\/.*-req/, 'dispense'],
  [/patient-deceased/, 'refused: patient-deceased'],
  [/nhs-eps\//, 'refused: an-answer'],
  [/MedicationDispense-/, 'dispense'],
  [/medrx0305|medrx0316|medrx0319|medrx0322|medrx0324/, 'refused: not-active'],
  [/medrx0306|medrx0310|medrx0318/, 'refused: quantity-missing'],
  [/referenced-oral-axid/, 'refused: drug-missing'],
  [/self-tylenol/, 'refused: not-an-order'],
  [/MedicationRequest-/, 'prescribe'],
  [/Medication-/, 'refused: not-supported'],
]

test.skipIf(!present)(
  'each message of the public data is taken or refused with its reason (needs ../shared/data)',
  () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
    expect(files.length).toBe(96)
    const wrong = files.flatMap((name) => {
      const answer = judged(parse(new Uint8Array(readFileSync(new URL(name, folder)))))
      const [, wanted] = expected.find(([pattern]) => pattern.test(name)) ?? []
      return answer === wanted ? [] : [`${name}: ${answer}, expected ${wanted}`]
    })
    expect(wrong).toEqual([])
  },
)
