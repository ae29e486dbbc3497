/** Capture and query of EPCIS 2.0 over HTTP, as a trading partner's programs use them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clinic, hospital, refused, startWorld, type World } from './world.testing.ts'

const shared = new URL('../../../../../shared/data/epcis/', import.meta.url)

let world: World
let base = ''
let token = ''

beforeAll(async () => {
  world = await startWorld()
  base = `${world.url}/v1/members/${hospital}/epcis/${clinic}`
  token = world.tokens[hospital] ?? ''
})
afterAll(() => world.close())

const json = 'application/json'
const serial = (name: string) => `urn:epc:id:sgtin:030002.0143380.${name}`
const event = (name: string, more: object = {}) => ({
  type: 'ObjectEvent',
  eventTime: '2026-11-20T08:00:00Z',
  eventTimeZoneOffset: '+00:00',
  action: 'ADD',
  bizStep: 'commissioning',
  epcList: [serial(name)],
  ...more,
})
const documentOf = (...eventList: readonly object[]) => ({
  '@context': ['https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld', { own: 'https://example.com/own/' }],
  type: 'EPCISDocument',
  schemaVersion: '2.0',
  creationDate: '2026-11-21T10:00:00Z',
  epcisBody: { eventList },
})

const post = (
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  type = json,
  headers: Readonly<Record<string, string>> = {},
) =>
  fetch(base + path, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
  })
const get = (address: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(address.startsWith('/v1') ? world.url + address : base + address, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  })

interface Job {
  readonly running: boolean
  readonly success: boolean
  readonly captured?: number
  readonly known?: number
  readonly errors: readonly { readonly at?: string; readonly type: string; readonly refusal?: string }[]
}

async function captured(body: string | Uint8Array<ArrayBuffer>, type = json): Promise<Job> {
  const taken = await post('/capture', body, type)
  expect([taken.status, taken.headers.get('gs1-epcis-version')]).toEqual([202, '2.0.0'])
  const address = taken.headers.get('location') ?? ''
  for (;;) {
    const job = (await (await get(address)).json()) as Job
    if (!job.running) return job
    await new Promise((resolve) => setImmediate(resolve))
  }
}

interface Answered {
  readonly epcisBody: { readonly queryResults: { readonly resultsBody: { readonly eventList: readonly Event[] } } }
}
interface Event {
  readonly eventID: string
  readonly epcList: readonly string[]
  readonly recordTime: string
}
const eventsIn = async (response: Response): Promise<readonly Event[]> =>
  ((await response.json()) as Answered).epcisBody.queryResults.resultsBody.eventList

describe('capture', () => {
  test('a document is taken as a job, and its events answer queries under the partner that sent them', async () => {
    const job = await captured(JSON.stringify(documentOf(event('A1'), event('A2', { 'own:note': 'first' }))))
    expect(job).toMatchObject({ success: true, captured: 2, known: 0, errors: [] })
    const found = await eventsIn(await get(`/events?MATCH_epc=${encodeURIComponent(serial('A2'))}`))
    expect(found).toMatchObject([{ epcList: [serial('A2')], 'own:note': 'first' }])
    const other = `/v1/members/${hospital}/epcis/${hospital}/events`
    expect(await eventsIn(await get(other))).toEqual([])
  })

  test('the same events again, in XML, change nothing', async () => {
    const xml = await get('/events?EQ_bizStep=commissioning', { accept: 'application/xml' })
    expect(xml.headers.get('content-type')).toBe('application/xml')
    const text = await xml.text()
    const list = /<EventList>[\s\S]*<\/EventList>/.exec(text)?.[0] ?? ''
    const head = /xmlns:own="[^"]+"/.exec(text)?.[0] ?? ''
    const document = `<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" ${head} schemaVersion="2.0" creationDate="2026-11-21T10:00:00Z"><EPCISBody>${list}</EPCISBody></epcis:EPCISDocument>`
    expect(await captured(document, 'text/xml; charset=utf-8')).toMatchObject({ success: true, captured: 0, known: 2 })
  })

  test('one wrong event refuses the whole document with its place, and nothing of it is repeated', async () => {
    const wrong = event('Secret1', { bizStep: 'SecretStep' })
    const job = await captured(JSON.stringify(documentOf(event('B1'), wrong)))
    expect(job).toMatchObject({ running: false, success: false })
    expect(job.errors).toMatchObject([
      { type: 'epcisException:ValidationException', refusal: 'wrong-value', at: '/epcisBody/eventList/1/bizStep' },
    ])
    expect(JSON.stringify(job)).not.toContain('Secret')
    expect(await eventsIn(await get(`/events?MATCH_epc=${encodeURIComponent(serial('B1'))}`))).toEqual([])
  })

  test('what is no document at all is a job that was refused', async () => {
    expect(await captured('{')).toMatchObject({ success: false, errors: [{ refusal: 'not-json' }] })
    expect(await captured('<a/>', 'application/xml')).toMatchObject({ success: false })
    const many = JSON.stringify(documentOf(...Array.from({ length: 2_001 }, (_, at) => event(`M${at}`))))
    expect(await captured(many)).toMatchObject({
      errors: [{ type: 'epcisException:CaptureLimitExceededException', refusal: 'too-large' }],
    })
  })

  test('one event is taken at once and has an address; a wrong one is refused at once', async () => {
    const alone = { '@context': documentOf()['@context'], ...event('C1', { eventID: 'urn:uuid:c/1' }) }
    const taken = await post('/events', JSON.stringify(alone))
    expect(taken.status).toBe(201)
    const address = taken.headers.get('location') ?? ''
    expect(await (await get(address)).json()).toMatchObject({ eventID: 'urn:uuid:c/1', epcList: [serial('C1')] })
    expect(await (await get(address, { accept: 'text/xml' })).text()).toContain(serial('C1'))
    const { document } = await refused(`${base}/events`, {
      method: 'POST',
      token,
      headers: { 'content-type': json },
      body: JSON.stringify({ ...alone, eventTime: 'yesterday' }),
    })
    expect(document).toMatchObject({ code: 'epcis-refused', at: 'body/eventTime', refusal: 'wrong-value' })
  })

  test('jobs are listed newest first', async () => {
    const jobs = (await (await get('/capture')).json()) as readonly { readonly captureID: string }[]
    expect(jobs.length).toBeGreaterThan(4)
    expect(jobs.map(({ captureID }) => captureID)).toEqual(
      jobs
        .map(({ captureID }) => captureID)
        .toSorted()
        .toReversed(),
    )
  })

  test('two partners whose events go by one name do not meet', async () => {
    const named = (name: string) => ({
      '@context': documentOf()['@context'],
      ...event(name, { eventID: 'urn:uuid:same' }),
    })
    expect((await post('/events', JSON.stringify(named('D1')))).status).toBe(201)
    const own = `${world.url}/v1/members/${hospital}/epcis/${hospital}/events`
    const taken = await fetch(own, {
      method: 'POST',
      body: JSON.stringify(named('D2')),
      headers: { authorization: `Bearer ${token}`, 'content-type': json },
    })
    expect(taken.status).toBe(201)
    expect(await (await get(`/events/${encodeURIComponent('urn:uuid:same')}`)).json()).toMatchObject({
      epcList: [serial('D1')],
    })
  })
})

describe('a query', () => {
  test('pages are linked, and the link leads through all events once', async () => {
    const seen: string[] = []
    let address = `${base}/events?perPage=1&EQ_action=ADD|OBSERVE&orderDirection=ASC`
    let pages = 0
    while (address !== '') {
      const response = await get(address.replace(world.url, ''))
      seen.push(...(await eventsIn(response)).map(({ eventID }) => eventID))
      const [, next = ''] = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '') ?? []
      address = next
      pages++
    }
    expect(pages).toBe(seen.length)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen).toHaveLength((await eventsIn(await get('/events'))).length)
  })

  test.each([
    ['an unknown parameter', '/events?EQ_colour=red', 'epcis-refused'],
    ['a time that is none', '/events?GE_eventTime=yesterday', 'epcis-refused'],
    ['a forged token', '/events?nextPageToken=1', 'epcis-refused'],
    ['an unknown job', '/capture/000000009999', 'capture-unknown'],
    ['a job that is no number', '/capture/last', 'request-not-understood'],
    ['an unknown event', '/events/urn:uuid:nobody', 'epcis-event-unknown'],
  ])('%s is refused with its code', async (_, path, code) => {
    expect((await refused(base + path, { token })).code).toBe(code)
  })
})

describe('the door', () => {
  const named = { method: 'POST', body: JSON.stringify(documentOf()) }
  test.each([
    ['another edition', { 'gs1-epcis-version': '1.2' }, 406],
    ['events one by one', { 'gs1-capture-error-behaviour': 'proceed' }, 406],
    ['pictures', { accept: 'image/png' }, 406],
    ['a table', { 'content-type': 'text/csv' }, 415],
    ['bytes', { 'content-type': 'application/octet-stream' }, 415],
  ])('does not speak %s', async (_, headers, status) => {
    const answer = await refused(`${base}/capture`, { ...named, token, headers: { 'content-type': json, ...headers } })
    expect(answer.status).toBe(status)
  })

  test('is for staff, of partners that the ledger knows', async () => {
    const headers = { 'content-type': json }
    expect((await refused(`${base}/capture`, { ...named, headers })).code).toBe('token-missing')
    const nobody = `${world.url}/v1/members/${hospital}/epcis/nobody-here/capture`
    expect((await refused(nobody, { ...named, token, headers })).code).toBe('organisation-unknown')
  })
})

describe('queries by name', () => {
  const drop = (path: string) => fetch(base + path, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
  const problemOf = async (response: Response): Promise<object> =>
    (await response.json()) as Readonly<Record<string, unknown>>
  const keep = (name: string, query: object) => post('/queries', JSON.stringify({ name, query }))

  test('a kept query is answered with what fits it now, page by page, until it is dropped', async () => {
    const made = await keep('commissioned-n', {
      EQ_bizStep: ['commissioning'],
      MATCH_epc: ['N1', 'N2', 'N3'].map(serial),
    })
    expect([made.status, made.headers.get('location')]).toEqual([
      201,
      `/v1/members/${hospital}/epcis/${clinic}/queries/commissioned-n`,
    ])
    expect(await eventsIn(await get('/queries/commissioned-n/events'))).toEqual([])
    await captured(JSON.stringify(documentOf(event('N1'), event('N2'), event('N3'), event('N4'))))
    const first = await get('/queries/commissioned-n/events?perPage=2')
    const next = /<([^>]+)>/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    const [one, two] = [await first.json(), await (await get(next)).json()] as readonly Answered[]
    const found = [one, two].flatMap((each) => each?.epcisBody.queryResults.resultsBody.eventList ?? [])
    expect(found.map(({ epcList }) => epcList[0]).toSorted()).toEqual(['N1', 'N2', 'N3'].map(serial))
    expect(one).toMatchObject({ epcisBody: { queryResults: { queryName: 'commissioned-n' } } })
    const shown = { name: 'commissioned-n', query: { EQ_bizStep: ['commissioning'] } }
    expect(await (await get('/queries/commissioned-n')).json()).toMatchObject(shown)
    expect(await (await get('/queries')).json()).toMatchObject([shown])
    expect(await (await get(`/v1/members/${hospital}/epcis/${hospital}/queries`)).json()).toEqual([])
    expect((await drop('/queries/commissioned-n')).status).toBe(204)
    for (const gone of [await drop('/queries/commissioned-n'), await get('/queries/commissioned-n/events')])
      expect(await problemOf(gone)).toMatchObject({ status: 404, code: 'epcis-query-unknown' })
    expect(await (await get('/queries')).json()).toEqual([])
  })

  test('what is no query is not kept, nor two under one name, nor more than a hundred', async () => {
    for (const [body, at, refusal] of [
      ['{', 'body', 'not-json'],
      ['[]', 'body', 'wrong-type'],
      [{ name: 'a b', query: {} }, 'body/name', 'wrong-value'],
      [{ name: 'a' }, 'body/query', 'wrong-type'],
      [{ name: 'a', query: {}, more: 1 }, 'body', 'unknown-member'],
      [{ name: 'a', query: { EQ_secret: ['x'] } }, 'body/query', 'unknown-member'],
      [{ name: 'a', query: { GE_eventTime: 'soon' } }, 'body/query/GE_eventTime', 'wrong-value'],
      [{ name: 'a', query: { nextPageToken: '1-1' } }, 'body/query', 'unknown-member'],
    ] as const) {
      const said = await problemOf(await post('/queries', typeof body === 'string' ? body : JSON.stringify(body)))
      expect([body, said]).toMatchObject([body, { status: 400, code: 'epcis-refused', at, refusal }])
    }
    for (let number = 0; number < 100; number++) expect((await keep(`q${number}`, {})).status).toBe(201)
    expect(await problemOf(await keep('q7', {}))).toMatchObject({ status: 409, code: 'epcis-query-known' })
    expect(await problemOf(await keep('q100', {}))).toMatchObject({ status: 409, code: 'epcis-queries-too-many' })
    for (let number = 0; number < 100; number++) expect((await drop(`/queries/q${number}`)).status).toBe(204)
  })
})

test.skipIf(!existsSync(shared))(
  'documents of others are judged over HTTP as without it (needs the public test data)',
  async () => {
    const refusals: Record<'bad' | 'good', string[]> = { good: [], bad: [] }
    for (const kind of ['good', 'bad'] as const)
      for (const name of readdirSync(new URL(`json/${kind}/`, shared))) {
        const { success, errors } = await captured(readFileSync(new URL(`json/${kind}/${name}`, shared)))
        if (!success) refusals[kind].push(errors[0]?.refusal ?? '')
      }
    expect(refusals.bad).toHaveLength(15)
    // Two have a sensor report of a type that is none; two give names of events that documents before them gave to others.
    expect(refusals.good.toSorted()).toEqual(['contradiction', 'contradiction', 'wrong-value', 'wrong-value'])
  },
)
