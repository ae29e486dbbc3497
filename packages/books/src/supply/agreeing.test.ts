/** Two partners settle what neither may say alone. */
import { encode, fromHex } from '@plexus/codec'
import { handleOf, publicKeyOf } from '@plexus/crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type MemberName, must, seedOf, World } from '../world.testing.ts'
import type { SupplyBook } from './book.ts'
import { supplyNote } from './rows.ts'

const gtin = '00300021433802'
const carton = { type: 'package', sscc: '106141411234567804' } as const
const serials = ['SN1', 'SN2', 'SN3', 'SN4'] as const
const bottle = (serial: string) => ({ type: 'unit', gtin, serial }) as const
const [never, turnedUp, gone, there] = serials

let world: World
let shipment = ''

/** Four bottles are on their way to the wholesaler, who says that three of them are missing. */
beforeEach(async () => {
  world = await World.start(['board', 'maker', 'pharmacy-1', 'wholesaler'])
  const roles = { maker: 'maker', wholesaler: 'distributor' } as const
  for (const [member, role] of Object.entries(roles) as [MemberName, (typeof roles)[keyof typeof roles]][])
    await at(member, ({ licences }) => licences.ask({ role, count: 2, authority: 'board' }))
  const validUntil = world.time + 86_400
  for (const [partner, role] of Object.entries(roles))
    must(await at('board', ({ licences }) => licences.grant({ role, partners: [partner], validUntil })))
  const plan = { gtin, lot: 'A-4711', endsAt: validUntil, packages: [{ sscc: carton.sscc, serials }] }
  must(await at('maker', ({ making }) => making.commission(plan)))
  must(await at('maker', ({ making }) => making.unpack(carton, [])))
  const labels = serials.map(bottle)
  shipment = must(
    await at('maker', ({ shipping }) => shipping.ship({ to: 'wholesaler', labels, purpose: 'trade' })),
  ).shipment
  const missing = [never, turnedUp, gone].map(bottle)
  must(await at('wholesaler', ({ shipping }) => shipping.receive({ shipment, missing, damaged: [], notes: [] })))
})
afterEach(() => world.close())

const at = <Value>(member: MemberName, act: (book: SupplyBook) => Value): Promise<Value> => world.atSupply(member, act)

const standing = (member: MemberName, serial: string) => {
  const thing = world.node(member).supply.thing({ identifier: bottle(serial), lot: null, expiry: null })
  return thing && { status: thing.status, isHeldHere: thing.isHeldHere }
}
const asked = (member: MemberName) => world.node(member).supply.agreements(null, 10)
const refused = (type: string) => ({ ok: false, reason: { type } })
const resolving = (partner: string, why = 'counted twice') => ({
  ...{ shipment: fromHex(shipment), partner, why },
  ...{ lost: [bottle(gone)], found: [bottle(turnedUp)] },
})

describe('goods that did not come', () => {
  test('are where both sides say that they are, and none is gained or lost', async () => {
    const { agreement } = must(await at('wholesaler', ({ agreeing }) => agreeing.resolve(resolving('maker'))))
    expect(asked('maker')).toMatchObject([
      { agreement, side: 'answers', partner: 'wholesaler', status: 'asked', isOpen: true, why: 'counted twice' },
    ])
    expect(standing('maker', gone)?.status).toBe('missing')
    expect(await at('wholesaler', ({ agreeing }) => agreeing.agree(agreement))).toEqual(refused('nothing-asked'))
    must(await at('maker', ({ agreeing }) => agreeing.agree(agreement)))
    const places = { [never]: true, [turnedUp]: false, [there]: false }
    for (const [serial, isHeldHere] of Object.entries(places)) {
      expect(standing('maker', serial)).toEqual({ status: 'held', isHeldHere })
      expect(standing('wholesaler', serial)).toEqual({ status: 'held', isHeldHere: !isHeldHere })
    }
    expect(standing('maker', gone)?.status).toBe('lost')
    expect(asked('maker')).toMatchObject([{ status: 'stands', isOpen: false }])
    const lot = [...world.node('maker').supply.shelves.lots.entries()][0]?.[0] ?? ''
    const { books } = must(world.node('maker').supply.trace(lot))
    const counts = [...books].map(([key, count]) => [key.split(' ')[0], count]).sort()
    expect(counts).toEqual([
      ['held', 1],
      ['held', 2],
      ['lost', 1],
    ])
    expect(await at('maker', ({ agreeing }) => agreeing.agree(agreement))).toEqual(refused('nothing-asked'))
    expect(await at('wholesaler', ({ agreeing }) => agreeing.resolve(resolving('maker')))).toEqual(refused('not-open'))
  })

  test('stay where they are when the partner declines, and the shipper may ask too', async () => {
    const { agreement } = must(await at('wholesaler', ({ agreeing }) => agreeing.resolve(resolving('maker'))))
    must(await at('maker', ({ agreeing }) => agreeing.decline(agreement)))
    expect(asked('wholesaler')).toMatchObject([{ status: 'declined', isOpen: true }])
    expect(await at('maker', ({ agreeing }) => agreeing.agree(agreement))).toEqual(refused('nothing-asked'))
    expect(standing('maker', gone)?.status).toBe('missing')
    const second = must(await at('maker', ({ agreeing }) => agreeing.resolve(resolving('wholesaler'))))
    must(await at('wholesaler', ({ agreeing }) => agreeing.agree(second.agreement)))
    expect(standing('maker', gone)?.status).toBe('lost')
  })

  test('are of no concern to a third, who is not heard', async () => {
    const tags = { lost: [], found: [] }
    const said = { about: { type: 'resolve', shipment: fromHex(shipment), ...tags }, why: '', at: 1 } as const
    const key = publicKeyOf(seedOf('a stranger'))
    const note = { type: 'agreement-asked', id: handleOf(key), recordKey: seedOf('record'), key, ...said } as const
    const taken = world.node('maker').supply.take('pharmacy-1', encode(supplyNote, note))
    expect(taken).toEqual(refused('not-open'))
  })
})

describe('suspect goods', () => {
  beforeEach(async () => {
    must(await at('wholesaler', ({ holding }) => holding.quarantine({ label: bottle(there), why: 'the seal' })))
  })
  const isOnHold = () => {
    const { shelves } = world.node('maker').supply
    const thing = shelves.stock.byLabel(bottle(there))
    return thing ? shelves.whereabouts(thing)?.parcel.hold : undefined
  }

  test('go on in their holder’s hands once their maker agreed, and not before', async () => {
    expect(isOnHold()).toBe('suspect')
    const asks = { label: bottle(there), why: 'the seal is of the new pattern' }
    const { agreement } = must(await at('wholesaler', ({ agreeing }) => agreeing.clear(asks)))
    expect(isOnHold()).toBe('suspect')
    expect(asked('maker')).toMatchObject([{ partner: 'wholesaler', clear: expect.stringContaining(there) }])
    must(await at('maker', ({ agreeing }) => agreeing.agree(agreement)))
    expect(isOnHold()).toBeNull()
    expect(standing('wholesaler', there)).toEqual({ status: 'held', isHeldHere: true })
    expect(await at('wholesaler', ({ agreeing }) => agreeing.clear(asks))).toEqual(refused('not-open'))
  })

  test('whose step no block took in its time may be agreed to again', async () => {
    const asks = { label: bottle(there), why: 'the seal' }
    const { agreement } = must(await at('wholesaler', ({ agreeing }) => agreeing.clear(asks)))
    world.lost = (member) => member === 'maker'
    const { exchange, supply } = world.node('maker')
    must(await exchange.run(() => supply.agreeing.agree(agreement)))
    for (let block = 0; block < 400 && asked('maker')[0]?.['status'] !== 'asked'; block++) {
      await world.wake()
      while (world.wire.length > 0) await world.deliver()
      world.block()
    }
    expect(asked('maker')).toMatchObject([{ status: 'asked', isOpen: true }])
    world.lost = () => false
    must(await at('maker', ({ agreeing }) => agreeing.agree(agreement)))
    expect(isOnHold()).toBeNull()
  })

  test('are not let go by a book that is asked to sign something else', async () => {
    const { agreement } = must(
      await at('wholesaler', ({ agreeing }) => agreeing.clear({ label: bottle(there), why: 'x' })),
    )
    const note = { type: 'agreement-share-asked', id: fromHex(agreement), body: seedOf('another body') } as const
    const taken = world.node('wholesaler').supply.take('maker', encode(supplyNote, note))
    expect(taken).toEqual(refused('not-asked'))
  })
})
