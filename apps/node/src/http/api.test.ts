/** The doors in use, each once as it is meant: a patient's wallet, the staff, and whoever looks at the ledger. */
import { decode, equalBytes, fromHex, parseBase64Url, toBase64Url, toHex } from '@plexus/codec'
import { systemRandom } from '@plexus/crypto'
import { readEnvelope, readGenesis, readSignedHeader } from '@plexus/kernel'
import { noticePage } from '@plexus/policy'
import { createWallet, type NodePort, relationshipWith, WalletClient, whoLooked } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, hospital, npi, patient, problemSource, startWorld, type World } from './world.testing.ts'

let world: World
let client: WalletClient
const visit = systemRandom(16)

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const member = (name: string, path: string) => `${world.url}/v1/members/${name}${path}`

async function get(address: string, token?: string) {
  const response = await fetch(address, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
  return { status: response.status, type: response.headers.get('content-type') ?? '', response }
}

async function read(name: string, path: string, token?: string): Promise<Record<string, unknown>> {
  const { status, response } = await get(member(name, path), token)
  expect(status).toBe(200)
  return (await response.json()) as Record<string, unknown>
}

async function post(address: string, body: unknown, token?: string) {
  const octets = body instanceof Uint8Array
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      ...(body !== undefined && { 'content-type': octets ? 'application/octet-stream' : 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: octets ? new Uint8Array(body) : JSON.stringify(body) }),
  })
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, bytes, json: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : undefined }
}

/** A wallet's way over HTTP alone. */
function port(): NodePort {
  const refusal = (json: { readonly code: string; readonly refusal?: string }) => ({
    ok: false as const,
    reason: { type: json.refusal ?? json.code },
  })
  return {
    async sponsor() {
      const answer = await read(board, '/sponsor')
      return { member: String(answer['member']), key: fromHex(String(answer['key'])) }
    },
    async nodeOf(organisation) {
      const answer = await read(board, `/organisations/${organisation}`)
      const sealingKey = parseBase64Url(String(answer['sealingKey'])) ?? new Uint8Array(0)
      return { ok: true, value: { member: String(answer['member']), sealingKey } }
    },
    async submit(body, shares) {
      const answer = await post(member(board, '/envelopes'), {
        body: toBase64Url(body),
        shares: shares.map(({ key, signature }) => ({ key: toBase64Url(key), signature: toBase64Url(signature) })),
      })
      return answer.status === 200 ? { ok: true, value: answer.json } : refusal(answer.json)
    },
    async deliver(to, sealed) {
      const answer = await post(member(to, '/notes'), sealed)
      return answer.status === 204 ? { ok: true, value: undefined } : refusal(answer.json)
    },
    async mail(keeper, request) {
      const answer = await post(member(keeper, '/mailbox'), request)
      if (answer.status !== 200) return refusal(answer.json)
      const page = decode(noticePage, answer.bytes)
      return page.ok ? page : { ok: false, reason: { type: page.reason.type } }
    },
    now: () => Date.now() / 1000,
    pause: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000)),
  }
}

describe('operation', () => {
  test('a node that is abreast is live and ready, and says how old its newest blocks are', async () => {
    const live = await get(`${world.url}/health/live`)
    const ready = await get(`${world.url}/health/ready`)
    expect([live.status, ready.status]).toEqual([200, 200])
    const { members } = (await ready.response.json()) as { members: { member: string; blockAgeSeconds: number }[] }
    expect(members.map((each) => each.member)).toEqual([hospital, clinic, board])
    expect(members.every((each) => each.blockAgeSeconds <= 15)).toBe(true)
  })

  test('the members in this process are told with the organisations that they act for', async () => {
    const { response } = await get(`${world.url}/v1/members`)
    expect(await response.json()).toEqual({
      demonstration: false,
      members: [hospital, clinic, board].map((each) => ({ member: each, organisations: [each] })),
    })
  })

  test('a problem type is an address that says what the code means', async () => {
    const { response } = await get(`${world.url}/problems/token-wrong`)
    expect(await response.json()).toMatchObject({ code: 'token-wrong', status: 401 })
  })
})

describe('a wallet', () => {
  test('reads the genesis document, whose hash is the chain', async () => {
    const { type, response } = await get(`${world.url}/v1/chain`)
    expect(type).toBe('application/octet-stream')
    const chain = readGenesis(new Uint8Array(await response.arrayBuffer()))
    if (!chain.ok) throw new Error('the genesis document does not read')
    expect(toHex(chain.value.id)).toBe(toHex(world.network.chain.id))
    client = new WalletClient({
      wallet: createWallet({ chain: chain.value, root: systemRandom(32), random: systemRandom }),
      port: port(),
    })
  })

  test('learns which member acts for a custodian, and by which name people know it', async () => {
    expect(await read(clinic, `/organisations/${hospital}`)).toMatchObject({
      organisation: hospital,
      member: hospital,
      name: 'General Hospital',
    })
    expect((await get(member(clinic, '/organisations/nobody'))).status).toBe(404)
  })

  test('enrols with a code from the staff: handles are opened, the note is durable, the handle is on the ledger', async () => {
    const issued = await post(
      member(hospital, `/charts/${patient}/enrolment-code`),
      { custodian: hospital },
      world.tokens[hospital],
    )
    expect(issued.status).toBe(200)
    expect(await client.enrol(hospital, issued.json.code, board)).toEqual({ ok: true, value: undefined })
    const head = relationshipWith(client.wallet.state, hospital)?.sets[0]?.content.head ?? new Uint8Array(32)
    expect(await read(hospital, `/handles/${toHex(head)}`)).toMatchObject({ status: 'open', sponsor: board })
  })

  test('checks in at a requester', async () => {
    expect((await client.checkIn(clinic, visit, [hospital], 3600)).ok).toBe(true)
    await world.network.until(
      () => world.network.node(clinic).exchange.requester.visitReady(visit),
      10,
      'the evidence to be committed',
    )
  })
})

describe('the staff', () => {
  let ask = ''
  const token = () => world.tokens[clinic]

  test('asks at a visit and reads the assembled record with the state of each source', async () => {
    const asked = await post(
      member(clinic, `/visits/${toHex(visit)}/ask`),
      { npi, purpose: 'TREAT', types: [] },
      token(),
    )
    expect(asked.status).toBe(200)
    ask = asked.json.ask
    await world.network.until(
      () => world.network.node(clinic).exchange.requester.gathered(fromHex(ask))?.settled === true,
      10,
      'the custodian to answer',
    )
    const answer = await read(clinic, `/asks/${ask}`, token())
    expect(answer).toMatchObject({
      settled: true,
      sources: [{ custodian: hospital, name: 'General Hospital', state: 'complete', records: 2 }],
      record: { entries: 2, sources: [{ custodian: hospital, state: { type: 'complete', count: 2, of: 2 } }] },
    })
  })

  test('reads the same view byte for byte each time', async () => {
    const views = await Promise.all([1, 2].map(() => get(member(clinic, `/asks/${ask}/view`), token())))
    const [first, second] = await Promise.all(views.map(({ response }) => response.text()))
    expect(first).toBe(second)
    expect(JSON.parse(first ?? '')).toMatchObject({ entries: 2, requester: clinic })
  })

  test('reads its own chart, and the contents that it names', async () => {
    const listed = await read(hospital, `/charts/${patient}?custodian=${hospital}&npi=${npi}`, world.tokens[hospital])
    expect((listed['records'] as { source: string }[]).map(({ source }) => source)).toEqual([
      problemSource,
      'MedicationRequest/m1',
    ])
    const shown = await post(
      member(hospital, `/charts/${patient}/own-staff-read`),
      { custodian: hospital, npi, sources: [problemSource] },
      world.tokens[hospital],
    )
    expect(shown.json.contents).toMatchObject([{ source: problemSource, state: 'shown' }])
    expect(Buffer.from(shown.json.contents[0].content, 'base64url').toString()).toContain('Hypertension')
  })

  test('the patient sees the access of the clinic and both reads by own staff', async () => {
    await world.network.until(
      () => [...world.network.nodes.values()].every(({ exchange }) => exchange.idle),
      10,
      'the notices to arrive',
    )
    expect((await client.fetch()).ok).toBe(true)
    const looks = whoLooked(client.wallet.state)
    expect(looks.map(({ decision, verified }) => [decision.type, verified]).sort()).toEqual([
      ['own-staff', true],
      ['own-staff', true],
      ['permit', true],
    ])
  })

  test('marks a record as entered in error; the receiver reads the correction and acknowledges it', async () => {
    const address = member(hospital, `/charts/${patient}/records/${encodeURIComponent(problemSource)}/entered-in-error`)
    const marked = await post(address, { custodian: hospital }, world.tokens[hospital])
    expect(marked.json).toEqual({ receivers: [clinic] })
    expect((await post(address, { custodian: hospital }, world.tokens[hospital])).json.code).toBe('already-in-error')
    await world.network.until(
      () => world.network.node(clinic).exchange.corrections.list().length === 1,
      10,
      'the correction to arrive',
    )
    const { corrections } = (await read(clinic, '/corrections', token())) as {
      corrections: { id: string; kind: string; acknowledged: boolean }[]
    }
    expect(corrections).toMatchObject([{ kind: 'entered-in-error', acknowledged: false }])
    const id = corrections[0]?.id ?? ''
    expect((await post(member(clinic, `/corrections/${id}/acknowledge`), undefined, token())).status).toBe(204)
    expect((await read(clinic, '/corrections', token()))['corrections']).toMatchObject([{ acknowledged: true }])
  })
})

describe('the ledger', () => {
  test('its tip names the one key that orders', async () => {
    const tip = await read(hospital, '/ledger')
    expect(tip).toMatchObject({ chain: toHex(world.network.chain.id), engine: 'local' })
    expect(tip['validators']).toHaveLength(1)
  })

  test('a block is shown with its envelopes and outcomes, and each envelope as it travelled', async () => {
    const { height } = await someEnvelope()
    const block = (await read(hospital, `/ledger/blocks/${height}`)) as {
      count: number
      transactions: { id: string; outcome: { code: number } }[]
    }
    expect(block.count).toBe(block.transactions.length)
    const { response } = await get(member(hospital, `/ledger/blocks/${height}/envelopes/0`))
    const envelope = readEnvelope(new Uint8Array(await response.arrayBuffer()))
    expect(envelope.ok && toHex(envelope.value.id)).toBe(block.transactions[0]?.id)
  })

  test('a header is shown with the bytes that were signed', async () => {
    const answer = (await read(hospital, '/ledger/headers/1')) as { header: { height: number }; bytes: string }
    const header = readSignedHeader(parseBase64Url(answer.bytes) ?? new Uint8Array(0))
    expect(header.ok && equalBytes(header.value.header.chain, world.network.chain.id)).toBe(true)
    expect(answer.header.height).toBe(1)
  })

  test('events go on from a cursor, and the same cursor gives the same events', async () => {
    const first = (await read(hospital, '/ledger/events?limit=3')) as { events: { sequence: number }[]; next: number }
    expect(first.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    const second = (await read(hospital, `/ledger/events?after=${first.next}&limit=2`)) as typeof first
    expect(second.events.map(({ sequence }) => sequence)).toEqual([4, 5])
    expect(await read(hospital, '/ledger/events?limit=3')).toEqual(first)
    const late = await read(hospital, '/ledger/events?after=99999999')
    expect(late).toEqual({ events: [], next: 99_999_999 })
  })

  /** The height of a block that holds one. */
  async function someEnvelope(): Promise<{ readonly height: number }> {
    const { store } = world.network.node(hospital)
    for (let height = 1; height <= (store.tip()?.height ?? 0); height++) {
      const envelope = store.block(height)?.transactions[0]
      const read = envelope && readEnvelope(envelope)
      if (read?.ok) return { height }
    }
    throw new Error('no block holds an envelope')
  }
})

describe('metrics', () => {
  test('heights, outboxes, steps of the exchange and HTTP times are counted, and no address is', async () => {
    const { response } = await get(`${world.url}/metrics`)
    const text = await response.text()
    expect(text).toMatch(/plexus_ledger_height\{member="hospital"\} [1-9]/)
    expect(text).toMatch(/plexus_outbox_waiting\{member="clinic"\} \d/)
    expect(text).toMatch(/plexus_exchange_steps_total\{member="hospital",step="release"\} 1/)
    expect(text).toMatch(/route="\/v1\/members\/:member\/charts\/:patient"/)
    expect(text).not.toContain(patient)
  })
})
