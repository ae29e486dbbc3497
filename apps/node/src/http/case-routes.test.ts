/** A patient's case over HTTP, and the staff that answers it. */
import { toHex } from '@plexus/codec'
import { casesIn, openOwnRecordPage, ownRecordRequestFor, type WalletClient } from '@plexus/sdk'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { enrolled, now } from './wallet.testing.ts'
import { clinic, hospital, patient, problemSource, refused, startWorld, type World } from './world.testing.ts'

let world: World
let client: WalletClient
let id = ''

beforeAll(async () => {
  world = await startWorld()
  client = await enrolled(world)
})
afterAll(() => world.close())

const address = (member: string, rest = ''): string => `${world.url}/v1/members/${member}/cases${rest}`
const tokenOf = (member: string): string => world.tokens[member] ?? ''
const asStaff = (json?: object): RequestInit & { readonly token: string } => ({
  token: tokenOf(hospital),
  ...(json && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) }),
})
async function listed(member: string) {
  const headers = { authorization: `Bearer ${tokenOf(member)}` }
  return (await (await fetch(address(member), { headers })).json()) as {
    readonly cases: readonly object[]
    readonly count: number
  }
}

/** The wallet's own name of the first entry of its chart. */
async function firstRecord(): Promise<Uint8Array> {
  const request = ownRecordRequestFor(client.wallet, { custodian: hospital, after: 0, now: now() })
  if (!request.ok) throw new Error(request.reason.type)
  const response = await fetch(`${world.url}/v1/members/${hospital}/own-record`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(request.value),
  })
  const sealed = new Uint8Array(await response.arrayBuffer())
  const opened = await openOwnRecordPage(client.wallet, {
    custodian: hospital,
    after: 0,
    request: request.value,
    sealed,
  })
  const [first] = opened.ok ? opened.value.entries : []
  if (!first) throw new Error('the chart is empty')
  return first.statement.record
}

test('a case that a wallet brings is in its custodian’s list, and in no other', async () => {
  const subject = { type: 'record' as const, record: await firstRecord() }
  const done = await client.openCase(hospital, { subject, words: 'Not mine.' })
  if (!done.ok) throw new Error(done.reason.type)
  id = toHex(done.value)
  expect(await listed(hospital)).toMatchObject({
    count: 1,
    cases: [{ id, patient, words: 'Not mine.', subject: { type: 'record', source: problemSource, version: 1 } }],
  })
  expect(await listed(clinic)).toEqual({ cases: [], count: 0 })
})

test('only the staff reads and answers', async () => {
  expect(await refused(address(hospital))).toMatchObject({ code: 'token-missing' })
  expect(await refused(address(hospital), { token: tokenOf(clinic) })).toMatchObject({ code: 'token-wrong' })
  expect(await refused(address(hospital, `/${id}/answer`), { method: 'POST' })).toMatchObject({ code: 'token-missing' })
})

test('an answer needs an outcome, its basis, and words that a screen can show', async () => {
  const to = address(hospital, `/${id}/answer`)
  const words = 'It is yours.'
  for (const json of [
    { words },
    { outcome: { type: 'denied' }, words },
    { outcome: { type: 'denied', basis: 'because' }, words },
    { outcome: { type: 'accepted', basis: 'accurate-and-complete' }, words },
    { outcome: { type: 'accepted' }, words: '' },
    { outcome: { type: 'accepted' }, words: '\u001b[2J' },
  ])
    expect(await refused(to, asStaff(json))).toMatchObject({ status: 400, code: 'request-not-understood' })
  const access = { outcome: { type: 'denied', basis: 'access-was-permitted' }, words }
  expect(await refused(to, asStaff(access))).toMatchObject({ status: 409, code: 'basis-does-not-fit' })
  const unknown = address(hospital, `/${'0'.repeat(32)}/answer`)
  expect(await refused(unknown, asStaff({ outcome: { type: 'accepted' }, words }))).toMatchObject({
    code: 'case-unknown',
  })
})

test('an answer reaches the wallet, and ends the case', async () => {
  const to = address(hospital, `/${id}/answer`)
  const answer = { outcome: { type: 'denied', basis: 'accurate-and-complete' }, words: 'It is yours.' }
  const { token, ...init } = asStaff(answer)
  const headers = { ...init.headers, authorization: `Bearer ${token}` }
  expect((await fetch(to, { ...init, headers })).status).toBe(200)
  expect(await refused(to, asStaff(answer))).toMatchObject({ status: 409, code: 'case-answered' })
  const isIdle = () => [...world.network.nodes.values()].every(({ exchange }) => exchange.idle)
  await world.network.until(isIdle, 10, 'the notices to arrive')
  await client.fetch()
  expect(casesIn(client.wallet.state)).toMatchObject([
    { id, state: 'denied', answer: { words: 'It is yours.', basis: 'accurate-and-complete' } },
  ])
  expect(world.logged()).not.toContain('It is yours.')
})
