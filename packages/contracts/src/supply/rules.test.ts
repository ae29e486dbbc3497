import { compareBytes, toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { claimed, dispensers, signedExample } from '../prescriptions/examples.testing.ts'
import { whole } from '../prescriptions/index.ts'
import type { Identity } from '../world.testing.ts'
import {
  atPharmacy,
  commissioned,
  freshHash,
  freshKey,
  moved,
  parcelOf,
  placed,
  receiving,
  type Supplied,
  secondsPerDay,
  shipping,
  tagIn,
} from './examples.testing.ts'
import { supply } from './index.ts'
import { grantOf, licenceOf, treeOf } from './trees.testing.ts'

/** What a record commits to is not the ledger's matter. */
const recorded = freshHash
const dispensing = ({ by }: Supplied, pharmacy: Identity, unit: Uint8Array, rest = false, tag = freshHash()) =>
  by(pharmacy, { type: 'dispense', tag, units: [{ tag: unit, rest }], fill: null })

test('one pallet of 120 bottles: the owner of each is right at each of nine heights', () => {
  const supplied = commissioned()
  const { world, maker, pallet, cases, bottles, by } = supplied
  const ownerOf = (at: number, bottle: number): string => {
    const tags = [tagIn(bottles[at], bottle), tagIn(cases, at), pallet].map(toHex)
    const found = supply.queries.whereabouts(world.view(supply), tags)
    return found ? `${found.carrier.status} ${toHex(found.carrier.holder)}` : 'nobody'
  }
  const everyOwner = () => bottles.flatMap(({ members }, at) => members.map((_, bottle) => ownerOf(at, bottle)))
  const all = (status: string, { handle }: Identity) => Array.from({ length: 120 }, () => `${status} ${toHex(handle)}`)
  const but = (owners: readonly string[], status: string, { handle }: Identity, from = 84, to = 96) =>
    owners.map((each, index) => (index >= from && index < to ? `${status} ${toHex(handle)}` : each))

  expect(everyOwner()).toEqual(all('held', maker)) // 1: commissioned
  const first = shipping(supplied, maker, [pallet])
  expect(everyOwner()).toEqual(all('in-transit', maker)) // 2: shipped; the shipper's until it is received
  receiving(supplied, first, 'distributor')
  const wholesaler = first.to
  expect(everyOwner()).toEqual(all('held', wholesaler)) // 3: received
  by(wholesaler, { type: 'unpack', tag: pallet, children: placed(cases, 7) })
  expect(everyOwner()).toEqual(all('held', wholesaler)) // 4: case 7 leaves the pallet
  const second = shipping(supplied, wholesaler, [tagIn(cases, 7)])
  expect(everyOwner()).toEqual(but(all('held', wholesaler), 'in-transit', wholesaler)) // 5
  receiving(supplied, second, 'dispenser')
  const pharmacy = second.to
  const split = but(all('held', wholesaler), 'held', pharmacy)
  expect(everyOwner()).toEqual(split) // 6: twelve with the pharmacy
  const tree = bottles[7] as (typeof bottles)[number]
  by(pharmacy, { type: 'unpack', tag: tagIn(cases, 7), children: placed(tree, ...tree.members.keys()) })
  expect(everyOwner()).toEqual(split) // 7: the case is opened
  const tag = freshHash()
  expect(dispensing(supplied, pharmacy, tagIn(tree, 3), false, tag)).toBe('accepted')
  expect(everyOwner()).toEqual(but(split, 'dispensed', pharmacy, 87, 88)) // 8: one is dispensed
  expect(by(pharmacy, { type: 'return-to-stock', tag, record: recorded() })).toBe('accepted')
  expect(everyOwner()).toEqual(split) // 9: nobody fetched it
})

describe('the fill, the unit and the counter', () => {
  test('a unit and a prescription move in one transaction, or neither does', () => {
    const example = signedExample()
    const supplied = commissioned({ world: example.world })
    const { pharmacy, bottles } = atPharmacy(supplied)
    const holder = claimed(example)
    const [unit = freshHash()] = bottles
    const dispense = (level: number, tag: Uint8Array) =>
      supplied.by([pharmacy, holder], {
        type: 'dispense',
        tag,
        units: [{ tag: unit, rest: false }],
        fill: { handle: example.handle, level, record: recorded(), remainder: null, dispensers },
      })
    expect(dispense(whole + 1, freshHash())).toBe('more-than-authorised')
    expect(parcelOf(supplied, unit)?.status).toBe('held')
    const tag = freshHash()
    expect(dispense(whole, tag)).toBe('accepted')
    expect(parcelOf(supplied, unit)?.status).toBe('dispensed')
    expect(example.item.status).toBe('filled')

    const reverse = { type: 'reverse-fill', tag, record: recorded() } as const
    expect(example.by(holder, reverse)).toBe('fill-bound')
    const back = { type: 'return-to-stock', tag, record: recorded() } as const
    expect(supplied.by(pharmacy, back)).toBe('not-its-key')
    expect(parcelOf(supplied, unit)?.status).toBe('dispensed')
    expect(supplied.by([pharmacy, holder], back)).toBe('accepted')
    expect(parcelOf(supplied, unit)?.status).toBe('held')
    expect(example.item).toMatchObject({ status: 'held', level: 0 })
    expect(supplied.by([pharmacy, holder], back)).toBe('dispensing-unknown')
  })
})

describe('who is licensed', () => {
  const grant = (root = freshHash()) => ({ type: 'grant-keys', role: 'maker', root, leaves: 16 }) as const

  test('an authority grants keys without saying whose they are, and another authority takes none back', () => {
    const { world } = commissioned()
    const by = (at: 0 | 1) => ({ sponsor: world.members[at] as string, signers: world.boardKeys.slice(at, at + 1) })
    const granted = { ...grant(), validUntil: world.time + 60 }
    expect(world.submit(supply, granted, { sponsor: 'alder' })).toBe('scope-missing')
    expect(world.submit(supply, { ...granted, validUntil: world.time }, by(0))).toBe('grant-over')
    expect(world.submit(supply, granted, by(0))).toBe('accepted')
    expect(world.submit(supply, granted, by(0))).toBe('grant-known')
    const withdraw = { type: 'withdraw-keys', grant: granted.root, keys: [freshHash()] } as const
    expect(world.submit(supply, withdraw, by(1))).toBe('not-its-authority')
    expect(world.submit(supply, { ...withdraw, grant: freshHash() }, by(0))).toBe('grant-unknown')
    expect(world.submit(supply, withdraw, by(0))).toBe('accepted')
  })

  test('not-licensed: whoever has no key of a grant takes nothing in', () => {
    const supplied = commissioned()
    const { maker, pallet, by } = supplied
    const { shipment, to } = shipping(supplied, maker, [pallet])
    const licence = licenceOf(to.handle, 'distributor')
    const receive = { type: 'receive', shipment, missing: [], damaged: [], notes: [] } as const
    expect(by(to, { ...receive, licence: { ...licence, index: licence.index + 1 } })).toBe('not-licensed')
    expect(by(to, { ...receive, licence: { ...licence, grant: freshHash() } })).toBe('grant-unknown')
    expect(by(to, { ...receive, licence: licenceOf(to.handle, 'regulator') })).toBe('wrong-role')
    expect(by(maker, { ...receive, licence })).toBe('not-its-key')
    expect(by(to, { ...receive, licence })).toBe('accepted')
  })

  test('licence-withdrawn: what a partner holds stays where it is, and what is on its way is not received', () => {
    const supplied = commissioned()
    const { world, maker, pallet } = supplied
    const sent = shipping(supplied, maker, [pallet])
    const board = { sponsor: 'alder', signers: world.boardKeys.slice(0, 1) }
    const { root } = grantOf('distributor')
    const withdraw = (key: Identity) => ({ type: 'withdraw-keys', grant: root, keys: [key.handle] }) as const
    expect(world.submit(supply, withdraw(sent.to), board)).toBe('accepted')
    expect(receiving(supplied, sent, 'distributor')).toBe('licence-withdrawn')
    const other = commissioned({ world })
    const wholesaler = moved(other, other.maker, [other.pallet], 'distributor')
    world.submit(supply, withdraw(wholesaler), board)
    expect(shipping(other, wholesaler, [other.pallet]).answer).toBe('licence-withdrawn')
  })

  test('wrong-role: a wholesaler commissions nothing and dispenses nothing', () => {
    const supplied = commissioned()
    const { world, maker, pallet, cases, bottles, by } = supplied
    const key = freshKey()
    const commission = {
      type: 'commission',
      holder: key.handle,
      licence: licenceOf(key.handle, 'distributor'),
      lots: [{ handle: freshKey().handle, label: freshHash(), endsAt: world.time + 60 }],
      packages: [{ tag: freshHash(), contents: null, lots: [] as Uint8Array[] }],
    } as const
    const lots = commission.lots.map(({ handle }) => handle)
    const asked = { ...commission, packages: [{ ...commission.packages[0], lots }] }
    expect(by(key, asked)).toBe('wrong-role')
    const wholesaler = moved(supplied, maker, [pallet], 'distributor')
    by(wholesaler, { type: 'unpack', tag: pallet, children: placed(cases, 0) })
    by(wholesaler, { type: 'unpack', tag: tagIn(cases, 0), children: placed(bottles[0] as (typeof bottles)[0], 0) })
    expect(dispensing(supplied, wholesaler, tagIn(bottles[0], 0))).toBe('wrong-role')
  })
})

describe('packing', () => {
  test('not-inside: only what was committed leaves a sealed package, and each of it once', () => {
    const supplied = commissioned()
    const { maker, pallet, cases, bottles, by } = supplied
    const unpack = (children: ReturnType<typeof placed>, tag = pallet) => by(maker, { type: 'unpack', tag, children })
    expect(unpack(placed(bottles[0] as (typeof bottles)[0], 0))).toBe('not-inside')
    const [first] = placed(cases, 0)
    if (!first) throw new Error('there is no first case')
    const renamed = { ...first, member: { ...first.member, tag: freshHash() } }
    expect(unpack([renamed])).toBe('not-inside')
    expect(unpack([first])).toBe('accepted')
    expect(unpack([first])).toBe('hash-known')
  })

  test('lots-differ: a package holds nothing of a lot that it does not name, and a unit is of one lot', () => {
    const { world, by } = commissioned()
    const [maker, lot] = [freshKey(), freshKey()]
    const alien = treeOf([{ tag: freshHash(), contents: null, lots: [freshHash()] }])
    const commission = (
      lots: readonly Uint8Array[],
      contents: { root: Uint8Array; leaves: number } | null,
      tag: Uint8Array,
    ) =>
      by(maker, {
        type: 'commission',
        holder: maker.handle,
        licence: licenceOf(maker.handle, 'maker'),
        lots: [{ handle: lot.handle, label: freshHash(), endsAt: world.time + 60 }],
        packages: [{ tag, contents, lots }],
      })
    const tag = freshHash()
    expect(commission([freshHash()], null, tag)).toBe('lots-differ')
    expect(commission([lot.handle], alien.contents, tag)).toBe('accepted')
    expect(by(maker, { type: 'unpack', tag, children: placed(alien, 0) })).toBe('lots-differ')
  })

  test('a child moves only with its package until it is taken out, and then is its holder’s', () => {
    const supplied = commissioned()
    const { by } = supplied
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [one = freshHash(), two = freshHash(), three = freshHash()] = bottles
    const box = freshHash()
    expect(by(pharmacy, { type: 'pack', tag: box, children: [one, two] })).toBe('accepted')
    expect(shipping(supplied, pharmacy, [one]).answer).toBe('wrong-status')
    expect(dispensing(supplied, pharmacy, box)).toBe('not-a-unit')
    const next = moved(supplied, pharmacy, [box], 'dispenser')
    expect(by(next, { type: 'take-out', tag: box, children: [three] })).toBe('not-inside')
    expect(by(pharmacy, { type: 'take-out', tag: box, children: [one] })).toBe('not-its-key')
    expect(by(next, { type: 'take-out', tag: box, children: [one] })).toBe('accepted')
    expect(dispensing(supplied, next, one)).toBe('accepted')
    expect(parcelOf(supplied, two)?.status).toBe('inside')
  })

  test('beyond-a-package: packages go at most ten deep', () => {
    const supplied = commissioned()
    const { maker, pallet, by } = supplied
    let inner = pallet
    const answers = Array.from({ length: 11 }, () => {
      const tag = freshHash()
      const answer = by(maker, { type: 'pack', tag, children: [inner] })
      inner = tag
      return answer
    })
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 'accepted'), 'beyond-a-package'])
  })
})

describe('a shipment', () => {
  test('what is missing stays with the shipper, until both say that it never left, turned up, or is lost', () => {
    const supplied = commissioned()
    const { maker, pallet, cases, by } = supplied
    by(maker, { type: 'unpack', tag: pallet, children: placed(cases, 0, 1, 2, 3) })
    const [one = freshHash(), two = freshHash(), three = freshHash(), four = freshHash()] = [0, 1, 2, 3]
      .map((at) => tagIn(cases, at))
      .sort(compareBytes)
    const sent = shipping(supplied, maker, [one, two, three, four])
    expect(receiving(supplied, sent, 'distributor', { missing: [pallet] })).toBe('not-shipped')
    expect(receiving(supplied, sent, 'distributor', { missing: [one], damaged: [one] })).toBe('not-shipped')
    const notes = [{ kind: 'overage', record: freshHash() }] as const
    expect(receiving(supplied, sent, 'distributor', { missing: [one, two, four], damaged: [three], notes })).toBe(
      'accepted',
    )
    expect(receiving(supplied, sent, 'distributor')).toBe('shipment-closed')
    expect(shipping(supplied, maker, [one]).answer).toBe('wrong-status')
    expect(shipping(supplied, sent.to, [three]).answer).toBe('on-hold')
    const said = { shipment: sent.shipment, lost: [one], found: [four], record: recorded() }
    const resolve = { type: 'resolve', ...said } as const
    expect(by(maker, resolve)).toBe('not-its-key')
    expect(by([maker, sent.to], { ...resolve, lost: [three] })).toBe('not-shipped')
    expect(by([maker, sent.to], { ...resolve, found: [one] })).toBe('not-shipped')
    expect(by([maker, sent.to], resolve)).toBe('accepted')
    const statuses = [one, two, three, four].map((tag) => parcelOf(supplied, tag))
    expect(statuses.map((each) => each?.status)).toEqual(['lost', 'held', 'held', 'held'])
    expect(statuses.map((each) => toHex(each?.holder ?? maker.key))).toEqual(
      [maker, maker, sent.to, sent.to].map(({ handle }) => toHex(handle)),
    )
  })

  test('a shipper takes back what nobody has received, and nobody else does', () => {
    const supplied = commissioned()
    const { maker, pallet, by } = supplied
    const { shipment, to } = shipping(supplied, maker, [pallet])
    expect(by(to, { type: 'withdraw-shipment', shipment })).toBe('not-its-key')
    expect(by(maker, { type: 'withdraw-shipment', shipment })).toBe('accepted')
    expect(by(maker, { type: 'withdraw-shipment', shipment })).toBe('shipment-closed')
    expect(by(maker, { type: 'withdraw-shipment', shipment: freshHash() })).toBe('shipment-unknown')
    expect(parcelOf(supplied, pallet)?.status).toBe('held')
  })

  test('what comes back is sold again only after its maker has verified it', () => {
    const supplied = commissioned()
    const { lot, maker, pallet, by } = supplied
    const wholesaler = moved(supplied, maker, [pallet], 'distributor')
    const pharmacy = moved(supplied, wholesaler, [pallet], 'dispenser')
    const again = moved(supplied, pharmacy, [pallet], 'distributor', 'return')
    expect(shipping(supplied, again, [pallet]).answer).toBe('on-hold')
    const clear = { type: 'clear', tag: pallet, record: recorded() } as const
    expect(by(again, clear)).toBe('not-its-key')
    expect(by([again, lot], clear)).toBe('accepted')
    expect(by([again, lot], clear)).toBe('not-on-hold')
    expect(shipping(supplied, again, [pallet]).answer).toBe('accepted')
  })

  test('hash-known: a key receives once, and a shipment is sent once', () => {
    const supplied = commissioned()
    const { maker, pallet, by } = supplied
    const wholesaler = moved(supplied, maker, [pallet], 'distributor')
    const ship = { type: 'ship', tags: [pallet], purpose: 'trade' } as const
    expect(by(wholesaler, { ...ship, shipment: freshHash(), to: maker.handle })).toBe('hash-known')
    const same = freshHash()
    expect(by(wholesaler, { ...ship, shipment: same, to: same })).toBe('hash-known')
  })

  test('parcel-unknown: what was never commissioned is not shipped, and what is inside a package has no tag of its own', () => {
    const supplied = commissioned()
    expect(shipping(supplied, supplied.maker, [freshHash()]).answer).toBe('parcel-unknown')
    expect(shipping(supplied, supplied.maker, [tagIn(supplied.cases, 3)]).answer).toBe('parcel-unknown')
  })
})

describe('dispensing', () => {
  test('part of a bottle: it stays open at the pharmacy, is dispensed from again, and is not sold on', () => {
    const supplied = commissioned()
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash()] = bottles
    expect(dispensing(supplied, pharmacy, unit, true)).toBe('accepted')
    expect(parcelOf(supplied, unit)).toMatchObject({ status: 'held', opened: true })
    expect(shipping(supplied, pharmacy, [unit]).answer).toBe('opened')
    expect(dispensing(supplied, pharmacy, unit)).toBe('accepted')
    expect(dispensing(supplied, pharmacy, unit)).toBe('parcel-ended')
  })

  test('parcel-ended: a dispensed unit is not sold back', () => {
    const supplied = commissioned()
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash()] = bottles
    dispensing(supplied, pharmacy, unit)
    for (const purpose of ['trade', 'return'] as const)
      expect(shipping(supplied, pharmacy, [unit], purpose).answer).toBe('parcel-ended')
  })

  test('expired: from the lot’s end on it is neither sold nor dispensed, but returned and destroyed', () => {
    const supplied = commissioned({ endsInDays: 30 })
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash(), other = freshHash()] = bottles
    supplied.world.time += 30 * secondsPerDay
    expect(dispensing(supplied, pharmacy, unit)).toBe('expired')
    expect(shipping(supplied, pharmacy, [unit]).answer).toBe('expired')
    expect(shipping(supplied, pharmacy, [unit], 'return').answer).toBe('accepted')
    const end = { type: 'end', tag: other, record: recorded() } as const
    expect(supplied.by(pharmacy, { ...end, as: 'exported' })).toBe('expired')
    expect(supplied.by(pharmacy, { ...end, as: 'destroyed' })).toBe('accepted')
  })
})
