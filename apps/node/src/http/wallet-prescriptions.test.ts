/** A patient acts on prescriptions with a wallet that reaches three members over HTTP: a clinic, and two that dispense. */
import { toHex } from '@plexus/codec'
import { practitioners } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import {
  bringBack,
  bringBackDoor,
  giveItemKeys,
  namePharmacy,
  prescriptionsIn,
  takeItemBack,
  type WalletClient,
} from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { doorOf, enrolled, walletAt } from './wallet.testing.ts'
import { board, clinic, hospital, npi, startWorld, type World } from './world.testing.ts'

let world: World
let wallet: WalletClient
beforeAll(async () => {
  world = await startWorld()
  // The board registers the prescriber, and is the pharmacy too, where the same person dispenses.
  const key = publicKeyOf(world.network.node(board).clinicianSeed(npi))
  const registered = { type: 'attest-role', npi, organisation: board, role: 'registrant', key } as const
  await world.network.submit(board, practitioners, registered)
  wallet = await enrolled(world)
}, 60_000)
afterAll(() => world.close())

async function staff(member: string, path: string, body?: object) {
  const response = await fetch(`${world.url}/v1/members/${member}/prescriptions${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${world.tokens[member]}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const { refusal, handles } = (await response.json()) as { readonly refusal?: string; readonly handles?: string[] }
  return { status: response.status, refusal, handles }
}

const seenBy = (member: string) =>
  world.network
    .node(member)
    .books.prescriptions.list()
    .items.map(({ handle }) => handle)

let orders = 0
/** The wallet gives a key, the clinic signs for it, and the wallet has its copy, held against the ledger. */
async function prescribed(client: WalletClient = wallet): Promise<string> {
  const given = await giveItemKeys(client, { custodian: hospital, count: 1 })
  if (!given.ok) throw new Error(given.reason.type)
  const { keys, mailbox } = given.value
  const { handles, status } = await staff(clinic, '', {
    ...{ organisation: clinic, order: `order ${++orders}`, npi, registration: 'AB1234563', registrar: board },
    ...{ authentication: 'ab'.repeat(32), dayLagMinutes: 1_140 },
    patient: {
      keys: keys.map(toHex),
      mailbox: {
        member: mailbox.member,
        address: toHex(mailbox.address),
        sealingKey: Buffer.from(mailbox.sealingKey).toString('base64url'),
      },
    },
    lines: [
      {
        drug: { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' },
        ...{ quantity: 30, unit: '{tbl}', schedule: 'II', directions: 'one every six hours', lastsDays: 30 },
      },
    ],
  })
  expect(status).toBe(200)
  const [handle = ''] = handles ?? []
  await told(client, handle, ({ status: stands }) => stands === 'signed')
  return handle
}

/** Fetches until the wallet has it so. A header shows the state before its block: each look makes one more. */
async function told(
  client: WalletClient,
  handle: string,
  is: (item: ReturnType<typeof prescriptionsIn>[number]) => boolean,
) {
  for (const end = performance.now() + 20_000; ; ) {
    expect(await client.fetch()).toMatchObject({ ok: true })
    const found = here(client, handle)
    if (found && is(found)) return found
    if (performance.now() > end) throw new Error(`the wallet is not told: ${JSON.stringify(found?.status)}`)
    expect(await client.openSpare(hospital)).toMatchObject({ ok: true })
  }
}

const here = (client: WalletClient, handle: string) =>
  prescriptionsIn(client.wallet, client.now()).find((each) => each.handle === handle)

const refused = (type: string) => ({ ok: false, reason: { type } })
const fill = (quantity: number) => ({
  ...{ quantity, remainder: quantity < 30 ? 'requested' : null, lot: 'A-4711', pharmacist: npi },
  product: { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen' },
})

describe('a prescription of a patient with a wallet', () => {
  test('is named to one pharmacy, moved to another before a claim, filled there, and the patient sees it', async () => {
    const handle = await prescribed()
    expect(here(wallet, handle)).toMatchObject({ place: { type: 'nowhere' }, naming: null, refused: null })
    expect(await namePharmacy(wallet, handle, hospital)).toEqual({ ok: true })
    expect([seenBy(hospital), seenBy(board)]).toEqual([[handle], []])
    expect(here(wallet, handle)?.place).toEqual({ type: 'named', pharmacy: hospital, brought: true })
    expect(await namePharmacy(wallet, handle, hospital)).toEqual(refused('named-already'))

    expect(await namePharmacy(wallet, handle, board)).toEqual({ ok: true })
    expect(await staff(hospital, `/${handle}/claim`)).toMatchObject({ status: 409, refusal: 'not-its-key' })
    expect(await staff(board, `/${handle}/claim`)).toMatchObject({ status: 200 })
    await told(wallet, handle, ({ place }) => place.type === 'held')
    expect(here(wallet, handle)?.place).toEqual({ type: 'held', pharmacy: board, offered: false })
    expect(await namePharmacy(wallet, handle, hospital)).toEqual(refused('held-by-another'))
    expect(await takeItemBack(wallet, handle)).toEqual(refused('held-by-another'))

    expect(await staff(board, `/${handle}/fill`, fill(20))).toMatchObject({ status: 200 })
    const known = await told(wallet, handle, ({ fills }) => fills.some(({ standing }) => standing === 'holds'))
    expect(known).toMatchObject({ filled: 20, fills: [{ quantity: 20, lot: 'A-4711', recalled: [] }] })
  }, 60_000)

  test('is moved from a pharmacy that lets it go, and taken back from one that has not claimed it', async () => {
    const handle = await prescribed()
    expect(await takeItemBack(wallet, handle)).toEqual(refused('not-named'))
    await namePharmacy(wallet, handle, hospital)
    expect(await takeItemBack(wallet, handle)).toEqual({ ok: true })
    expect(await staff(hospital, `/${handle}/claim`)).toMatchObject({ status: 409, refusal: 'not-its-key' })
    expect(here(wallet, handle)?.place).toEqual({ type: 'nowhere' })
    expect(await namePharmacy(wallet, handle, hospital)).toEqual({ ok: true })
    expect(await staff(hospital, `/${handle}/claim`)).toMatchObject({ status: 200 })
    expect(await staff(hospital, `/${handle}/transfer`)).toMatchObject({ status: 200 })
    await told(wallet, handle, ({ place }) => place.type === 'held' && place.offered)
    expect(await namePharmacy(wallet, handle, board)).toEqual({ ok: true })
    expect(await staff(board, `/${handle}/claim`)).toMatchObject({ status: 200 })
    expect(await told(wallet, handle, ({ place }) => place.type === 'held' && !place.offered)).toMatchObject({
      place: { pharmacy: board },
    })
  }, 60_000)

  test('is not named to whom nobody knows, and nobody else’s item is', async () => {
    const handle = await prescribed()
    expect(await namePharmacy(wallet, handle, 'nobody-here')).toEqual(refused('organisation-unknown'))
    const stranger = walletAt(world)
    expect(await namePharmacy(stranger, handle, hospital)).toEqual(refused('item-unknown'))
    expect(await namePharmacy(wallet, '00'.repeat(32), hospital)).toEqual(refused('item-unknown'))
    expect(seenBy(hospital)).not.toContain(handle)
  }, 60_000)

  test('comes back with a wallet of which only the root is left, and can be moved again', async () => {
    const handle = await prescribed()
    await namePharmacy(wallet, handle, hospital)
    const back = walletAt(world, wallet.wallet.root)
    expect(await bringBack(back, bringBackDoor(doorOf(world), board), clinic)).toMatchObject({
      ok: true,
      value: [{ custodian: hospital, directives: 0 }],
    })
    expect(prescriptionsIn(back.wallet, back.now()).map((each) => each.handle)).toContain(handle)
    expect(back.wallet.state.prescriptions.nextNumber).toBe(wallet.wallet.state.prescriptions.nextNumber)
    await told(back, handle, ({ status }) => status === 'available')
    expect(await namePharmacy(back, handle, board)).toEqual({ ok: true })
    expect(await staff(board, `/${handle}/claim`)).toMatchObject({ status: 200 })
  }, 60_000)
})
