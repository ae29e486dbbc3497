/** What is suspect, what is counterfeit, and what is recalled. */
import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import type { Identity } from '../world.testing.ts'
import {
  atPharmacy,
  commissioned,
  freshHash,
  freshKey,
  moved,
  parcelOf,
  placed,
  type Supplied,
  shipping,
  tagIn,
} from './examples.testing.ts'
import { supply } from './index.ts'
import { licenceOf } from './trees.testing.ts'

const secondsPerDay = 86_400
const dispensing = ({ by }: Supplied, pharmacy: Identity, unit: Uint8Array) =>
  by(pharmacy, { type: 'dispense', tag: freshHash(), units: [{ tag: unit, rest: false }], fill: null })
const incidentOf = ({ world }: Supplied, { handle }: Identity) =>
  supply.queries.incident(world.view(supply), toHex(handle))

describe('a label that is shown twice', () => {
  test('the serial of a dispensed bottle at another pharmacy: refused, reported, and the clock of 24 hours runs', () => {
    const supplied = commissioned()
    const { by, world } = supplied
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash()] = bottles
    dispensing(supplied, pharmacy, unit)
    const [elsewhere, incident] = [freshKey(), freshKey()]
    expect(dispensing(supplied, elsewhere, unit)).toBe('parcel-ended')
    const report = { type: 'report', incident: incident.handle, tag: unit, record: freshHash() } as const
    expect(by(incident, { ...report, licence: null })).toBe('parcel-ended')
    expect(by(elsewhere, { ...report, licence: licenceOf(incident.handle, 'dispenser') })).toBe('not-its-key')
    expect(by(incident, { ...report, licence: licenceOf(incident.handle, 'dispenser') })).toBe('accepted')
    expect(incidentOf(supplied, incident)).toMatchObject({
      found: 'ended',
      noticeDueAt: world.time + secondsPerDay,
      notice: null,
    })
    expect(parcelOf(supplied, unit)?.status).toBe('dispensed')
    const notify = { type: 'notify', incident: incident.handle, notice: freshHash() } as const
    expect(by(elsewhere, notify)).toBe('not-its-key')
    expect(by(incident, notify)).toBe('accepted')
    expect(by(incident, notify)).toBe('already-notified')
    expect(by(incident, { ...notify, incident: freshHash() })).toBe('incident-unknown')
  })

  test('what a report finds: one elsewhere, or nothing; neither touches what somebody else holds', () => {
    const supplied = commissioned()
    const { by } = supplied
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash()] = bottles
    const foundAt = (tag: Uint8Array) => {
      const incident = freshKey()
      const licence = licenceOf(incident.handle, 'distributor')
      by(incident, { type: 'report', incident: incident.handle, tag, record: freshHash(), licence })
      return incidentOf(supplied, incident)?.found
    }
    expect(foundAt(unit)).toBe('elsewhere')
    expect(foundAt(freshHash())).toBe('unknown')
    expect(dispensing(supplied, pharmacy, unit)).toBe('accepted')
  })
})

describe('suspect goods', () => {
  test('on-hold: what is quarantined stands still, until its maker and its holder clear it', () => {
    const supplied = commissioned()
    const { by, lot } = supplied
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash()] = bottles
    const facts = { tag: unit, record: freshHash() }
    expect(by(pharmacy, { type: 'quarantine', ...facts })).toBe('accepted')
    expect(by(pharmacy, { type: 'quarantine', ...facts })).toBe('on-hold')
    expect(dispensing(supplied, pharmacy, unit)).toBe('on-hold')
    expect(by(pharmacy, { type: 'pack', tag: freshHash(), children: [unit] })).toBe('on-hold')
    expect(by(pharmacy, { type: 'clear', ...facts })).toBe('not-its-key')
    expect(by([pharmacy, lot], { type: 'clear', ...facts })).toBe('accepted')
    expect(dispensing(supplied, pharmacy, unit)).toBe('accepted')
  })

  test('what its holder finds illegitimate is destroyed, and nothing else', () => {
    const supplied = commissioned()
    const { by, lot } = supplied
    const { pharmacy, bottles } = atPharmacy(supplied)
    const [unit = freshHash()] = bottles
    const incident = freshKey()
    const report = { type: 'report', incident: incident.handle, tag: unit, record: freshHash(), licence: null } as const
    expect(by(incident, report)).toBe('not-its-key')
    expect(by([incident, pharmacy], report)).toBe('accepted')
    expect(incidentOf(supplied, incident)?.found).toBe('own')
    expect(shipping(supplied, pharmacy, [unit], 'return').answer).toBe('on-hold')
    expect(by([pharmacy, lot], { type: 'clear', tag: unit, record: freshHash() })).toBe('on-hold')
    const end = { type: 'end', tag: unit, record: freshHash() } as const
    expect(by(pharmacy, { ...end, as: 'lost' })).toBe('on-hold')
    expect(by(pharmacy, { ...end, as: 'destroyed' })).toBe('accepted')
  })
})

describe('a recall', () => {
  const recall = ({ by }: Supplied, signer: Identity, lot: Uint8Array, regulator = false) =>
    by(signer, {
      type: 'recall',
      lots: [lot],
      notice: freshHash(),
      regulator: regulator ? { key: signer.handle, licence: licenceOf(signer.handle, 'regulator') } : null,
    })

  test('one step reaches what is alone, in a case, on a pallet and on its way, and nothing of it is dispensed', () => {
    const supplied = commissioned()
    const { by, lot, maker, pallet, cases, bottles } = supplied
    const wholesaler = moved(supplied, maker, [pallet], 'distributor')
    by(wholesaler, { type: 'unpack', tag: pallet, children: placed(cases, 0, 1, 2) })
    const pharmacy = moved(supplied, wholesaler, [tagIn(cases, 0)], 'dispenser')
    const open = (at: number, by: Supplied['by'], key: Identity) =>
      by(key, { type: 'unpack', tag: tagIn(cases, at), children: placed(bottles[at] as (typeof bottles)[0], 0, 1) })
    open(0, by, pharmacy)
    const box = freshHash()
    by(pharmacy, { type: 'pack', tag: box, children: [tagIn(bottles[0], 1)] })
    const onTheWay = shipping(supplied, wholesaler, [tagIn(cases, 1)])
    expect(recall(supplied, maker, lot.handle)).toBe('not-its-key')
    expect(recall(supplied, lot, freshHash())).toBe('lot-unknown')
    expect(recall(supplied, lot, lot.handle)).toBe('accepted')
    expect(recall(supplied, lot, lot.handle)).toBe('already-recalled')

    expect(dispensing(supplied, pharmacy, tagIn(bottles[0], 0))).toBe('recalled')
    by(pharmacy, { type: 'take-out', tag: box, children: [tagIn(bottles[0], 1)] })
    expect(dispensing(supplied, pharmacy, tagIn(bottles[0], 1))).toBe('recalled')
    expect(shipping(supplied, wholesaler, [pallet]).answer).toBe('recalled')
    const receive = { type: 'receive', shipment: onTheWay.shipment, missing: [], damaged: [], notes: [] } as const
    const licence = licenceOf(onTheWay.to.handle, 'dispenser')
    expect(by(onTheWay.to, { ...receive, licence })).toBe('accepted')
    open(1, by, onTheWay.to)
    expect(dispensing(supplied, onTheWay.to, tagIn(bottles[1], 0))).toBe('recalled')
    open(2, by, wholesaler)
    expect(shipping(supplied, wholesaler, [tagIn(bottles[2], 0)]).answer).toBe('recalled')
    expect(shipping(supplied, wholesaler, [tagIn(bottles[2], 0)], 'return').answer).toBe('accepted')
  })

  test('a regulator recalls too, with a key that is granted for it', () => {
    const supplied = commissioned()
    const { lot } = supplied
    const regulator = freshKey()
    expect(recall(supplied, regulator, lot.handle, true)).toBe('accepted')
    const other = commissioned({ world: supplied.world })
    expect(recall(other, regulator, other.lot.handle, true)).toBe('hash-known')
  })
})
