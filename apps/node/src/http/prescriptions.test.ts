/** Prescriptions through the doors of a clinic and of two members that dispense, on a network of their own. */
import { practitioners } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, hospital, npi, refused, startWorld, type World } from './world.testing.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
  const key = publicKeyOf(world.network.node(clinic).clinicianSeed(npi))
  const registered = { type: 'attest-role', npi, organisation: board, role: 'registrant', key } as const
  await world.network.submit(board, practitioners, registered)
}, 60_000)
afterAll(() => world.close())

const address = (member: string, path = '') => `${world.url}/v1/members/${member}/prescriptions${path}`

async function send(member: string, path: string, body?: object) {
  const response = await fetch(address(member, path), {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.tokens[member]}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const document = (await response.json()) as { readonly handles: readonly string[] }
  return { status: response.status, document }
}

interface Listed {
  readonly items: readonly { readonly handle: string; readonly side: string }[]
  readonly next: { readonly side: string; readonly after: string } | null
}

const ask = (member: string, path: string) =>
  fetch(address(member, path), { headers: { authorization: `Bearer ${world.tokens[member]}` } })
const listed = async (member: string, path: string) => (await (await ask(member, path)).json()) as Listed
const look = async (member: string, handle: string) => (await listed(member, `/${handle}`)).items[0]

let orders = 0
const order = (line: object = {}) => ({
  organisation: clinic,
  order: `order ${++orders}`,
  npi,
  registration: 'AB1234563',
  registrar: board,
  authentication: 'ab'.repeat(32),
  dayLagMinutes: 1_140,
  lines: [
    {
      drug: { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' },
      ...{ quantity: 30, unit: '{tbl}', schedule: 'II', directions: 'one every six hours', lastsDays: 30, ...line },
    },
  ],
})
const fill = (quantity: number, remainder: string | null = null) => ({
  ...{ quantity, remainder, lot: 'A-4711', pharmacist: npi },
  product: { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen' },
})

async function held(by: string): Promise<string> {
  const signed = await send(clinic, '', order())
  expect(signed).toMatchObject({ status: 200 })
  const [handle = ''] = signed.document.handles
  expect(await send(clinic, `/${handle}/nominate`, { pharmacy: by })).toMatchObject({ status: 200 })
  await world.network.until(
    () =>
      world.network
        .node(by)
        .books.prescriptions.list()
        .items.some((item) => item.handle === handle),
    10,
    'the item to be brought',
  )
  expect(await send(by, `/${handle}/claim`)).toMatchObject({ status: 200 })
  return handle
}

describe('thirty tablets of oxycodone and acetaminophen (RxNorm 1049221)', () => {
  test('twenty are filled, the prescriber cancels: marked, the last ten refused, cancelled with twenty filled', async () => {
    const handle = await held(hospital)
    expect(await send(hospital, `/${handle}/fill`, fill(20, 'requested'))).toMatchObject({ status: 200 })
    expect((await send(clinic, `/${handle}/cancel`)).document).toEqual({
      code: 'R-0003',
      says: 'not cancelled, with dispenser, marked for cancellation',
    })
    expect(await send(hospital, `/${handle}/fill`, fill(10))).toMatchObject({
      status: 409,
      document: { code: 'ledger-refused', refusal: 'marked-for-cancellation' },
    })
    expect(await send(hospital, `/${handle}/return`)).toMatchObject({ status: 200 })
    await world.network.until(
      () =>
        world.network
          .node(clinic)
          .books.prescriptions.list()
          .items.some((item) => item.status === 'cancelled'),
      10,
      'the clinic to see it cancelled',
    )
    expect(await look(clinic, handle)).toMatchObject({ status: 'cancelled', filled: 20, quantity: 30 })
    expect((await send(clinic, `/${handle}/cancel`)).document).toMatchObject({ code: 'R-0006' })
    const brought = await listed(hospital, '?side=dispenser')
    expect(brought.next).toBeNull()
    expect(brought.items.map(({ side }) => side)).toEqual(brought.items.map(() => 'dispenser'))
    const after = brought.items.slice(brought.items.findIndex((item) => item.handle === handle) + 1)
    expect((await listed(hospital, `?side=dispenser&after=${handle}`)).items).toEqual(after)
    expect((await ask(hospital, '?side=patient')).status).toBe(400)
    expect((await ask(hospital, '?after=0')).status).toBe(400)
    const fhir = await ask(clinic, `/${handle}/fhir`)
    expect(await fhir.json()).toMatchObject({
      resourceType: 'Bundle',
      entry: [
        {
          resource: {
            resourceType: 'MedicationRequest',
            status: 'cancelled',
            subject: { reference: expect.stringMatching(/^urn:/) },
          },
        },
        {
          resource: {
            resourceType: 'MedicationDispense',
            quantity: { value: 20 },
            type: { coding: [{ code: 'FFP' }] },
          },
        },
        { resource: { resourceType: 'Task', businessStatus: { coding: [{ code: '0005', display: 'Cancelled' }] } } },
      ],
    })
  })
})

describe('an item', () => {
  test('goes to whom the patient names next, once its holder lets it go', async () => {
    const handle = await held(hospital)
    expect(await send(hospital, `/${handle}/transfer`)).toMatchObject({ status: 200 })
    expect(await send(clinic, `/${handle}/nominate`, { pharmacy: board })).toMatchObject({ status: 200 })
    await world.network.until(
      () => world.network.node(board).books.prescriptions.list().items.length > 0,
      10,
      'the item to be brought',
    )
    expect(await send(board, `/${handle}/claim`)).toMatchObject({ status: 200 })
    expect(await send(hospital, `/${handle}/fill`, fill(30))).toMatchObject({
      status: 409,
      document: { code: 'book-refused', refusal: 'not-held-here' },
    })
    expect(await look(board, handle)).toMatchObject({ side: 'dispenser', held: true, status: 'held' })
  })

  test('with refills on schedule II is refused by the ledger, with its code', async () => {
    expect(await send(clinic, '', order({ refills: 1 }))).toMatchObject({
      status: 409,
      document: { code: 'ledger-refused', refusal: 'too-many-refills' },
    })
  })

  test('that this member never saw is unknown, and staff alone ask', async () => {
    const stranger = '00'.repeat(32)
    const token = world.tokens[hospital] ?? ''
    const answer = await refused(address(hospital, `/${stranger}`), { token })
    expect(answer).toMatchObject({ status: 409, code: 'book-refused', document: { refusal: 'item-unknown' } })
    expect((await refused(address(hospital))).code).toBe('token-missing')
    expect((await refused(address(hospital), { token: world.tokens[clinic] ?? '' })).code).toBe('token-wrong')
  })

  test('is not signed for a clinician whom this member does not employ', async () => {
    const body = JSON.stringify({ ...order(), npi: '1245319599' })
    const headers = { 'content-type': 'application/json' }
    const token = world.tokens[clinic] ?? ''
    expect((await refused(address(clinic), { method: 'POST', headers, body, token })).code).toBe('clinician-unknown')
  })

  test('is dispensed by a pharmacist who stands at the pharmacy now, and by nobody else', async () => {
    const handle = await held(hospital)
    const { network } = world
    const stranger = { ...fill(30), pharmacist: '1245319599' }
    expect((await send(hospital, `/${handle}/fill`, stranger)).document).toMatchObject({ code: 'clinician-unknown' })
    const unlicensed = { ...fill(30), pharmacy: '1245319599' }
    expect(await send(hospital, `/${handle}/fill`, unlicensed)).toMatchObject({
      status: 409,
      document: { code: 'ledger-refused', refusal: 'licence-not-active' },
    })
    const notThere = { ...fill(30), beside: [{ organisation: board, pharmacy: '1245319599', pharmacists: [npi] }] }
    expect((await send(hospital, `/${handle}/fill`, notThere)).document).toMatchObject({
      refusal: 'licence-not-active',
    })
    await network.submit(hospital, practitioners, { type: 'suspend-role', npi, organisation: hospital })
    expect((await send(hospital, `/${handle}/fill`, fill(30))).document).toMatchObject({ refusal: 'role-not-active' })
    await network.submit(hospital, practitioners, { type: 'reinstate-role', npi, organisation: hospital })
    await network.submit(board, practitioners, { type: 'suspend-licence', npi })
    expect((await send(hospital, `/${handle}/fill`, fill(30))).document).toMatchObject({
      refusal: 'licence-not-active',
    })
    await network.submit(board, practitioners, { type: 'reinstate-licence', npi })
    expect(await send(hospital, `/${handle}/fill`, fill(30))).toMatchObject({ status: 200 })
    const told = () =>
      network
        .node(clinic)
        .books.prescriptions.list()
        .items.find((item) => item.handle === handle)?.fills.length === 1
    await network.until(told, 10, 'the prescriber to be told')
    expect(await look(clinic, handle)).toMatchObject({
      fills: [{ organisation: hospital, pharmacy: npi, pharmacist: npi }],
    })
  })

  test('neither its drug nor its patient stands in the log', () => {
    expect(world.logged()).not.toMatch(/Oxycodone|1049221|A-4711/)
  })
})
