import { compareBytes, toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { network } from '../network.testing.ts'
import { practitioners } from '../practitioners/index.ts'
import {
  byOffice,
  claimed,
  dispensers,
  filling,
  freshKey,
  line,
  opened,
  place,
  prescriber,
  secondsPerDay,
  signedExample,
  signing,
  today,
} from './examples.testing.ts'
import { prescriptions, whole } from './index.ts'

/** What a fill dispensed, in parts: two thirds of the quantity. */
const twoThirds = 670_000_000

describe('sign-items', () => {
  test('an organisation signs items of its prescribers, and the ledger keeps who may have signed them', () => {
    const { item, world } = signedExample({ limits: 'ii' })
    expect(item).toMatchObject({ status: 'signed', limits: 'ii', fill: 1, level: 0, holder: null })
    expect(prescriptions.queries.signing(world.view(prescriptions), toHex(item.signing))).toEqual({
      organisation: 'alder',
      registrar: 'grove',
      prescribers: [prescriber],
      height: 1,
    })
  })

  test('scope-missing: the key that only sponsors signs no prescription', () => {
    const world = network()
    expect(world.submit(prescriptions, signing(line(world)), { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('not-hosted: an organisation speaks of its own prescribers only', () => {
    const world = network()
    const byBirch = { sponsor: 'birch', signers: world.officeKeys.slice(1, 2) }
    expect(world.submit(prescriptions, signing(line(world)), byBirch)).toBe('not-hosted')
  })

  test('licence-not-active: who has no licence prescribes nothing, and takes the whole envelope with them', () => {
    const world = network()
    const transaction = { ...signing(line(world)), prescribers: [prescriber, '1245319599'] }
    expect(world.submit(prescriptions, transaction, byOffice(world))).toBe('licence-not-active')
  })

  test('role-not-active: a suspended clinician prescribes nothing from the next transaction on', () => {
    const world = network()
    const office = world.officeKeys.slice(0, 1)
    const suspend = { type: 'suspend-role', npi: prescriber, organisation: 'alder' } as const
    expect(world.submit(practitioners, suspend, { sponsor: 'alder', signers: office })).toBe('accepted')
    expect(world.submit(prescriptions, signing(line(world)), byOffice(world))).toBe('role-not-active')
  })

  test('registrar-missing: controlled items name the authority of the registration, and no organisation is its own', () => {
    const world = network()
    const unregistered = { ...signing(line(world, { limits: 'v' })), registrar: null }
    expect(world.submit(prescriptions, unregistered, byOffice(world))).toBe('registrar-missing')
    const ownWord = { ...unregistered, registrar: 'alder' }
    expect(world.submit(prescriptions, ownWord, byOffice(world))).toBe('registrar-missing')
    const elsewhere = { ...unregistered, registrar: 'heath' }
    expect(world.submit(prescriptions, elsewhere, byOffice(world))).toBe('role-not-active')
    const uncontrolled = { ...signing(line(world)), registrar: null }
    expect(world.submit(prescriptions, uncontrolled, byOffice(world))).toBe('accepted')
  })

  test('handle-known: an item is signed once, and no key stands for two of them', () => {
    const { world, handle, patient } = signedExample()
    expect(world.submit(prescriptions, signing(line(world, { handle })), byOffice(world))).toBe('handle-known')
    const samePatient = line(world, { patient: patient.handle })
    expect(world.submit(prescriptions, signing(samePatient), byOffice(world))).toBe('handle-known')
    const key = freshKey().handle
    const both = [line(world, { patient: key }), line(world, { patient: key })]
    both.sort((a, b) => compareBytes(a.handle, b.handle))
    expect(world.submit(prescriptions, signing(...both), byOffice(world))).toBe('handle-known')
  })

  test('issued-day-wrong: neither tomorrow, where the prescriber is, nor more than a week ago', () => {
    const world = network()
    const on = (issuedDay: number) => world.submit(prescriptions, signing(line(world, { issuedDay })), byOffice(world))
    expect(on(today(world) + 1)).toBe('issued-day-wrong')
    expect(on(today(world) - 8)).toBe('issued-day-wrong')
    expect(on(today(world) - 7)).toBe('accepted')
  })

  test('days-out-of-order: the first day is not before the issue, the last not before the first', () => {
    const world = network()
    const on = (firstDay: number, lastDay: number) =>
      world.submit(prescriptions, signing(line(world, { firstDay, lastDay })), byOffice(world))
    const day = today(world)
    expect(on(day - 1, day)).toBe('days-out-of-order')
    expect(on(day + 2, day + 1)).toBe('days-out-of-order')
    expect(on(day + 2, day + 2)).toBe('accepted')
  })
})

describe('the patient chooses', () => {
  test('an item is on the exchange when its patient says so, and may go to another pharmacy before it is claimed', () => {
    const example = signedExample()
    const first = opened(example)
    expect(example.item.status).toBe('available')
    const second = opened(example, 'nominate')
    const claim = { type: 'claim', handle: example.handle, holder: freshKey().handle } as const
    expect(example.by(first, claim)).toBe('not-its-key')
    expect(example.by(second, claim)).toBe('accepted')
  })

  test('not-its-key: nobody but the patient makes an item available, the prescriber neither', () => {
    const { by, own, handle } = signedExample()
    expect(by(own, { type: 'make-available', handle, claimant: freshKey().handle })).toBe('not-its-key')
  })

  test('item-unknown: what was never signed goes nowhere', () => {
    const { by, patient } = signedExample()
    const transaction = { type: 'make-available', handle: freshKey().handle, claimant: freshKey().handle } as const
    expect(by(patient, transaction)).toBe('item-unknown')
  })

  test('wrong-status: made available once, nominated once available, refilled once filled', () => {
    const { by, patient, handle, ...rest } = signedExample()
    const claimant = freshKey().handle
    expect(by(patient, { type: 'nominate', handle, claimant })).toBe('wrong-status')
    expect(by(patient, { type: 'open-refill', handle, claimant })).toBe('wrong-status')
    opened({ by, patient, handle, ...rest })
    expect(by(patient, { type: 'make-available', handle, claimant })).toBe('wrong-status')
  })

  test('key-known: a key that claimed, held or tagged anything is used for nothing else', () => {
    const example = signedExample()
    const { by, patient, handle } = example
    const claimant = opened(example)
    expect(by(patient, { type: 'nominate', handle, claimant: claimant.handle })).toBe('key-known')
    expect(by(claimant, { type: 'claim', handle, holder: patient.handle })).toBe('key-known')
    const holder = claimed(example, claimant)
    const fill = { type: 'fill', handle, level: whole, record: freshKey().handle, remainder: null, dispensers } as const
    expect(by(holder, { ...fill, tag: holder.handle })).toBe('key-known')
  })
})

describe('a pharmacy holds', () => {
  test('a claimed item is held under a key that nobody else knows', () => {
    const example = signedExample()
    const holder = claimed(example)
    expect(example.item).toMatchObject({ status: 'held', holder: holder.handle, claimant: null, holders: 1 })
  })

  test('held-by-another: the second pharmacy is told', () => {
    const example = signedExample()
    const claimant = opened(example)
    claimed(example, claimant)
    const late = { type: 'claim', handle: example.handle, holder: freshKey().handle } as const
    expect(example.by(claimant, late)).toBe('held-by-another')
  })

  test('too-early: an item is claimed from the first second of its first day on, where it was issued', () => {
    const world = network()
    const firstDay = today(world) + 3
    const example = signedExample({ firstDay, lastDay: firstDay + 9 })
    const claimant = opened(example)
    const claim = { type: 'claim', handle: example.handle, holder: freshKey().handle } as const
    example.world.time = example.item.startsAt - 1
    expect(example.by(claimant, claim)).toBe('too-early')
    example.world.time++
    expect(example.by(claimant, claim)).toBe('accepted')
  })

  test('only its holder gives an item back; then the patient nominates another', () => {
    const example = signedExample()
    const { by, patient, handle } = example
    const holder = claimed(example)
    expect(by(patient, { type: 'return-item', handle })).toBe('not-its-key')
    expect(by(holder, { type: 'return-item', handle })).toBe('accepted')
    expect(example.item).toMatchObject({ status: 'available', holder: null, claimant: null })
    claimed(example, opened(example, 'nominate'))
    expect(by(holder, { type: 'return-item', handle })).toBe('not-its-key')
  })

  test('a transfer takes three: the patient nominates, the holder lets go, the other takes over', () => {
    const example = signedExample({ limits: 'ii' })
    const { by, handle } = example
    const first = claimed(example)
    const next = opened(example, 'nominate')
    const claim = { type: 'claim', handle, holder: freshKey().handle } as const
    expect(by(next, claim)).toBe('held-by-another')
    expect(by(first, { type: 'offer-transfer', handle })).toBe('accepted')
    expect(by(freshKey(), claim)).toBe('not-its-key')
    expect(by(next, claim)).toBe('accepted')
    expect(filling(example, first, whole).answer).toBe('not-its-key')
  })

  test('holders-spent: a controlled item changes hands once before its first filling (21 CFR 1306.08(e))', () => {
    const example = signedExample({ limits: 'ii' })
    const { by, handle } = example
    const first = claimed(example)
    expect(by(first, { type: 'return-item', handle })).toBe('accepted')
    const second = claimed(example, opened(example, 'nominate'))
    expect(by(second, { type: 'offer-transfer', handle })).toBe('holders-spent')
    expect(by(second, { type: 'return-item', handle })).toBe('accepted')
    const third = opened(example, 'nominate')
    expect(by(third, { type: 'claim', handle, holder: freshKey().handle })).toBe('holders-spent')
  })

  test('partly-filled: of a controlled item no part is filled elsewhere; another may go on', () => {
    for (const limits of ['ii', 'iii-iv', 'v', 'none'] as const) {
      const example = signedExample({ limits })
      const { by, handle } = example
      const holder = claimed(example)
      expect(filling(example, holder, twoThirds, limits === 'ii' ? 'requested' : null).answer).toBe('accepted')
      const expected = limits === 'none' ? 'accepted' : 'partly-filled'
      expect(by(holder, { type: 'offer-transfer', handle })).toBe(expected)
      expect(by(holder, { type: 'return-item', handle })).toBe(expected)
      expect(by(holder, { type: 'not-dispensed', handle })).toBe(limits === 'none' ? 'not-its-key' : 'partly-filled')
    }
  })

  test('not-dispensed: a pharmacy says so, and that is the end', () => {
    const example = signedExample()
    const { by, handle } = example
    const holder = claimed(example)
    expect(by(holder, { type: 'not-dispensed', handle })).toBe('accepted')
    expect(by(holder, { type: 'return-item', handle })).toBe('item-ended')
    expect(example.item.status).toBe('not-dispensed')
  })
})

describe('a pharmacy fills', () => {
  test('in parts, never more than was authorised, and each part has its record and its tag', () => {
    const example = signedExample()
    const holder = claimed(example)
    const first = filling(example, holder, twoThirds)
    expect(first.answer).toBe('accepted')
    expect(filling(example, holder, twoThirds).answer).toBe('level-not-above')
    expect(filling(example, holder, whole + 1).answer).toBe('more-than-authorised')
    expect(filling(example, holder, whole).answer).toBe('accepted')
    expect(example.item).toMatchObject({ status: 'filled', level: whole, fill: 1 })
    expect(filling(example, holder, whole).answer).toBe('wrong-status')
    expect(prescriptions.queries.fill(example.world.view(prescriptions), toHex(first.tag))).toMatchObject({
      item: example.handle,
      from: 0,
      to: twoThirds,
      holder: holder.handle,
      reversed: null,
    })
  })

  test('past-its-end: filled to the last second of its last day where it was issued, and no second longer', () => {
    const example = signedExample()
    const holder = claimed(example)
    example.world.time = example.item.endsAt - 1
    expect(filling(example, holder, twoThirds).answer).toBe('accepted')
    example.world.time++
    expect(filling(example, holder, whole).answer).toBe('past-its-end')
    expect(example.statusNow).toBe('expired')
  })

  test('what nobody fetched goes back to stock, and may be filled again; the newest fill first', () => {
    const example = signedExample()
    const { by } = example
    const holder = claimed(example)
    const first = filling(example, holder, twoThirds)
    const second = filling(example, holder, whole)
    const reverse = (tag: Uint8Array) => by(holder, { type: 'reverse-fill', tag, record: freshKey().handle })
    expect(reverse(first.tag)).toBe('not-the-last-fill')
    expect(reverse(second.tag)).toBe('accepted')
    expect(example.item).toMatchObject({ status: 'held', level: twoThirds, nextStartsAt: null })
    expect(reverse(second.tag)).toBe('fill-unknown')
    expect(reverse(freshKey().handle)).toBe('fill-unknown')
    expect(reverse(first.tag)).toBe('accepted')
    expect(filling(example, holder, whole).answer).toBe('accepted')
  })

  test('complete: after the last fill only, and it stays so', () => {
    const example = signedExample({ refills: 1 })
    const { by, handle } = example
    const complete = { type: 'complete', handle } as const
    let holder = claimed(example)
    expect(by(holder, complete)).toBe('nothing-filled')
    filling(example, holder, twoThirds)
    expect(by(holder, complete)).toBe('remainder-left')
    filling(example, holder, whole)
    expect(by(holder, complete)).toBe('remainder-left')
    holder = claimed(example, opened(example, 'open-refill'))
    const last = filling(example, holder, whole)
    expect(by(holder, complete)).toBe('accepted')
    expect(by(holder, { type: 'reverse-fill', tag: last.tag, record: freshKey().handle })).toBe('item-ended')
  })

  test('no-refills-left and too-early: as often as authorised, and not before the weeks are over', () => {
    const example = signedExample({ refills: 1, refillWeeks: 2, lastDay: today(network()) + 60 })
    const { by, patient, handle, world } = example
    filling(example, claimed(example), whole)
    const again = opened(example, 'open-refill')
    const claim = { type: 'claim', handle, holder: freshKey().handle } as const
    expect(by(again, claim)).toBe('too-early')
    world.time += 14 * secondsPerDay
    const holder = claimed(example, again)
    expect(example.item).toMatchObject({ fill: 2, level: 0 })
    filling(example, holder, whole)
    expect(by(patient, { type: 'open-refill', handle, claimant: freshKey().handle })).toBe('no-refills-left')
  })
})

describe('an item ends', () => {
  test('the prescriber cancels what nobody holds; nobody else does', () => {
    const example = signedExample()
    const { by, own, patient, handle } = example
    const claimant = opened(example)
    expect(by(patient, { type: 'cancel', handle })).toBe('not-its-key')
    expect(by(own, { type: 'cancel', handle })).toBe('accepted')
    expect(example.item.status).toBe('cancelled')
    expect(by(own, { type: 'cancel', handle })).toBe('item-ended')
    expect(by(claimant, { type: 'claim', handle, holder: freshKey().handle })).toBe('item-ended')
  })

  test('marked-for-cancellation: what is held is marked, not filled, and ends when it is given back', () => {
    const example = signedExample()
    const { by, own, handle } = example
    const holder = claimed(example)
    expect(by(own, { type: 'cancel', handle })).toBe('accepted')
    expect(example.item).toMatchObject({ status: 'held', marked: 4 })
    expect(filling(example, holder, whole).answer).toBe('marked-for-cancellation')
    for (const type of ['cancel', 'offer-transfer', 'not-dispensed', 'complete'] as const)
      expect(by(type === 'cancel' ? own : holder, { type, handle })).toBe('marked-for-cancellation')
    expect(by(holder, { type: 'return-item', handle })).toBe('accepted')
    expect(example.item.status).toBe('cancelled')
  })

  test('a mark withdraws an offer to another pharmacy', () => {
    const example = signedExample()
    const { by, own, handle } = example
    const holder = claimed(example)
    const next = opened(example, 'nominate')
    by(holder, { type: 'offer-transfer', handle })
    by(own, { type: 'cancel', handle })
    expect(by(next, { type: 'claim', handle, holder: freshKey().handle })).toBe('held-by-another')
  })

  test('already-dispensed: what is filled is not cancelled, but its refills are', () => {
    for (const refills of [0, 1]) {
      const example = signedExample({ refills })
      filling(example, claimed(example), whole)
      const answer = example.by(example.own, { type: 'cancel', handle: example.handle })
      expect(answer).toBe(refills === 0 ? 'already-dispensed' : 'accepted')
      expect(example.item.status).toBe(refills === 0 ? 'filled' : 'cancelled')
    }
  })

  test('anybody says that an item is over, once it is; one that was marked ends as cancelled', () => {
    for (const marked of [false, true]) {
      const example = signedExample()
      const { by, own, handle, world } = example
      claimed(example)
      if (marked) by(own, { type: 'cancel', handle })
      expect(by(null, { type: 'expire', handle })).toBe('not-yet-over')
      world.time = example.item.endsAt
      expect(example.statusNow).toBe(marked ? 'cancelled' : 'expired')
      expect(by(own, { type: 'cancel', handle })).toBe('past-its-end')
      expect(by(null, { type: 'expire', handle })).toBe('accepted')
      expect(example.item.status).toBe(marked ? 'cancelled' : 'expired')
    }
  })

  test('what is dispensed in full does not expire', () => {
    const example = signedExample()
    filling(example, claimed(example), whole)
    example.world.time = example.item.endsAt
    expect(example.by(null, { type: 'expire', handle: example.handle })).toBe('already-dispensed')
    expect(example.statusNow).toBe('filled')
  })
})

test('days count where the item was issued: late in the evening in New York it is tomorrow in Greenwich', () => {
  const example = signedExample()
  expect((example.item.endsAt % secondsPerDay) / 3_600).toBe(5)
  expect(place.lagMinutes).toBe((14 + 5) * 60)
})
