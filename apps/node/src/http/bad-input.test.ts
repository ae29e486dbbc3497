/** The doors against what must not come in: a typed refusal each time, nothing of the input in the answer or in the log. */
import { connect } from 'node:net'
import { encode, toBase64Url } from '@plexus/codec'
import { members, notary } from '@plexus/contracts'
import { systemRandom } from '@plexus/crypto'
import { composeBody } from '@plexus/kernel'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, hospital, npi, patient, refused, startWorld, type World } from './world.testing.ts'

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())

const json = 'application/json'
const octets = 'application/octet-stream'
const at = (member: string, path: string) => `${world.url}/v1/members/${member}${path}`

const post = (body: RequestInit['body'], type: string, token?: string) => ({
  method: 'POST',
  body: body ?? null,
  headers: { 'content-type': type },
  ...(token !== undefined && { token }),
})
const ask = () => at(clinic, `/visits/${'0'.repeat(32)}/ask`)
const asking = { npi, purpose: 'TREAT', types: [] }

describe('JSON bodies', () => {
  const refusedBody = (body: RequestInit['body'], type = json) => refused(ask(), post(body, type, world.tokens[clinic]))

  test.each([
    ['truncated', '{"npi":"12345', 'truncated'],
    ['with a key twice', '{"npi":"1234567893","npi":"1234567893"}', 'duplicate-key'],
    ['deep', '['.repeat(40) + ']'.repeat(40), 'too-deep'],
    ['followed by more', '{} {}', 'trailing-bytes'],
    ['empty', '', 'truncated'],
  ])('%s are refused by the reader, with the byte', async (_, body, why) => {
    expect(await refusedBody(body)).toMatchObject({ status: 400, code: 'body-not-json', document: { refusal: why } })
  })

  test('that are not UTF-8 are refused, and the text is not repeated', async () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('{"npi":"Jane Canary'), 0xc3, 0x28, 0x22, 0x7d])
    const answer = await refusedBody(bytes)
    expect(answer).toMatchObject({ status: 400, code: 'body-not-json', document: { refusal: 'not-utf8' } })
    expect(answer.text).not.toContain('Canary')
  })

  test('above the limit are refused before they are read', async () => {
    expect(await refusedBody(JSON.stringify({ npi: 'x'.repeat(70_000) }))).toMatchObject({
      status: 413,
      code: 'body-too-large',
    })
  })

  test('with a field that is not known are refused without its name', async () => {
    const answer = await refusedBody(JSON.stringify({ ...asking, 'Jane Canary': true }))
    expect(answer).toMatchObject({ status: 400, code: 'request-not-understood', document: { came: '1 more' } })
    expect(answer.text).not.toContain('Canary')
  })

  test.each([
    ['npi', { ...asking, npi: '1234567890' }, 'body.npi'],
    ['purpose', { ...asking, purpose: 'SPYING' }, 'body.purpose'],
    ['types', { ...asking, types: ['condition'] }, 'body.types.0'],
    ['a missing field', { npi, purpose: 'TREAT' }, 'body.types'],
    ['null', null, 'body'],
    ['a list', [], 'body'],
  ])('with a wrong part (%s) name the part, what is expected and the kind of what came', async (_, body, part) => {
    const { code, document } = await refusedBody(JSON.stringify(body))
    expect([code, document['at']]).toEqual(['request-not-understood', part])
    expect(document['expected']).toMatch(/^(?:a|an|one of|no|at most) /)
    expect(document['came']).toMatch(/^(?:a |an |nothing|null)/)
  })

  test('of another content type, or none, are refused', async () => {
    expect((await refusedBody(JSON.stringify(asking), 'text/plain')).code).toBe('body-not-this-type')
    expect((await refusedBody(JSON.stringify(asking), octets)).code).toBe('body-not-this-type')
    expect((await refused(ask(), { method: 'POST', token: world.tokens[clinic] ?? '' })).code).toBe(
      'body-not-this-type',
    )
  })
})

describe('bytes', () => {
  test('that are no sealed note are refused', async () => {
    expect((await refused(at(hospital, '/notes'), post(new Uint8Array(2_000), octets))).code).toBe(
      'note-not-sealed-to-us',
    )
    expect((await refused(at(hospital, '/notes'), post('', octets))).code).toBe('note-not-sealed-to-us')
  })

  test('above the limit are refused', async () => {
    const large = new Uint8Array(5 * 1024 * 1024)
    expect(await refused(at(hospital, '/notes'), post(large, octets))).toMatchObject({
      status: 413,
      code: 'body-too-large',
    })
    expect((await refused(at(hospital, '/mailbox'), post(new Uint8Array(2_000), octets))).status).toBe(413)
  })

  test('that are no mailbox request are refused; so is JSON', async () => {
    expect((await refused(at(board, '/mailbox'), post(new Uint8Array(100), octets))).code).toBe('request-malformed')
    expect((await refused(at(board, '/mailbox'), post('{}', json))).code).toBe('body-not-this-type')
  })
})

describe('what a wallet asks the sponsor to sign', () => {
  const body = (over: { sponsor?: string; chain?: Uint8Array; seconds?: number; contract?: string; tx?: Uint8Array }) =>
    composeBody({
      chain: over.chain ?? world.network.chain.id,
      sponsor: over.sponsor ?? board,
      nonce: systemRandom(16),
      validUntil: Math.floor(Date.now() / 1000) + (over.seconds ?? 60),
      contract: over.contract ?? notary.name,
      transaction: over.tx ?? encode(notary.transaction, { type: 'open-handles', handles: [systemRandom(32)] }),
      signers: [world.network.node(board).publicKey],
    })
  const submit = (bytes: Uint8Array) =>
    refused(at(board, '/envelopes'), post(JSON.stringify({ body: toBase64Url(bytes), shares: [] }), json))

  test.each([
    ['of another chain', () => body({ chain: systemRandom(32) }), 'body.body.chain'],
    ['of another sponsor', () => body({ sponsor: clinic }), 'body.body.sponsor'],
    ['that ended', () => body({ seconds: -60 }), 'body.body.validUntil'],
    ['that ends too late', () => body({ seconds: 3_600 }), 'body.body.validUntil'],
    [
      'that posts a batch',
      () => body({ tx: encode(notary.transaction, { type: 'post-batch', root: systemRandom(32), leaves: 16 }) }),
      'body.body.transaction',
    ],
    [
      'of another contract',
      () =>
        body({
          contract: members.name,
          tx: encode(members.transaction, { type: 'register-tenant', tenant: 'tenant-x' }),
        }),
      'body.body.transaction',
    ],
    [
      'that opens more handles than a wallet needs',
      () => {
        const handles = Array.from({ length: 65 }, (_, index) => new Uint8Array(32).fill(index + 1))
        return body({ tx: encode(notary.transaction, { type: 'open-handles', handles }) })
      },
      'body.body.transaction',
    ],
  ])('is not signed when it is a body %s', async (_, make, part) => {
    const { tip } = world.network.node(board).store
    const before = tip()?.nextEvent
    expect(await submit(make())).toMatchObject({ status: 403, code: 'not-sponsored', document: { at: part } })
    expect(tip()?.nextEvent).toBe(before)
  })

  test('is not signed when it is no body', async () => {
    expect((await submit(new Uint8Array(40))).code).toBe('not-sponsored')
  })

  test('is refused by the rules in their own words', async () => {
    const tx = encode(notary.transaction, { type: 'close-handle', handle: systemRandom(32) })
    expect(await submit(body({ tx }))).toMatchObject({
      code: expect.stringMatching(/refused$/),
      document: { refusal: 'handle-unknown' },
    })
  })
})

describe('who may come in', () => {
  const staffRoutes: readonly (readonly ['GET' | 'POST', string])[] = [
    ['POST', '/visits'],
    ['GET', `/visits/${'0'.repeat(32)}`],
    ['POST', `/visits/${'0'.repeat(32)}/ask`],
    ['GET', '/reviews'],
    ['POST', `/reviews/000000000001-chart-${'0'.repeat(64)}/answer`],
    ['GET', `/asks/${'0'.repeat(32)}`],
    ['GET', `/asks/${'0'.repeat(32)}/view`],
    ['POST', `/charts/${patient}/enrolment-code`],
    ['POST', `/charts/${patient}/own-staff-read`],
    ['GET', `/charts/${patient}?custodian=hospital&npi=${npi}`],
    ['POST', `/charts/${patient}/records/Condition%2Fc1/entered-in-error`],
    ['POST', '/passkeys/link'],
    ['POST', '/patients/search'],
    ['POST', '/sign-out'],
    ['GET', '/corrections'],
    ['POST', `/corrections/${'0'.repeat(64)}/acknowledge`],
  ]

  test.each(staffRoutes)('%s %s is closed without the token of this very member', async (method, path) => {
    const other = world.tokens[clinic] ?? ''
    for (const [token, code] of [
      [undefined, 'token-missing'],
      [other, 'token-wrong'],
      ['0'.repeat(64), 'token-wrong'],
      ['short', 'token-wrong'],
    ] as const) {
      const answer = await refused(at(hospital, path), { method, ...(token !== undefined && { token }) })
      expect([answer.status, answer.code]).toEqual([401, code])
    }
  })

  test('no receipt is written for a read that the token stopped', async () => {
    const { custody } = world.network.node(hospital).exchange
    expect(custody.patients.get(custody.patientKey(hospital, patient))?.receipts).toBe(0)
  })

  test('a token is compared without regard to case of the hexadecimal, and works', async () => {
    const token = world.tokens[hospital]?.toUpperCase() ?? ''
    const response = await fetch(at(hospital, '/corrections'), { headers: { authorization: `Bearer ${token}` } })
    expect(response.status).toBe(200)
  })
})

describe('what is not there', () => {
  const token = () => ({ token: world.tokens[clinic] ?? '' })
  test.each([
    ['/nowhere', 'route-unknown'],
    ['/v1/members/clinic/ledger/blocks/999999', 'block-unknown'],
    ['/v1/members/clinic/ledger/headers/999999', 'block-unknown'],
    ['/v1/members/clinic/ledger/blocks/1/envelopes/9', 'block-unknown'],
    [`/v1/members/clinic/handles/${'0'.repeat(64)}`, 'handle-unknown'],
    ['/v1/members/nobody/ledger', 'member-not-here'],
    [`/v1/members/clinic/asks/${'0'.repeat(32)}`, 'ask-unknown'],
    [`/v1/members/clinic/asks/${'0'.repeat(32)}/view`, 'ask-unknown'],
    [`/v1/members/clinic/charts/none?custodian=clinic&npi=${npi}`, 'chart-unknown'],
    [`/v1/members/clinic/charts/none?custodian=hospital&npi=${npi}`, 'custodian-not-here'],
    ['/problems/toString', 'route-unknown'],
  ])('GET %s is answered %s', async (path, code) => {
    expect(await refused(`${world.url}${path}`, token())).toMatchObject({ status: 404, code })
  })

  test('visits, clinicians, records and corrections that nobody knows', async () => {
    const body = (content: unknown, tokenOf: string) => post(JSON.stringify(content), json, world.tokens[tokenOf])
    expect((await refused(ask(), body(asking, clinic))).code).toBe('visit-unknown')
    expect((await refused(ask(), body({ ...asking, npi: '1000000004' }, clinic))).code).toBe('clinician-unknown')
    const chart = at(hospital, `/charts/${patient}`)
    const read = { custodian: hospital, npi, sources: ['Condition/none'] }
    expect((await refused(`${chart}/own-staff-read`, body(read, hospital))).code).toBe('record-unknown')
    const inError = `${chart}/records/Condition%2Fnone/entered-in-error`
    expect((await refused(inError, body({ custodian: hospital }, hospital))).code).toBe('record-unknown')
    expect((await refused(`${chart}/enrolment-code`, body({ custodian: clinic }, hospital))).code).toBe(
      'custodian-not-here',
    )
    const acknowledge = at(clinic, `/corrections/${'0'.repeat(64)}/acknowledge`)
    expect((await refused(acknowledge, { method: 'POST', ...token() })).code).toBe('correction-unknown')
  })

  test('an ask for a clinician whom nobody employed leaves no key behind', async () => {
    const { layout } = world.network.node(clinic)
    const { readdirSync } = await import('node:fs')
    expect(readdirSync(layout.keys)).not.toContain('clinician-1000000004.secret')
  })
})

describe('addresses and frames', () => {
  test.each([
    ['/v1/members/clinic/ledger/events?after=-1', 'request-not-understood'],
    ['/v1/members/clinic/ledger/events?after=1&after=2', 'request-not-understood'],
    ['/v1/members/clinic/ledger/events?limit=501', 'request-not-understood'],
    ['/v1/members/clinic/ledger/events?cursor=1', 'request-not-understood'],
    ['/v1/members/clinic/ledger/blocks/1e3', 'request-not-understood'],
    ['/v1/members/clinic/ledger?verbose', 'request-not-understood'],
    ['/v1/members/clinic/handles/ABC', 'request-not-understood'],
    ['/v1/members/%E0%A4%A/ledger', 'address-malformed'],
    [`/v1/members/${'a'.repeat(800)}/ledger`, 'address-malformed'],
  ])('%s is refused', async (path, code) => {
    expect((await refused(`${world.url}${path}`)).code).toBe(code)
  })

  const raw = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(world.url).port), '127.0.0.1', () => socket.end(bytes))
      let got = ''
      socket.on('data', (chunk) => {
        got += String(chunk)
      })
      socket.on('close', () => resolve(got))
      socket.on('error', reject)
    })

  test('bytes that are not HTTP get a problem document', async () => {
    const answer = await raw('Jane Canary\r\n\r\n')
    expect(answer).toContain('headers-malformed')
    expect(answer).not.toContain('Canary')
  })

  test('a body that ends early does nothing', async () => {
    const head = `POST /v1/members/hospital/notes HTTP/1.1\r\nHost: x\r\nContent-Type: ${octets}\r\nContent-Length: 500\r\n\r\n`
    await raw(`${head}short`)
    const response = await fetch(`${world.url}/health/live`)
    expect(response.status).toBe(200)
  })

  test('callers that go away in the middle do not use up the places of others', async () => {
    const head = `POST /v1/members/hospital/notes HTTP/1.1\r\nHost: x\r\nContent-Type: ${octets}\r\nContent-Length: 500\r\n\r\n`
    for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 10 }, () => raw(`${head}short`)))
    const answer = await refused(at(hospital, '/notes'), post(new Uint8Array(10), octets))
    expect(answer.code).toBe('note-not-sealed-to-us')
  })

  test('more large bodies at once than are held get told to come again', async () => {
    const head = `POST /v1/members/hospital/notes HTTP/1.1\r\nHost: x\r\nContent-Type: ${octets}\r\nContent-Length: 500\r\n\r\n`
    const port = Number(new URL(world.url).port)
    const sockets = Array.from({ length: 24 }, () => connect(port, '127.0.0.1'))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.write(head, resolve))))
    let code = ''
    for (let tries = 0; tries < 200 && code !== 'node-busy'; tries++)
      code = (await refused(at(hospital, '/notes'), post(new Uint8Array(10), octets))).code
    expect(code).toBe('node-busy')
    expect((await fetch(`${world.url}/health/live`)).status).toBe(200)
    await Promise.all(
      sockets.map(
        (socket) =>
          new Promise((resolve) => {
            socket.on('close', resolve)
            socket.destroy()
          }),
      ),
    )
    for (let tries = 0; tries < 200 && code === 'node-busy'; tries++)
      code = (await refused(at(hospital, '/notes'), post(new Uint8Array(10), octets))).code
    expect(code).toBe('note-not-sealed-to-us')
  })

  test('a body where none is taken is refused', async () => {
    const acknowledge = at(clinic, `/corrections/${'0'.repeat(64)}/acknowledge`)
    const answer = await refused(acknowledge, post('{}', json, world.tokens[clinic]))
    expect([answer.code, answer.document['expected']]).toEqual(['body-not-this-type', 'no body'])
  })
})

describe('T-34: the log', () => {
  const canary = 'JaneCanary19410203'

  test('holds patterns, status and times, and nothing of what came: not in the address, query, body, headers or keys', async () => {
    const token = world.tokens[hospital]
    const headers = {
      'content-type': json,
      authorization: `Bearer ${token}`,
      'x-request-id': canary,
      'user-agent': canary,
      cookie: `patient=${canary}`,
      referer: `http://${canary}/`,
    }
    const chart = at(hospital, `/charts/${canary}`)
    const before = world.logged().length
    await Promise.all([
      fetch(`${chart}?custodian=hospital&npi=${npi}&name=${canary}`, { headers }),
      fetch(`${chart}?custodian=hospital&npi=${npi}`, { headers }),
      fetch(`${chart}/enrolment-code`, { method: 'POST', headers, body: JSON.stringify({ custodian: canary }) }),
      fetch(`${chart}/enrolment-code`, { method: 'POST', headers, body: JSON.stringify({ [canary]: canary }) }),
      fetch(`${chart}/enrolment-code`, { method: 'POST', headers, body: `{"${canary}` }),
      fetch(`${chart}/records/Condition%2F${canary}/entered-in-error`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ custodian: hospital }),
      }),
      fetch(`${world.url}/${canary}?${canary}`, { headers }),
      fetch(`${world.url}/v1/members/${canary}/ledger`, { headers }),
      fetch(`${world.url}/v1/members/%E0${canary}/ledger`, { headers }),
      fetch(at(hospital, '/corrections'), { headers: { authorization: `Bearer ${canary}` } }),
      fetch(at(hospital, '/notes'), { method: 'POST', headers: { 'content-type': octets }, body: canary }),
      fetch(at(hospital, '/ledger'), { method: 'PROPFIND', headers }),
    ])
    await world.network.until(() => world.logged().slice(before).trim().split('\n').length >= 11, 5, 'the log')
    const logged = world.logged()
    expect(logged.toLowerCase()).not.toContain(canary.toLowerCase())
    expect(logged).not.toContain(token)
    for (const line of logged.slice(before).trim().split('\n'))
      expect(Object.keys(JSON.parse(line)).sort()).toEqual(
        expect.arrayContaining(['level', 'method', 'milliseconds', 'requestId', 'route', 'status', 'time', 'what']),
      )
    expect(logged).toContain('"route":"/v1/members/:member/charts/:patient"')
  })

  test('a failure inside is answered without a word of it, and logged by class and place', async () => {
    const { exchange } = world.network.node(clinic)
    const list = exchange.corrections.list
    exchange.corrections.list = () => {
      throw new TypeError(`cannot read the chart of ${canary}`)
    }
    const answer = await refused(at(clinic, '/corrections'), { token: world.tokens[clinic] ?? '' })
    exchange.corrections.list = list
    expect(answer).toMatchObject({ status: 500, code: 'internal' })
    expect(answer.text).not.toContain(canary)
    expect(world.logged()).not.toContain(canary)
    expect(world.logged()).toMatch(/"what":"request-failed".*"failure":"TypeError"/)
    const failed =
      world
        .logged()
        .split('\n')
        .find((line) => line.includes('request-failed')) ?? '{}'
    expect(JSON.parse(failed).requestId).toBe(answer.document['request'])
  })
})
