/** What partners say of goods, and how much of it a member believes. */
import { encode, fromHex } from '@plexus/codec'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MemberName, must, seedOf, World } from '../world.testing.ts'
import type { SupplyBook } from './book.ts'
import { type SupplyNote, supplyNote, type Thing } from './rows.ts'

const gtin = '00300021433802'
const lotNumber = 'A-4711'
const carton = { type: 'package', sscc: '106141411234567804' } as const
const serials = ['SN1', 'SN2', 'SN3'] as const
const bottle = (serial: string) => ({ type: 'unit', gtin, serial }) as const
type ParcelNote = Extract<SupplyNote, { readonly type: 'parcel' }>

let world: World
let lot = ''

beforeEach(async () => {
  world = await World.start(['board', 'maker', 'pharmacy-1', 'wholesaler'])
  const roles = { maker: 'maker', 'pharmacy-1': 'dispenser', wholesaler: 'distributor' } as const
  for (const [member, role] of Object.entries(roles) as [MemberName, (typeof roles)[keyof typeof roles]][])
    await at(member, ({ licences }) => licences.ask({ role, count: 2, authority: 'board' }))
  const validUntil = world.time + 86_400
  for (const [partner, role] of Object.entries(roles))
    must(await at('board', ({ licences }) => licences.grant({ role, partners: [partner], validUntil })))
  const plan = { gtin, lot: lotNumber, endsAt: validUntil, packages: [{ sscc: carton.sscc, serials }] }
  lot = must(await at('maker', ({ making }) => making.commission(plan))).lot
})
afterEach(() => world.close())

const at = <Value>(member: MemberName, act: (book: SupplyBook) => Value): Promise<Value> => world.atSupply(member, act)

const heardBy = (member: MemberName, from: string, note: SupplyNote): string => {
  const taken = world.node(member).supply.take(from, encode(supplyNote, note))
  return taken.ok ? 'taken' : taken.reason.type
}

const told = ({ around: _, ...thing }: Thing): ParcelNote['things'][number] => thing

/** The carton is on its way to the wholesaler, and what its maker says of it was lost: the note as it would have come. */
async function shipped(): Promise<ParcelNote> {
  const { exchange, supply } = world.node('maker')
  const { shipment } = must(
    await exchange.run(() => supply.shipping.ship({ to: 'wholesaler', labels: [carton], purpose: 'trade' })),
  )
  while (supply.shipping.shipments.get(shipment)?.status !== 'shipped') {
    await world.deliver()
    await world.wake()
    if (world.wire.length === 0) world.block()
  }
  world.wire.splice(0)
  const { stock, lots } = supply.shelves
  const thing = stock.byLabel(carton)
  const known = lots.get(lot)
  if (!thing || !known) throw new Error('nothing was commissioned')
  const things = [...supply.shelves.within(thing)].map(told)
  const { statement, makerKey } = known
  return { type: 'parcel', shipment: fromHex(shipment), part: 0, parts: 1, lots: [{ statement, makerKey }], things }
}

describe('what is said of a delivery', () => {
  test('is heard from whom the key was given to, and from nobody else', async () => {
    const note = await shipped()
    expect(heardBy('wholesaler', 'pharmacy-1', note)).toBe('not-for-us')
    expect(heardBy('pharmacy-1', 'maker', note)).toBe('not-for-us')
    expect(heardBy('wholesaler', 'maker', note)).toBe('taken')
  })

  test('is believed when it is what moved on the ledger, each label with its tag, nothing less and nothing more', async () => {
    const note = await shipped()
    const [top, first, ...rest] = note.things
    if (!top || !first) throw new Error('the carton is empty')
    const other = { ...first, identifier: bottle('SN9') }
    const more = { ...first, labelKey: seedOf('a label'), member: { ...first.member, tag: seedOf('a tag') } }
    const lies = {
      'one left out': [top, ...rest],
      'another serial': [top, other, ...rest],
      more: [...note.things, more],
    }
    for (const [lie, things] of Object.entries(lies))
      expect([lie, heardBy('wholesaler', 'maker', { ...note, things })]).toEqual([lie, 'not-as-shipped'])
  })

  test('names lots as their maker stated them', async () => {
    const note = await shipped()
    const [shown] = note.lots
    if (!shown) throw new Error('no lot was shown')
    const leafKey = seedOf('another key')
    const forged = { ...shown, statement: { ...shown.statement, leafKey } }
    expect(heardBy('wholesaler', 'maker', { ...note, lots: [forged] })).toBe('lot-not-believed')
    const borrowed = { ...shown, makerKey: leafKey }
    expect(heardBy('wholesaler', 'maker', { ...note, lots: [borrowed] })).toBe('lot-not-believed')
  })
})

test('an answer about a label is heard from who was asked, once', async () => {
  const label = { identifier: bottle('SN1'), lot: lotNumber, expiry: null }
  const { exchange, supply, journal } = world.node('pharmacy-1')
  const { scan, answer } = await exchange.run(() => supply.scanning.scan(label, 'maker'))
  expect(answer).toBe('asked')
  const note = { type: 'label-answered', scan, found: null } as const
  expect(heardBy('pharmacy-1', 'wholesaler', note)).toBe('not-asked')
  const taken = supply.take('maker', encode(supplyNote, note))
  journal.append(taken.ok ? taken.value : [])
  expect(supply.scanning.read(scan)).toMatchObject({ answer: 'not-made', incident: null })
  expect(heardBy('pharmacy-1', 'maker', note)).toBe('not-asked')
})

test('a package that something was taken out of again goes on with what is left in it, and is opened without it', async () => {
  const box = { type: 'package', sscc: '106141411234567811' } as const
  const [first, second, third] = serials
  must(await at('maker', ({ making }) => making.unpack(carton, [])))
  must(await at('maker', ({ making }) => making.pack(box.sscc, serials.map(bottle))))
  must(await at('maker', ({ making }) => making.unpack(box, [bottle(first)])))
  const labels = [box]
  const { shipment } = must(
    await at('maker', ({ shipping }) => shipping.ship({ to: 'wholesaler', labels, purpose: 'trade' })),
  )
  must(await at('wholesaler', ({ shipping }) => shipping.receive({ shipment, missing: [], damaged: [], notes: [] })))
  const list = (member: MemberName) =>
    world
      .node(member)
      .supply.inside({ identifier: box, lot: null, expiry: null }, null, 10)
      ?.map(({ label }) => label)
  expect(list('wholesaler')).toHaveLength(2)
  must(await at('wholesaler', ({ making }) => making.unpack(box, [])))
  const statusOf = (member: MemberName, serial: string) =>
    world.node(member).supply.thing({ identifier: bottle(serial), lot: null, expiry: null })?.status
  expect([second, third].map((serial) => statusOf('wholesaler', serial))).toEqual(['held', 'held'])
  expect(statusOf('wholesaler', first)).toBeUndefined()
  expect(statusOf('maker', first)).toBe('held')
  expect(await at('wholesaler', ({ making }) => making.unpack(box, []))).toEqual({
    ok: false,
    reason: { type: 'nothing-inside' },
  })
})

describe('goods that do not go on', () => {
  const why = 'The seal of the box is broken.'
  const holdings = (member: MemberName) => world.node(member).supply.holdings(0, 10)
  const statusOf = (serial: string) =>
    world.node('maker').supply.thing({ identifier: bottle(serial), lot: null, expiry: null })?.status

  test('stand still until their maker clears them, and end for good, each with its record', async () => {
    const label = bottle('SN1')
    expect(await at('maker', ({ holding }) => holding.end('destroyed', { label, why }))).toMatchObject({
      reason: { type: 'not-held' },
    })
    must(await at('maker', ({ making }) => making.unpack(carton, [])))
    must(await at('maker', ({ holding }) => holding.quarantine({ label, why })))
    expect(
      await at('maker', ({ shipping }) => shipping.ship({ to: 'wholesaler', labels: [label], purpose: 'trade' })),
    ).toMatchObject({ ok: true })
    expect(statusOf('SN1')).toBe('held')
    // Refused by the contract: it is on hold. A record of what did not happen is not kept.
    must(await at('maker', ({ holding }) => holding.end('exported', { label, why })))
    expect(holdings('maker')).toMatchObject([{ what: 'quarantined', why, stands: true }])
    must(await at('maker', ({ holding }) => holding.clear({ label, why: 'It was opened by customs.' })))
    must(await at('maker', ({ holding }) => holding.end('destroyed', { label, why })))
    expect(holdings('maker').map(({ what }) => what)).toEqual(['quarantined', 'cleared', 'destroyed'])
    expect(statusOf('SN1')).toBe('destroyed')
    expect(holdings('wholesaler')).toEqual([])
  })

  test('are cleared by nobody but the maker of their lots', async () => {
    const labels = [carton]
    const { shipment } = must(
      await at('maker', ({ shipping }) => shipping.ship({ to: 'wholesaler', labels, purpose: 'trade' })),
    )
    must(await at('wholesaler', ({ shipping }) => shipping.receive({ shipment, missing: [], damaged: [], notes: [] })))
    must(await at('wholesaler', ({ holding }) => holding.quarantine({ label: carton, why })))
    expect(await at('wholesaler', ({ holding }) => holding.clear({ label: carton, why }))).toMatchObject({
      reason: { type: 'not-our-lot' },
    })
  })

  test('on their way are the shipper’s again when it withdraws them, and are received by nobody', async () => {
    const labels = [carton]
    const { shipment } = must(
      await at('maker', ({ shipping }) => shipping.ship({ to: 'wholesaler', labels, purpose: 'trade' })),
    )
    must(await at('maker', ({ shipping }) => shipping.withdraw(shipment)))
    expect(world.node('maker').supply.shipping.shipments.get(shipment)).toMatchObject({
      status: 'ended',
      ending: 'withdrawn',
    })
    expect(world.node('maker').supply.thing({ identifier: carton, lot: null, expiry: null })).toMatchObject({
      status: 'held',
      isHeldHere: true,
    })
    must(await at('wholesaler', ({ shipping }) => shipping.receive({ shipment, missing: [], damaged: [], notes: [] })))
    expect(world.node('wholesaler').supply.shipping.shipments.get(shipment)?.status).toBe('arrived')
    expect(await at('maker', ({ shipping }) => shipping.withdraw(shipment))).toMatchObject({
      reason: { type: 'not-shipped' },
    })
  })
})
