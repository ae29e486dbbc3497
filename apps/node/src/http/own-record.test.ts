/** A wallet over HTTP reads its own chart, and nobody else does. */
import { systemRandom } from '@plexus/crypto'
import { httpPort, openOwnRecordPage, ownRecordRequestFor, WalletClient } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enrolled, now, pause } from './wallet.testing.ts'
import { board, hospital, refused, startWorld, type World } from './world.testing.ts'

let world: World
let client: WalletClient

beforeAll(async () => {
  world = await startWorld()
  client = await enrolled(world)
})
afterAll(() => world.close())

const address = (): string => `${world.url}/v1/members/${hospital}/own-record`
const asOctets = (bytes: Uint8Array): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/octet-stream' },
  body: new Uint8Array(bytes),
})

function requestOf(of: WalletClient, asked: { readonly after?: number; readonly at?: number } = {}): Uint8Array {
  const made = ownRecordRequestFor(of.wallet, { custodian: hospital, after: asked.after ?? 0, now: asked.at ?? now() })
  if (!made.ok) throw new Error(made.reason.type)
  return made.value
}

describe('the own chart', () => {
  test('comes to the enrolled wallet, each record held against its statement', async () => {
    const request = requestOf(client)
    const response = await fetch(address(), asOctets(request))
    expect(response.status).toBe(200)
    const sealed = new Uint8Array(await response.arrayBuffer())
    const opened = await openOwnRecordPage(client.wallet, { custodian: hospital, after: 0, request, sealed })
    if (!opened.ok) throw new Error(opened.reason.type)
    expect(opened.value).toMatchObject({ more: 0, leftOut: 0 })
    expect(opened.value.entries.map(({ statement }) => statement.resourceType).sort()).toEqual([
      'Condition',
      'MedicationRequest',
    ])
    expect(opened.value.entries.every(({ content }) => content !== null)).toBe(true)
  })

  test('goes on after the last record that the wallet has', async () => {
    const request = requestOf(client, { after: 1 })
    const sealed = new Uint8Array(await (await fetch(address(), asOctets(request))).arrayBuffer())
    const opened = await openOwnRecordPage(client.wallet, { custodian: hospital, after: 1, request, sealed })
    expect(opened).toMatchObject({ ok: true, value: { more: 0, entries: [{ place: 2 }] } })
  })

  test('is sealed to the wallet for this one request: no other wallet and no other request opens it', async () => {
    const request = requestOf(client)
    const sealed = new Uint8Array(await (await fetch(address(), asOctets(request))).arrayBuffer())
    const other = requestOf(client, { after: 1 })
    expect(
      await openOwnRecordPage(client.wallet, { custodian: hospital, after: 0, request: other, sealed }),
    ).toMatchObject({ ok: false, reason: { type: 'page-not-for-us' } })
    const stranger = { ...client.wallet, root: systemRandom(32) }
    expect(await openOwnRecordPage(stranger, { custodian: hospital, after: 0, request, sealed })).toMatchObject({
      ok: false,
      reason: { type: 'page-not-for-us' },
    })
  })

  test('is refused to a wallet that is not enrolled, with a signature of somebody else, and when asked too long ago', async () => {
    const stranger = new WalletClient({
      wallet: { ...client.wallet, root: systemRandom(32) },
      port: httpPort({ door: {} as never, sponsor: board, now, pause }),
    })
    expect(await refused(address(), asOctets(requestOf(stranger)))).toMatchObject({ status: 409, code: 'not-enrolled' })
    const bent = requestOf(client)
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
    expect(await refused(address(), asOctets(bent))).toMatchObject({ status: 403, code: 'signature-invalid' })
    expect(await refused(address(), asOctets(requestOf(client, { at: now() - 1_000 })))).toMatchObject({
      status: 403,
      code: 'request-stale',
    })
    expect(await refused(address(), asOctets(new Uint8Array(3)))).toMatchObject({ code: 'request-malformed' })
  })

  test('is another wallet’s after a new enrolment, and no longer the first one’s', async () => {
    const before = client
    client = await enrolled(world)
    expect(await refused(address(), asOctets(requestOf(before)))).toMatchObject({ code: 'not-enrolled' })
    expect((await fetch(address(), asOctets(requestOf(client)))).status).toBe(200)
  })
})
