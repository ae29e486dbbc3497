/** The clinician's side over HTTP: sign-in, a patient found again, going on without a code, an emergency and its reviews. */
import { utf8 } from '@plexus/codec'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authenticator, written } from '../sign-in/authenticator.testing.ts'
import { board, clinic, hospital, npi, patient, startWorld, type World } from './world.testing.ts'

const origin = 'https://clinic.example'
let world: World
let session = ''

beforeAll(async () => {
  world = await startWorld()
  const registration = {
    resourceType: 'Patient',
    name: [{ given: ['Ana'], family: 'Ramírez' }],
    birthDate: '1941-02-03',
    gender: 'female',
    identifier: [{ system: `urn:plexus:custodian:${hospital}`, value: patient }],
  }
  await world.network.node(clinic).exchange.register(clinic, 'own-7', [
    {
      source: 'Patient/own-7',
      segment: 'general',
      resourceType: 'Patient',
      codes: [],
      contentType: 'application/fhir+json',
      bytes: utf8(JSON.stringify(registration)),
      enteredInError: false,
    },
  ])
  await world.network.until(
    () => [...world.network.nodes.values()].every(({ exchange }) => exchange.idle),
    10,
    'the charts to be committed',
  )
})
afterAll(() => world.close())

interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into by the test.
  readonly json: any
}

async function send(member: string, path: string, json: object | null, token?: string): Promise<Answer> {
  const response = await fetch(`${world.url}/v1/members/${member}${path}`, {
    method: 'POST',
    headers: {
      ...(json && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(json && { body: JSON.stringify(json) }),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? null : JSON.parse(text) }
}

async function read(member: string, path: string, token: string): Promise<Answer> {
  const response = await fetch(`${world.url}/v1/members/${member}${path}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return { status: response.status, json: await response.json() }
}

const own = (member: string): string => world.tokens[member] ?? ''
const key = new Authenticator(origin)

async function signedIn(): Promise<string> {
  const { json } = await send(clinic, '/sign-in/begin', null)
  return (await send(clinic, '/sign-in', written(key.use(json.challenge)))).json.token
}

describe('a passkey', () => {
  test('is registered with the employer’s link, and shows licence and role from the ledger', async () => {
    const { json: handed } = await send(clinic, '/passkeys/link', { npi }, own(clinic))
    const { json: begun } = await send(clinic, '/passkeys/begin', { link: handed.link })
    expect(begun.npi).toBe(npi)
    const made = await send(clinic, '/passkeys', { link: handed.link, ...written(key.make(begun.challenge)) })
    expect(made.json).toMatchObject({ member: clinic, npi, licence: 'active', role: 'physician' })
    expect((await send(clinic, '/passkeys/begin', { link: handed.link })).json.code).toBe('link-unknown')
  })

  test('signs in; its session is a person’s, and ends when the person leaves', async () => {
    const token = await signedIn()
    expect((await read(clinic, '/corrections', token)).status).toBe(200)
    expect((await read(hospital, '/corrections', token)).status).toBe(401)
    expect((await send(clinic, '/passkeys/link', { npi }, token)).json.code).toBe('session-of-a-person')
    expect((await send(clinic, '/sign-out', null, token)).status).toBe(204)
    expect((await read(clinic, '/corrections', token)).status).toBe(401)
  })

  test('is refused by the check that failed, and where it was never registered', async () => {
    const { json } = await send(clinic, '/sign-in/begin', null)
    const bad = await send(clinic, '/sign-in', written(key.use(json.challenge, { origin: 'https://evil.example' })))
    expect(bad).toMatchObject({ status: 403, json: { code: 'passkey-refused', at: 'origin' } })
    const { json: other } = await send(hospital, '/sign-in/begin', null)
    expect((await send(hospital, '/sign-in', written(key.use(other.challenge)))).json.code).toBe('passkey-unknown')
  })

  test('is linked to nobody who has no role at the member', async () => {
    const answer = await send(board, '/passkeys/link', { npi }, own(board))
    expect(answer.json.code).toBe('clinician-without-role')
  })
})

describe('a person who signed in', () => {
  const nothing = { name: '', birthDate: '', postalCode: '', phone: '', number: '' }
  const receipts = (): number => {
    const { custody } = world.network.node(clinic).exchange
    return custody.patients.get(custody.patientKey(clinic, 'own-7'))?.receipts ?? 0
  }

  test('finds a patient of the own charts, with the reasons, and the patient’s chain says so', async () => {
    session = await signedIn()
    const before = receipts()
    const found = await send(
      clinic,
      '/patients/search',
      { npi, ...nothing, name: 'ramirez', birthDate: '1941' },
      session,
    )
    expect(found.json).toEqual({
      tooMany: false,
      candidates: [
        {
          custodian: clinic,
          number: 'own-7',
          name: 'Ana Ramírez',
          birthDate: '1941-02-03',
          gender: 'female',
          reasons: ['name', 'birth-year'],
          known: [{ custodian: hospital, number: patient, name: 'General Hospital' }],
        },
      ],
    })
    expect(receipts()).toBe(before + 1)
    const none = await send(clinic, '/patients/search', { npi, ...nothing, name: 'ramirez' }, session)
    expect(none.json).toEqual({ tooMany: false, candidates: [] })
    expect(receipts()).toBe(before + 1)
  })

  test('does nothing in another’s name', async () => {
    const other = '1993999998'
    const search = await send(clinic, '/patients/search', { npi: other, ...nothing, number: 'own-7' }, session)
    const ask = await send(
      clinic,
      `/visits/${'0'.repeat(32)}/ask`,
      { npi: other, purpose: 'TREAT', types: [] },
      session,
    )
    const chart = await read(clinic, `/charts/own-7?custodian=${clinic}&npi=${other}`, session)
    for (const answer of [search, ask, chart]) expect(answer.json.code).toBe('clinician-not-you')
  })
})

/** Opens a visit on the own word, asks once it is committed, and waits for the answer. */
async function asked(why: object): Promise<Answer['json']> {
  const known = [{ custodian: hospital, number: patient }]
  const { json: opened } = await send(clinic, '/visits', { requester: clinic, known }, session)
  const ask = () => send(clinic, `/visits/${opened.visit}/ask`, { npi, types: [], ...why }, session)
  let answer = await ask()
  await world.network.until(
    () => world.network.node(clinic).exchange.requester.visitReady(Buffer.from(opened.visit, 'hex')),
    10,
    'the evidence to be committed',
  )
  if (answer.json.code === 'evidence-not-committed') answer = await ask()
  expect(answer.status).toBe(200)
  await world.network.until(
    () => world.network.node(clinic).exchange.requester.gathered(Buffer.from(answer.json.ask, 'hex'))?.settled === true,
    10,
    'the custodian to answer',
  )
  return (await read(clinic, `/asks/${answer.json.ask}`, session)).json
}

describe('without a code', () => {
  test('a summary comes, and is said to be one', async () => {
    expect(await asked({ purpose: 'TREAT' })).toMatchObject({
      settled: true,
      purpose: 'TREAT',
      sources: [{ custodian: hospital, state: 'complete', reasons: ['summary-only'] }],
      earlier: null,
    })
  })

  test('what changed since the last ask is told', async () => {
    const now = await asked({ purpose: 'TREAT' })
    expect(now.earlier).toMatchObject({ changes: [], notCompared: [] })
    expect(now.earlier.since).toBeGreaterThan(0)
  })

  test('only a custodian of the network is asked, and only by an organisation that is here', async () => {
    const known = [{ custodian: 'nobody-here', number: '1' }]
    expect((await send(clinic, '/visits', { requester: clinic, known }, session)).json.code).toBe('custodian-unknown')
    expect((await send(clinic, '/visits', { requester: hospital, known }, session)).json.code).toBe(
      'requester-not-here',
    )
  })
})

describe('an emergency', () => {
  const urgent = { purpose: 'ETREAT', emergency: { reason: 'unconscious', words: 'found at home' } }

  test('says why, with its own purpose and with no other', async () => {
    const path = `/visits/${'0'.repeat(32)}/ask`
    for (const body of [
      { purpose: 'ETREAT' },
      { ...urgent, purpose: 'TREAT' },
      { ...urgent, emergency: { reason: 'curious', words: '' } },
    ])
      expect((await send(clinic, path, { npi, types: [], ...body }, session)).json.code).toBe('request-not-understood')
  })

  test('opens the first minutes, and is put up for review at both sides', async () => {
    session = await signedIn()
    const record = await asked(urgent)
    expect(record).toMatchObject({ purpose: 'ETREAT', sources: [{ state: 'complete', reasons: ['emergency-only'] }] })
    const about = { requester: clinic, npi, emergency: urgent.emergency, outcome: null, isAlarm: false }
    expect((await read(clinic, '/reviews', own(clinic))).json.reviews).toMatchObject([
      { ...about, organisation: clinic, about: { type: 'visit' } },
    ])
    expect((await read(hospital, '/reviews', own(hospital))).json.reviews).toMatchObject([
      { ...about, organisation: hospital, about: { type: 'chart', number: patient } },
    ])
  })

  test('is answered by a named person, never by the one who asked, and for good', async () => {
    const [{ id }] = (await read(clinic, '/reviews', own(clinic))).json.reviews
    const answer = { verdict: 'justified', reviewer: 'privacy officer', words: '' }
    expect((await send(clinic, `/reviews/${id}/answer`, answer, session)).json.code).toBe('reviewer-asked')
    expect((await send(clinic, `/reviews/${id}/answer`, answer, own(clinic))).status).toBe(204)
    expect((await send(clinic, `/reviews/${id}/answer`, answer, own(clinic))).json.code).toBe('review-answered')
    expect((await read(clinic, '/reviews', own(clinic))).json.reviews).toEqual([])
    expect((await read(clinic, '/reviews?all=true', own(clinic))).json.reviews).toMatchObject([{ outcome: answer }])
  })
})
