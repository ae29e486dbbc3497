import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { network } from '../network.testing.ts'
import { claimed, dispensers, signedExample } from '../prescriptions/examples.testing.ts'
import { prescriptions, whole } from '../prescriptions/index.ts'
import { atPharmacy, commissioned, parcelOf } from '../supply/examples.testing.ts'
import { accruing, ask, commitment, disputed, freshKey, secondsPerDay, until } from './examples.testing.ts'
import { foundedFills } from './fills.testing.ts'
import { type Programme, rebates } from './index.ts'

const statutory = ['340b', 'medicaid', 'mfp'] as const

describe('a fill', () => {
  test('exclusivity-spent: bears one discount of a group, whoever comes second', () => {
    for (const first of statutory)
      for (const second of statutory) {
        const { world, answer, fill } = accruing(first)
        expect([answer, accruing(second, world).answer]).toEqual(['accepted', 'exclusivity-spent'])
        expect(accruing(second, world, foundedFills[1]).answer).toBe('accepted')
        expect(prescriptions.queries.fill(world.view(prescriptions), toHex(fill.tag.handle))?.boundBy).toEqual([
          'rebates',
        ])
      }
  })

  test('bears a commercial rebate besides, once too', () => {
    const { world, fill, handle } = accruing('medicaid')
    const commercial = accruing('commercial', world)
    expect([commercial.answer, accruing('commercial', world).answer]).toEqual(['accepted', 'exclusivity-spent'])
    expect(rebates.queries.spentBy(world.view(rebates), toHex(fill.tag.handle))).toEqual({
      commercial: toHex(commercial.handle),
      statutory: toHex(handle),
    })
  })

  test('not-its-key: without the key of its tag nobody accrues on it', () => {
    const { world, fill } = accruing('mfp')
    const other = foundedFills[1] as typeof fill
    const accrue = {
      type: 'accrue',
      handle: freshKey().handle,
      tag: other.tag.handle,
      programme: 'mfp',
      payer: freshKey().handle,
      content: commitment(),
    } as const
    expect(ask(world, accrue, fill.tag)).toBe('not-its-key')
    expect(ask(world, accrue, other.tag)).toBe('accepted')
  })

  test('fill-unknown: on what was never filled, or was taken back, nothing accrues', () => {
    const { world, fill } = accruing('mfp')
    const tag = freshKey()
    expect(accruing('340b', world, { tag, holder: tag }).answer).toBe('fill-unknown')
    const reverse = {
      type: 'reverse-fill',
      tag: fill.tag.handle,
      record: commitment(),
      through: 'prescriptions',
    } as const
    expect(ask(world, reverse, fill.holder)).toBe('accepted')
    expect(accruing('340b', world).answer).toBe('fill-unknown')
  })

  test('key-known: each accrual takes fresh keys, so that no two share a value', () => {
    const { world, claimant, payer } = accruing('mfp')
    const { tag } = foundedFills[1] as (typeof foundedFills)[number]
    const accrue = { type: 'accrue', tag: tag.handle, programme: 'mfp', content: commitment() } as const
    const fresh = freshKey().handle
    for (const [handle, other] of [
      [claimant.handle, fresh],
      [fresh, payer.handle],
      [fresh, fresh],
    ] as const)
      expect(ask(world, { ...accrue, handle, payer: other }, tag)).toBe('key-known')
  })
})

describe('a fill that is taken back', () => {
  test('takes all that accrued on it along in one transaction, and what was paid is owed back', () => {
    const settled = until('settled', accruing('mfp'))
    const { world, fill, claimant, payer, by } = settled
    const commercial = until('validated', accruing('commercial', world))
    const record = commitment()
    const reverse = { type: 'reverse-fill', tag: fill.tag.handle, record, through: 'prescriptions' } as const
    const alone = { type: 'reverse-fill', tag: fill.tag.handle, record } as const
    expect(world.submit(prescriptions, alone, { sponsor: 'birch', signers: [fill.holder] })).toBe('fill-bound')
    expect(ask(world, reverse, claimant)).toBe('not-its-key')
    expect([settled.now.status, commercial.now.status]).toEqual(['settled', 'validated'])

    expect(ask(world, reverse, fill.holder)).toBe('accepted')
    expect(settled.now).toMatchObject({ status: 'reversed', ending: 'fill-reversed', paid: true })
    expect(commercial.now).toMatchObject({ status: 'reversed', ending: 'fill-reversed', paid: false })
    expect(commercial.now.since).toBe(settled.now.since)
    expect(prescriptions.queries.fill(world.view(prescriptions), toHex(fill.tag.handle))?.reversed).toEqual(record)

    expect(by([claimant, payer], 'settle')).toBe('accepted')
    expect(settled.now.status).toBe('repaid')
    expect(commercial.by([commercial.claimant, commercial.payer], 'settle')).toBe('wrong-status')
  })

  test('goes back with its unit: prescription, bottle and refund in one transaction, or none of them', () => {
    const example = signedExample()
    const { world } = example
    const supplied = commissioned({ world })
    const { pharmacy, bottles } = atPharmacy(supplied)
    const holder = claimed(example)
    const [unit] = bottles as readonly [Uint8Array]
    const tag = freshKey()
    const fill = { handle: example.handle, level: whole, record: commitment(), remainder: null, dispensers }
    const dispense = { type: 'dispense', tag: tag.handle, units: [{ tag: unit, rest: false }], fill } as const
    expect(supplied.by([pharmacy, holder], dispense)).toBe('accepted')
    const refund = until('settled', accruing('mfp', world, { tag, holder }))

    const back = { type: 'return-to-stock', tag: tag.handle, record: commitment() } as const
    expect(supplied.by([pharmacy, holder], back)).toBe('fill-bound')
    const reverse = { ...back, type: 'reverse-fill' } as const
    const both = [pharmacy, holder]
    expect(ask(world, { ...reverse, through: 'prescriptions' }, ...both)).toBe('fill-bound')
    expect(ask(world, { ...reverse, through: 'supply' }, pharmacy)).toBe('not-its-key')
    expect([refund.now.status, parcelOf(supplied, unit)?.status, example.item.status]).toEqual([
      'settled',
      'dispensed',
      'filled',
    ])
    expect(ask(world, { ...reverse, through: 'supply' }, ...both)).toBe('accepted')
    expect([refund.now.status, parcelOf(supplied, unit)?.status, example.item.level]).toEqual(['reversed', 'held', 0])
  })

  test('nothing-accrued: where nothing stands, the fill is reversed where it is kept', () => {
    const { world, fill, claimant, by } = accruing('mfp')
    const reverse = {
      type: 'reverse-fill',
      tag: fill.tag.handle,
      record: commitment(),
      through: 'prescriptions',
    } as const
    expect(by([claimant], 'withdraw')).toBe('accepted')
    expect(ask(world, reverse, fill.holder)).toBe('nothing-accrued')
    const { tag, record } = reverse
    expect(
      world.submit(prescriptions, { type: 'reverse-fill', tag, record }, { sponsor: 'birch', signers: [fill.holder] }),
    ).toBe('accepted')
  })
})

describe('an accrual', () => {
  test('is claimed, validated, approved and settled, each by whose it is', () => {
    const accrued = accruing('340b')
    const { claimant, payer, by, now } = accrued
    expect(now.status).toBe('accrued')
    expect([by([payer], 'claim'), by([claimant], 'claim')]).toEqual(['not-its-key', 'accepted'])
    expect([by([claimant], 'validate'), by([payer], 'validate')]).toEqual(['not-its-key', 'accepted'])
    expect([by([claimant], 'approve'), by([payer], 'approve')]).toEqual(['not-its-key', 'accepted'])
    expect([by([claimant], 'settle'), by([payer], 'settle')]).toEqual(['not-its-key', 'not-its-key'])
    expect(by([claimant, payer], 'settle')).toBe('accepted')
    expect(accrued.now).toMatchObject({ status: 'settled', paid: true, dueAt: null })
  })

  test('wrong-status: is not paid twice, and not before it is approved', () => {
    const accrued = until('validated', accruing('mfp'))
    const { claimant, payer, by } = accrued
    const both = [claimant, payer]
    expect(by(both, 'settle')).toBe('wrong-status')
    expect([by([payer], 'approve'), by(both, 'settle'), by(both, 'settle')]).toEqual([
      'accepted',
      'accepted',
      'wrong-status',
    ])
    expect([by(both, 'restate'), by(both, 'settle')]).toEqual(['accepted', 'accepted'])
  })

  test('accrual-unknown: there is nothing of that handle', () => {
    const { world, payer } = accruing('mfp')
    expect(ask(world, { type: 'validate', handle: freshKey().handle, record: commitment() }, payer)).toBe(
      'accrual-unknown',
    )
  })

  test.each([
    ['mfp', 14],
    ['medicaid', 38],
    ['340b', null],
    ['commercial', null],
  ] as const)('of %s is due %s days after its claim, however late anybody looks', (programme: Programme, days) => {
    const accrued = accruing(programme)
    const { world } = accrued
    world.time += 3 * secondsPerDay
    const claimedAt = world.time
    until('claimed', accrued)
    world.time += 6 * secondsPerDay
    accrued.by([accrued.payer], 'validate')
    accrued.by([accrued.payer], 'approve')
    expect(accrued.now.dueAt).toBe(days === null ? null : claimedAt + days * secondsPerDay)
  })
})

describe('a dispute', () => {
  test('is resolved by both, at what both then name', () => {
    const { claimant, payer, by, now } = disputed(accruing('medicaid'))
    expect(now).toMatchObject({ status: 'disputed', code: 'units' })
    expect([by([payer], 'resolve'), by([payer, claimant], 'resolve'), by([payer], 'approve')]).toEqual([
      'not-its-key',
      'accepted',
      'accepted',
    ])
  })

  test('goes to an arbiter whom both name, and whose word is the last', () => {
    for (const approved of [true, false]) {
      const accrued = disputed(accruing('medicaid'))
      const { world, claimant, payer, handle, fill } = accrued
      const arbiter = freshKey()
      const escalate = { type: 'escalate', handle, arbiter: arbiter.handle } as const
      expect([ask(world, escalate, claimant), ask(world, { ...escalate, arbiter: handle }, claimant, payer)]).toEqual([
        'not-its-key',
        'key-known',
      ])
      expect(ask(world, escalate, claimant, payer)).toBe('accepted')
      const decide = { type: 'decide', handle, record: commitment(), approved } as const
      expect([ask(world, decide, payer), ask(world, decide, arbiter)]).toEqual(['not-its-key', 'accepted'])
      expect(accrued.now).toMatchObject(
        approved ? { status: 'approved', ending: null } : { status: 'reversed', ending: 'denied' },
      )
      // What was denied leaves the fill to others, and lets it go.
      const bound = prescriptions.queries.fill(world.view(prescriptions), toHex(fill.tag.handle))?.boundBy
      expect(bound).toEqual(approved ? ['rebates'] : [])
      expect(accruing('340b', world).answer).toBe(approved ? 'exclusivity-spent' : 'accepted')
    }
  })
})

describe('the lower price wins', () => {
  const displacing = (from: ReturnType<typeof accruing>, programme: Programme) => {
    const [claimant, payer] = [freshKey(), freshKey()]
    const transaction = {
      type: 'displace',
      handle: claimant.handle,
      from: from.handle,
      programme,
      payer: payer.handle,
      content: commitment(),
      record: commitment(),
    } as const
    return { claimant, transaction }
  }

  test('a refund that was paid is owed back, and the entity’s discount stands, in one step of pharmacy and payer', () => {
    const refund = until('settled', accruing('mfp'))
    const { world, fill, payer, claimant } = refund
    const { transaction, claimant: entity } = displacing(refund, '340b')
    expect([ask(world, transaction, payer), ask(world, transaction, fill.tag)]).toEqual(['not-its-key', 'not-its-key'])
    expect(ask(world, transaction, payer, fill.tag)).toBe('accepted')
    expect(refund.now).toMatchObject({ status: 'reversed', ending: 'displaced', paid: true })
    expect(rebates.queries.spentBy(world.view(rebates), toHex(fill.tag.handle))).toEqual({
      statutory: toHex(entity.handle),
    })
    expect(refund.by([claimant, payer], 'settle')).toBe('accepted')
    expect(refund.now.status).toBe('repaid')
    expect(ask(world, displacing(refund, 'medicaid').transaction, payer, fill.tag)).toBe('wrong-status')
  })

  test('not-displaced-by: the same programme, or one that excludes nothing, takes no place', () => {
    const refund = accruing('mfp')
    const { world, fill, payer } = refund
    for (const programme of ['mfp', 'commercial'] as const)
      expect(ask(world, displacing(refund, programme).transaction, payer, fill.tag)).toBe('not-displaced-by')
  })
})

describe('terms', () => {
  const period = { startsAt: 20_000 * secondsPerDay, endsAt: 20_365 * secondsPerDay }
  function proposed() {
    const world = network()
    const [proposer, counterpart] = [freshKey(), freshKey()]
    const { handle } = proposer
    const content = commitment()
    const transaction = { type: 'propose-terms', handle, counterpart: counterpart.handle, content, ...period } as const
    return { world, proposer, counterpart, handle, content, transaction, answer: ask(world, transaction, proposer) }
  }
  function signed() {
    const made = proposed()
    const { world, handle, content, counterpart } = made
    const answer = ask(world, { type: 'sign-version', handle, number: 1, content }, counterpart)
    if (answer !== 'accepted') throw new Error(`sign-version: ${answer}`)
    const inForce = (at: number) => rebates.queries.versionInForce(world.view(rebates), toHex(handle), at)
    return { ...made, inForce }
  }

  test('are in force once both have signed, from one instant to another', () => {
    const { world, handle, inForce } = signed()
    const { startsAt, endsAt } = period
    expect([startsAt - 1, startsAt, endsAt - 1, endsAt].map(inForce)).toEqual([undefined, 1, 1, undefined])
    expect(rebates.queries.terms(world.view(rebates), toHex(handle))).toMatchObject({ versions: 1, proposal: null })
  })

  test('not-its-key: nobody proposes in the name of another, or signs what it proposed itself', () => {
    const { world, proposer, counterpart, handle, content, transaction } = proposed()
    expect(ask(world, transaction, counterpart)).toBe('not-its-key')
    expect(ask(world, { type: 'sign-version', handle, number: 1, content }, proposer)).toBe('not-its-key')
    expect(ask(world, { type: 'end-terms', handle, endsAt: world.time }, freshKey())).toBe('not-its-key')
    expect(ask(world, { type: 'propose-version', handle, content, ...period }, freshKey())).toBe('not-its-key')
  })

  test('key-known: terms take two keys of their own', () => {
    const { world, proposer, transaction } = proposed()
    expect(ask(world, transaction, proposer)).toBe('key-known')
  })

  test('period-empty: a version that ends before it begins is none', () => {
    const { world, proposer, handle, content } = proposed()
    const version = { type: 'propose-version', handle, content, startsAt: 5, endsAt: 5 } as const
    expect(ask(world, version, proposer)).toBe('period-empty')
  })

  test('nothing-proposed, terms-unknown, not-signed: nothing is signed, ended or settled that is not there', () => {
    const { world, proposer, counterpart, handle, content } = proposed()
    const settle = { type: 'settle-net', handle, number: 1, record: commitment() } as const
    expect(ask(world, settle, proposer, counterpart)).toBe('not-signed')
    expect(ask(world, { type: 'end-terms', handle, endsAt: world.time }, proposer)).toBe('not-signed')
    const made = signed()
    const again = { type: 'sign-version', handle: made.handle, number: 2, content } as const
    expect(ask(made.world, again, made.counterpart)).toBe('nothing-proposed')
    expect(ask(made.world, { ...again, handle: freshKey().handle }, made.counterpart)).toBe('terms-unknown')
  })

  test('proposal-changed: a party signs what it read, not what came in its place', () => {
    const { world, proposer, counterpart, handle, content } = proposed()
    const other = { type: 'propose-version', handle, content: commitment(), ...period } as const
    expect(ask(world, other, proposer)).toBe('accepted')
    const sign = { type: 'sign-version', handle, number: 1, content } as const
    expect(ask(world, sign, counterpart)).toBe('proposal-changed')
    expect(ask(world, { ...sign, number: 2, content: other.content }, counterpart)).toBe('proposal-changed')
    expect(ask(world, { ...sign, content: other.content }, counterpart)).toBe('accepted')
  })

  test('a later version supersedes an earlier one from where it begins, also where it reaches back', () => {
    const { world, proposer, counterpart, handle, inForce } = signed()
    const content = commitment()
    const startsAt = period.startsAt + 30 * secondsPerDay
    const next = { type: 'propose-version', handle, content, startsAt, endsAt: period.endsAt } as const
    expect(ask(world, next, counterpart)).toBe('accepted')
    expect(inForce(startsAt)).toBe(1)
    expect(ask(world, { type: 'sign-version', handle, number: 2, content }, proposer)).toBe('accepted')
    expect([inForce(startsAt - 1), inForce(startsAt)]).toEqual([1, 2])
  })

  test('in-the-past, ends-later, terms-ended: an end only moves earlier, and not behind us', () => {
    const { world, proposer, counterpart, handle, content, inForce } = signed()
    const end = (endsAt: number) => ask(world, { type: 'end-terms', handle, endsAt }, counterpart)
    const { time } = world
    expect([end(time - 1), end(time + 10), end(time + 10), end(time + 5)]).toEqual([
      'in-the-past',
      'accepted',
      'ends-later',
      'accepted',
    ])
    expect([inForce(time + 4), inForce(time + 5)]).toEqual([1, undefined])
    world.time += 5
    const again = { type: 'propose-version', handle, content, ...period } as const
    expect(ask(world, again, proposer)).toBe('terms-ended')
  })

  test('number-wrong: settlements follow one another, signed by both', () => {
    const { world, proposer, counterpart, handle } = signed()
    const record = commitment()
    const settle = (number: number) => ({ type: 'settle-net', handle, number, record }) as const
    expect([ask(world, settle(1), proposer), ask(world, settle(1), counterpart)]).toEqual([
      'not-its-key',
      'not-its-key',
    ])
    expect([2, 1, 1, 2].map((number) => ask(world, settle(number), proposer, counterpart))).toEqual([
      'number-wrong',
      'accepted',
      'number-wrong',
      'accepted',
    ])
    expect(rebates.queries.settlement(world.view(rebates), toHex(handle), 2)).toMatchObject({ record })
  })
})
