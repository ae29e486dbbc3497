/** Prescriptions as systems of a practice and of pharmacies send them: resources of R4, and messages of England's EPS. */
import { existsSync, readFileSync } from 'node:fs'
import { practitioners } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, hospital, npi, startWorld, type World } from './world.testing.ts'

/** Public messages, when they lie beside the repository; the test that needs them says so and skips. */
const folder = new URL('../../../../../shared/data/prescriptions/nhs-eps/', import.meta.url)
const present = existsSync(folder)

let world: World
beforeAll(async () => {
  world = await startWorld()
  const key = publicKeyOf(world.network.node(clinic).clinicianSeed(npi))
  const registered = { type: 'attest-role', npi, organisation: board, role: 'registrant', key } as const
  await world.network.submit(board, practitioners, registered)
}, 60_000)
afterAll(() => world.close())

interface Resource {
  readonly resourceType: string
  readonly [name: string]: unknown
}
interface Issue {
  readonly severity: string
  readonly code: string
  readonly diagnostics: string
  readonly details: { readonly coding: readonly { readonly code: string }[] }
  readonly expression?: readonly string[]
}

async function send(member: string, body: object | string, query: Readonly<Record<string, string>> = {}) {
  const address = `${world.url}/v1/members/${member}/prescriptions/fhir?${new URLSearchParams(query)}`
  const response = await fetch(address, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.tokens[member]}`, 'content-type': 'application/fhir+json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  expect(response.headers.get('content-type')).toBe('application/fhir+json')
  const document = (await response.json()) as Resource & { readonly entry?: readonly { resource: Resource }[] }
  const resources = document.entry?.map(({ resource }) => resource) ?? [document]
  const issues = resources.flatMap((each) =>
    each.resourceType === 'OperationOutcome' ? (each['issue'] as Issue[]) : [],
  )
  const codes = issues
    .filter(({ severity }) => severity !== 'warning')
    .flatMap(({ details }) => details.coding.map(({ code }) => code))
  return { status: response.status, codes, issues, resources, document }
}

/** What stands at a place of each resource of a type. */
const of = (type: string, resources: readonly Resource[]) => resources.filter((each) => each.resourceType === type)
const business = (resources: readonly Resource[]) =>
  of('Task', resources).map(
    (each) => (each as { businessStatus?: { coding: { code: string }[] } }).businessStatus?.coding[0]?.code,
  )

const brought = (member: string, count: number) =>
  world.network.until(
    () => world.network.node(member).books.prescriptions.list().items.length >= count,
    10,
    'the items to be brought',
  )

/** Boston in winter: UTC-5. */
const offset = '-05:00'
const now = () => `${new Date(Date.now() - 5 * 3_600_000).toISOString().slice(0, 19)}${offset}`
const person = { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: npi } }
const ucum = 'http://unitsofmeasure.org'
let lines = 0
const request = (changes: object = {}) => ({
  resourceType: 'MedicationRequest',
  identifier: [{ value: `line-${++lines}` }],
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '316672' }] },
  subject: { display: 'a patient of the practice' },
  requester: person,
  authoredOn: now(),
  dosageInstruction: [{ text: 'one in the evening' }],
  dispenseRequest: { quantity: { value: 30, system: ucum, code: '{tbl}' } },
  ...changes,
})
const task = (line: string, changes: object) => ({
  resourceType: 'Task',
  intent: 'order',
  code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/task-code', code: 'fulfill' }] },
  focus: { reference: `MedicationRequest/${line}` },
  ...changes,
})
const dispensing = (line: string, name: string, count: number) => ({
  resourceType: 'MedicationDispense',
  identifier: [{ value: name }],
  status: 'completed',
  medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: '00406-0512-01' }] },
  performer: [{ actor: person }],
  authorizingPrescription: [{ reference: `MedicationRequest/${line}` }],
  quantity: { value: count, system: ucum, code: '{tbl}' },
})
const pharmacy = { identifier: { system: 'urn:plexus:organisation', value: hospital } }

describe('resources of R4', () => {
  test('prescribe, nominate, claim, dispense once however often it is sent, and cancel: marked', async () => {
    const line = `line-${lines + 1}`
    const signed = await send(clinic, request())
    expect(signed).toMatchObject({ status: 200, codes: ['signed'] })
    expect(signed.issues.map(({ expression }) => expression?.[0])).toContain('MedicationRequest.subject.display')
    expect(await send(clinic, request({ identifier: [{ value: line }] }))).toMatchObject({
      status: 409,
      codes: ['order-known'],
    })
    expect(await send(clinic, task(line, { status: 'requested', owner: pharmacy }))).toMatchObject({ status: 200 })
    await brought(hospital, 1)
    const claimed = await send(hospital, task(line, { status: 'accepted' }))
    expect([claimed.status, business(claimed.resources)]).toEqual([200, ['0002']])
    const filled = await send(hospital, dispensing(line, 'dispensing-1', 20))
    expect([filled.status, filled.codes, business(filled.resources)]).toEqual([200, ['accepted'], ['0003']])
    expect(await send(hospital, dispensing(line, 'dispensing-1', 20))).toMatchObject({
      status: 200,
      codes: ['dispense-known'],
    })
    expect(await send(hospital, dispensing(line, 'dispensing-2', 20))).toMatchObject({
      status: 409,
      codes: ['more-than-authorised'],
    })
    const cancelled = await send(clinic, request({ identifier: [{ value: line }], status: 'cancelled' }))
    expect(cancelled).toMatchObject({ status: 409, codes: ['R-0003'] })
    expect(JSON.stringify(of('MedicationRequest', cancelled.resources))).toContain('"code":"R-0003"')
    expect(await send(hospital, dispensing(line, 'dispensing-3', 10))).toMatchObject({
      status: 409,
      codes: ['marked-for-cancellation'],
    })
    const returned = await send(hospital, task(line, { status: 'rejected' }))
    expect([returned.status, business(returned.resources)]).toEqual([200, ['0005']])
  })

  test('are refused with what was expected and which kind came, and nothing is signed', async () => {
    const { prescriptions } = world.network.node(clinic).books
    const before = prescriptions.list().items.length
    const late = await send(clinic, request({ authoredOn: `2022-10-21T09:00:00${offset}` }))
    expect(late).toMatchObject({ status: 422, codes: ['issued-day-wrong'] })
    expect(late.issues[0]).toMatchObject({
      diagnostics: 'expected today: it is signed now; came another day',
      expression: ['MedicationRequest.authoredOn'],
    })
    const quantity = { quantity: { value: 30, system: ucum, code: '{tbl}' } }
    const refusals: readonly (readonly [string, object, Readonly<Record<string, string>>?])[] = [
      ['clinician-unknown', { requester: { display: 'a clinician' } }],
      ['clinician-unknown', {}, { clinician: '1245319599' }],
      ['place-missing', { authoredOn: now().slice(0, 10) }],
      ['drug-system-unknown', { medicationCodeableConcept: { coding: [{ system: 'urn:own', code: '1' }] } }],
      ['unit-missing', { dispenseRequest: { quantity: { value: 30 } } }],
      ['pharmacy-unknown', { dispenseRequest: { ...quantity, performer: { identifier: { value: 'VNE51' } } } }],
      ['too-late', { dispenseRequest: { ...quantity, validityPeriod: { start: '2022-10-21' } } }],
      ['not-valid', { colour: 'white' }],
      ['not-an-order', { intent: 'plan' }],
    ]
    for (const [code, changes, query] of refusals)
      expect(await send(clinic, request(changes), query)).toMatchObject({ status: 422, codes: [code] })
    expect(await send(clinic, '{"resourceType":')).toMatchObject({ status: 400, codes: ['not-json'] })
    expect(await send(clinic, { resourceType: 'Patient' })).toMatchObject({ status: 422, codes: ['not-supported'] })
    expect(prescriptions.list().items).toHaveLength(before)
  })

  test('of a controlled drug say its schedule, and are bound as it demands', async () => {
    const extension = [{ url: 'urn:plexus:schedule', valueCode: 'II' }]
    const registered = {
      identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: npi },
      reference: '#prescriber',
    }
    const contained = [
      {
        resourceType: 'Practitioner',
        id: 'prescriber',
        identifier: [{ system: 'urn:oid:2.16.840.1.113883.4.814', value: 'AB1234563' }],
      },
    ]
    const controlled = { extension, contained, requester: registered }
    expect(await send(clinic, request(controlled))).toMatchObject({ status: 409, codes: ['authentication-missing'] })
    const query = { registrar: board, authentication: 'ab'.repeat(32) }
    expect(await send(clinic, request(controlled), query)).toMatchObject({ status: 200, codes: ['signed'] })
  })

  test('about a line that nobody brought find nothing, and the log says nothing of any', async () => {
    for (const status of ['accepted', 'rejected'])
      expect(await send(hospital, task('line-of-nobody', { status }))).toMatchObject({
        status: 409,
        codes: ['item-unknown'],
      })
    expect(await send(clinic, request({ status: 'cancelled' }))).toMatchObject({ status: 409, codes: ['R-0008'] })
    expect(world.logged()).not.toMatch(/316672|00406|line-1|in the evening/)
  })
})

describe('messages of England’s EPS', () => {
  const message = (path: string) => readFileSync(new URL(path, folder), 'utf8')
  /** As if it were written today, so that its first day is not over. */
  const today = (path: string) => message(path).replaceAll('2022-10-21', now().slice(0, 10))
  const order = 'prescribing/prescription-order/repeat-primary-example-req.json'
  const practice = { clinician: npi, dayLagMinutes: '1140', pharmacy: hospital }
  const counter = { clinician: npi }
  const notification = (number: number) =>
    message(`dispensing/dispense-notification/acute-primary-example-0${number}-req.json`)

  test.skipIf(!present)(
    'carry one prescription of four lines from the order to the claim; what is cancelled is not filled (needs ../shared/data)',
    async () => {
      const { prescriptions } = world.network.node(hospital).books
      const before = prescriptions.list().items.length
      expect(await send(clinic, message(order), practice)).toMatchObject({ status: 422, codes: ['too-late'] })
      const signed = await send(clinic, today(order), practice)
      expect([signed.status, signed.codes[0], business(signed.resources)]).toEqual([
        200,
        'signed',
        ['0001', '0001', '0001', '0001'],
      ])
      await brought(hospital, before + 4)
      const claimed = await send(hospital, message('dispensing/release/acute-primary-example-req.json'))
      expect([claimed.status, business(claimed.resources)]).toEqual([200, ['0002', '0002', '0002', '0002']])
      const cancellation = 'prescribing/prescription-order-update/repeat-primary-example-req.json'
      expect(await send(clinic, message(cancellation))).toMatchObject({ status: 409, codes: ['R-0002'] })
      const first = await send(hospital, notification(1), counter)
      expect([first.status, business(first.resources)]).toEqual([200, ['0006', '0006']])
      expect(await send(hospital, notification(2), counter)).toMatchObject({ status: 200 })
      const third = await send(hospital, notification(3), counter)
      expect([third.status, business(third.resources)]).toEqual([200, ['0006']])
      // The same dispensing once more, under another product.
      expect((await send(hospital, notification(4), counter)).codes).toContain('dispense-known')
      expect(await send(hospital, notification(5), counter)).toMatchObject({
        status: 422,
        codes: ['status-contradicts'],
      })
      const claims = await send(hospital, message('dispensing/claim/acute-primary-example-req.json'))
      expect([claims.status, business(claims.resources)]).toEqual([200, ['0008', '0008', '0008']])
    },
    30_000,
  )

  test.skipIf(!present)('that name a patient who died are refused (needs ../shared/data)', async () => {
    const path = 'errors/example-b-spine-error-patient-deceased/SendRequest-FhirMessageSigned.json'
    expect(await send(clinic, message(path), practice)).toMatchObject({ status: 422, codes: ['patient-deceased'] })
  })
})
