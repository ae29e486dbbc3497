/** L2 and L4: a fill and its unit move together, and a recall of the lot reaches the patient who took it. */
import { bytes, decode, fromHex, toBase64Url, toHex } from '@plexus/codec'
import { practitioners, rebates } from '@plexus/contracts'
import { generateSealingKey, openSealed, publicKeyOf, systemRandom } from '@plexus/crypto'
import { viewOf } from '@plexus/kernel'
import { notice, noticeBytesMax, noticeInfo } from '@plexus/policy'
import { supplyWord } from '@plexus/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { board, clinic, hospital, npi, startWorld, type World } from './world.testing.ts'

const gtin = '00300021433802'
const lotNumber = 'A-4711'
const sscc = '006141411234567890'
const unit = (serial: string) => `(01)${gtin}(21)${serial}(10)${lotNumber}`
const walletSeed = systemRandom(32)
const address = systemRandom(32)

let world: World
let lot = ''
beforeAll(async () => {
  world = await startWorld()
  const key = publicKeyOf(world.network.node(clinic).clinicianSeed(npi))
  const registered = { type: 'attest-role', npi, organisation: board, role: 'registrant', key } as const
  await world.network.submit(board, practitioners, registered)
  await stocked()
}, 60_000)
afterAll(() => world.close())

interface Told {
  readonly status: number
  readonly value: Readonly<Record<string, unknown>>
}

async function send(member: string, path: string, body?: object): Promise<Told> {
  const response = await fetch(`${world.url}/v1/members/${member}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.tokens[member]}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return { status: response.status, value: (await response.json()) as Told['value'] }
}

async function must(member: string, path: string, body?: object): Promise<Told['value']> {
  const { status, value } = await send(member, path, body)
  if (status !== 200) throw new Error(`${member} ${path}: ${JSON.stringify(value)}`)
  return value
}

const until = (holds: () => boolean, what: string) => world.network.until(holds, 20, what)
const bookOf = (member: string) => world.network.node(member).books.supply

/** The clinic makes two bottles, and the hospital's pharmacy has them on its shelf. */
async function stocked(): Promise<void> {
  await must(clinic, '/supply/keys', { role: 'maker', count: 2, authority: board })
  await must(hospital, '/supply/keys', { role: 'dispenser', count: 2, authority: board })
  await until(() => bookOf(board).licences.waiting().length === 2, 'keys to wait')
  for (const [role, partner] of [
    ['maker', clinic],
    ['dispenser', hospital],
  ])
    await must(board, '/supply/grants', { role, partners: [partner], validUntil: 4_000_000_000 })
  await until(
    () => [clinic, hospital].every((member) => bookOf(member).shelves.freeKey(['maker', 'dispenser'])),
    'keys to be granted',
  )
  const packages = [{ sscc, serials: ['SN1', 'SN2'] }]
  const made = await must(clinic, '/supply/lots', { gtin, lot: lotNumber, endsAt: 4_000_000_000, packages })
  lot = String(made['lot'])
  const sent = { to: hospital, labels: [`(00)${sscc}`], purpose: 'trade' }
  const { shipment } = await must(clinic, '/supply/shipments', sent)
  await until(() => bookOf(hospital).shipping.shipments.get(String(shipment))?.status === 'arrived', 'the delivery')
  await must(hospital, `/supply/shipments/${String(shipment)}/receive`, { missing: [], damaged: [] })
  await must(hospital, '/supply/unpack', { label: `(00)${sscc}`, only: [] })
}

/** An item that the hospital's pharmacy holds, of a patient whose wallet has its mailbox at the board's member. */
async function held(order = 'order 1'): Promise<string> {
  const { publicKey } = await generateSealingKey(walletSeed)
  const mailbox = { member: board, address: toHex(address), sealingKey: toBase64Url(publicKey) }
  const drug = { system: 'rxnorm', code: '1049221', display: 'Oxycodone HCl 5 MG / Acetaminophen 325 MG' }
  const { handles } = await must(clinic, '/prescriptions', {
    organisation: clinic,
    order,
    npi,
    registration: 'AB1234563',
    registrar: board,
    authentication: 'ab'.repeat(32),
    dayLagMinutes: 1_140,
    patient: { mailbox },
    lines: [{ drug, quantity: 30, unit: '{tbl}', schedule: 'II', directions: 'one every six hours', lastsDays: 30 }],
  })
  const [handle = ''] = handles as readonly string[]
  await must(clinic, `/prescriptions/${handle}/nominate`, { pharmacy: hospital })
  const { prescriptions } = world.network.node(hospital).books
  await until(() => prescriptions.list().items.some((item) => item.handle === handle), 'the item to be brought')
  await must(hospital, `/prescriptions/${handle}/claim`)
  return handle
}

/** Terms under which the clinic, as the maker, pays the pharmacy 12.50 for each bottle. */
async function discounted(): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  const { terms } = await must(clinic, '/rebates', {
    ...{ name: 'bottles', with: hospital, role: 'payer', programme: 'commercial', arbiter: null },
    ...{ startsAt: now - 86_400, endsAt: now + 86_400, currency: 'USD', rounding: 'half-even' },
    rates: [{ product: '00406051201', unit: '{bottle}', price: '12.50', unitsMax: '5' }],
  })
  const { rebates: book } = world.network.node(hospital).books
  await until(() => book.terms().some((each) => each.waitsFor === 'own'), 'the terms to be offered')
  await must(hospital, `/rebates/${String(terms)}/sign`)
  return String(terms)
}

describe('a bottle for a prescription', () => {
  test('unit and item move in one transaction, or neither does', async () => {
    const item = await held()
    const product = { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen' }
    const fill = { item, quantity: 30, product, pharmacist: npi }
    expect(await must(hospital, '/supply/dispensings', { labels: [unit('SN1')], fill })).toHaveProperty('dispensing')
    const { prescriptions } = world.network.node(hospital).books
    expect(prescriptions.list().items).toMatchObject([{ handle: item, filled: 30 }])
    expect(await must(hospital, '/supply/scans', { label: unit('SN1'), maker: null })).toMatchObject({
      answer: 'ended: dispensed',
      incident: null,
    })
    const again = await send(hospital, '/supply/dispensings', { labels: [unit('SN2')], fill })
    expect(again).toMatchObject({ status: 409, value: { code: 'book-refused' } })
    expect(await must(hospital, '/supply/scans', { label: unit('SN2'), maker: null })).toMatchObject({ answer: 'good' })
  })

  test('comes back with its fill and the discount on it, in one transaction and through whichever door', async () => {
    const at = (member: string, handle: string) =>
      world.network.node(member).books.prescriptions.find(fromHex(handle))[0]
    const item = await held('order 2')
    const product = { system: 'ndc', code: '00406-0512-01', display: 'Oxycodone and acetaminophen' }
    const fill = { item, quantity: 30, product, pharmacist: npi }
    const given = { labels: [unit('SN2')], fill }
    // Twice: the first comes back through the prescription, the second, with a discount on it, through the counter.
    await must(hospital, '/supply/dispensings', given)
    await must(hospital, `/prescriptions/${item}/reverse`)
    expect(at(hospital, item)).toMatchObject({ status: 'held', filled: 0, fills: [{ reversed: true }] })
    const { dispensing } = await must(hospital, '/supply/dispensings', given)
    const tag = String(dispensing)
    const terms = await discounted()
    const tagSeed = at(hospital, item)?.fills.find((each) => each.tag === tag)?.tagSeed ?? new Uint8Array()
    const filledAt = Math.floor(Date.now() / 1_000)
    await must(hospital, '/rebates/fills', { tagSeed: toHex(tagSeed), pharmacy: npi, filledAt })
    const claimed = { tag, product: '00406051201', unit: '{bottle}', units: '1' }
    const { accrual } = await must(hospital, `/rebates/${terms}/accruals`, claimed)
    const { height } = await must(hospital, `/supply/dispensings/${tag}/return`)
    const { store } = world.network.node(hospital)
    expect(rebates.queries.accrual(viewOf(rebates, store), String(accrual))).toMatchObject({ ending: 'fill-reversed' })
    expect(store.block(Number(height))?.transactions).toHaveLength(1)
    expect(await must(hospital, '/supply/scans', { label: unit('SN2'), maker: null })).toMatchObject({ answer: 'good' })
    await until(() => at(clinic, item)?.filled === 0, 'the prescriber to see it')
    expect(at(clinic, item)?.fills.map(({ reversed }) => reversed)).toEqual([true, true])
    const again = await send(hospital, `/prescriptions/${item}/reverse`)
    expect(again).toMatchObject({ status: 409, value: { refusal: 'nothing-to-take-back' } })
    expect(await send(hospital, `/rebates/fills/${tag}/reverse`, { why: 'twice' })).toMatchObject({ status: 409 })
  })

  test('a recall of its lot reaches the wallet of whoever took it, through the pharmacy, and nobody else', async () => {
    await must(clinic, '/supply/recalls', { lots: [lot] })
    const box = `${toHex(address)}/`
    const words = async () => {
      const found: object[] = []
      for (const [, row] of world.network.node(board).journal.entries('mailbox-notices', { prefix: box })) {
        const kept = decode(bytes({ max: noticeBytesMax * 2 }), row, noticeBytesMax * 2)
        const sealed = kept.ok ? kept.value : row
        const context = world.network.node(board).chain.id
        const opened = await openSealed({
          seed: walletSeed,
          info: new TextEncoder().encode(noticeInfo),
          context,
          sealed,
        })
        const read = opened.ok ? decode(notice, opened.value, noticeBytesMax) : opened
        if (!read.ok || read.value.type !== 'book' || read.value.contract !== 'supply') continue
        const word = decode(supplyWord, read.value.body)
        if (word.ok) found.push({ teller: read.value.teller, ...word.value })
      }
      return found
    }
    let told: readonly object[] = []
    for (const end = performance.now() + 20_000; told.length === 0 && performance.now() < end; ) {
      told = await words()
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(told).toEqual([
      { teller: hospital, type: 'recalled', maker: clinic, gtin, lot: lotNumber, serials: ['SN1'] },
    ])
    await until(
      () =>
        bookOf(clinic)
          .alerts(0, 10)
          .some((each) => each['type'] === 'held-elsewhere'),
      'the answer',
    )
    expect(bookOf(clinic).alerts(0, 10)).toContainEqual(
      expect.objectContaining({ type: 'held-elsewhere', holder: hospital, held: 1, dispensed: 1 }),
    )
  })
})
