import { describe, expect, test } from 'vitest'
import { network } from '../network.testing.ts'
import { dayAt, monthsLater, startOfDay } from './days.ts'
import {
  byOffice,
  claimed,
  filling,
  line,
  opened,
  secondsPerDay,
  signedExample,
  signing,
  today,
} from './examples.testing.ts'
import { lastDayOf, limitsFor, limitsSuffice, prescriptions, whole } from './index.ts'

const part = 400_000_000
const hours = 3_600
/** Days since 1970 of a civil date. */
const day = (text: string): number => Math.round(Date.parse(`${text}T00:00:00Z`) / (secondsPerDay * 1_000))

describe('days', () => {
  test('months later is the same day of the month, or the last day where the month is shorter', () => {
    expect(monthsLater(day('2026-08-31'), 6)).toBe(day('2027-02-28'))
    expect(monthsLater(day('2027-08-31'), 6)).toBe(day('2028-02-29'))
    expect(monthsLater(day('2028-02-29'), 12)).toBe(day('2029-02-28'))
    expect(monthsLater(day('2026-11-21'), 6)).toBe(day('2027-05-21'))
    expect(monthsLater(day('1970-01-01'), 12)).toBe(day('1971-01-01'))
  })

  test('every day of four centuries is itself no months later', () => {
    for (let each = 0; each < 146_097; each += 13) expect(monthsLater(each, 0)).toBe(each)
  })

  test('a month later agrees with the calendar of the runtime on the first of each month', () => {
    for (let month = 0; month < 1_200; month++) {
      const [now, next] = [month, month + 1].map((of) => Date.UTC(1970, of, 1) / (secondsPerDay * 1_000))
      expect(monthsLater(now as number, 1)).toBe(next)
    }
  })

  test('a day begins and ends where it is counted', () => {
    for (const lagMinutes of [0, 240, 840, 1_140, 1_560])
      for (const each of [1, 20_000, 20_001]) {
        const start = startOfDay(each, { lagMinutes })
        expect([dayAt(start - 1, { lagMinutes }), dayAt(start, { lagMinutes })]).toEqual([each - 1, each])
      }
    expect(startOfDay(1, { lagMinutes: 840 })).toBe(secondsPerDay)
  })
})

describe('limits', () => {
  const sign = (terms: Parameters<typeof line>[1]) => {
    const world = network()
    return world.submit(prescriptions, signing(line(world, terms)), byOffice(world))
  }

  test('schedule II has no refill (21 CFR 1306.12(a))', () => {
    expect(sign({ limits: 'ii' })).toBe('accepted')
    expect(sign({ limits: 'ii', refills: 1 })).toBe('too-many-refills')
  })

  test('schedules III and IV have five refills within six months (21 CFR 1306.22(a))', () => {
    const issuedDay = today(network())
    const lastDay = monthsLater(issuedDay, 6)
    expect(sign({ limits: 'iii-iv', refills: 5, lastDay })).toBe('accepted')
    expect(sign({ limits: 'iii-iv', refills: 6, lastDay })).toBe('too-many-refills')
    expect(sign({ limits: 'iii-iv', lastDay: lastDay + 1 })).toBe('ends-too-late')
  })

  test('schedule V and drugs without schedule are refilled as authorised, for a year (21 CFR 1306.22 limits III and IV)', () => {
    const lastDay = lastDayOf('v', today(network()))
    for (const limits of ['v', 'none'] as const) {
      expect(sign({ limits, refills: 52, lastDay })).toBe('accepted')
      expect(sign({ limits, refills: 53, lastDay })).toBe('too-many-refills')
      expect(sign({ limits, lastDay: lastDay + 1 })).toBe('ends-too-late')
    }
  })

  test('five refills are dispensed, the sixth is refused, and none after six months', () => {
    const issuedDay = today(network())
    const example = signedExample({ limits: 'iii-iv', refills: 5, refillWeeks: 4, lastDay: monthsLater(issuedDay, 6) })
    filling(example, claimed(example), whole)
    for (let refill = 1; refill <= 5; refill++) {
      const claimant = opened(example, 'open-refill')
      example.world.time += 30 * secondsPerDay
      expect(filling(example, claimed(example, claimant), whole).answer).toBe('accepted')
    }
    const { by, patient, handle } = example
    const claimant = new Uint8Array(32).fill(1)
    expect(by(patient, { type: 'open-refill', handle, claimant })).toBe('no-refills-left')
  })

  test('a refill that waits too long is over', () => {
    const example = signedExample({ limits: 'iii-iv', refills: 5, lastDay: lastDayOf('iii-iv', today(network())) })
    filling(example, claimed(example), whole)
    const claimant = opened(example, 'open-refill')
    example.world.time = example.item.endsAt
    const { by, handle } = example
    expect(by(claimant, { type: 'claim', handle, holder: new Uint8Array(32).fill(2) })).toBe('past-its-end')
  })

  test('the rest of a part that the pharmacy could not supply follows within 72 hours (21 CFR 1306.13(a))', () => {
    const example = signedExample({ limits: 'ii' })
    const holder = claimed(example)
    expect(filling(example, holder, part, 'shortage').answer).toBe('accepted')
    const filledAt = example.world.time
    example.world.time = filledAt + 72 * hours - 1
    expect(filling(example, holder, 2 * part).answer).toBe('accepted')
    example.world.time = filledAt + 72 * hours
    expect(filling(example, holder, whole).answer).toBe('remainder-over')
    expect(example.by(holder, { type: 'complete', handle: example.handle })).toBe('accepted')
    expect(example.item).toMatchObject({ status: 'completed', level: 2 * part })
  })

  test('the rest of a part that was asked for follows within 30 days of the issue (21 CFR 1306.13(b))', () => {
    const issuedDay = today(network()) - 5
    const example = signedExample({ limits: 'ii', issuedDay, lastDay: issuedDay + 90 })
    const holder = claimed(example)
    expect(filling(example, holder, part, 'requested').answer).toBe('accepted')
    const last = startOfDay(issuedDay + 31, { lagMinutes: example.item.dayLagMinutes })
    expect(example.item.remainderEndsAt).toBe(last)
    example.world.time = last - 1
    expect(filling(example, holder, 2 * part).answer).toBe('accepted')
    example.world.time = last
    expect(filling(example, holder, whole).answer).toBe('remainder-over')
  })

  test('schedule V is dispensed in parts for six months from the issue, and whole for longer (21 CFR 1306.23(c))', () => {
    const issuedDay = today(network())
    const terms = { limits: 'v', refills: 1, lastDay: lastDayOf('v', issuedDay) } as const
    const begun = signedExample(terms)
    const holder = claimed(begun)
    expect(filling(begun, holder, part).answer).toBe('accepted')
    const over = startOfDay(monthsLater(issuedDay, 6) + 1, { lagMinutes: begun.item.dayLagMinutes })
    expect(begun.item.remainderEndsAt).toBe(over)
    begun.world.time = over - 1
    expect(filling(begun, holder, 2 * part).answer).toBe('accepted')
    begun.world.time = over
    expect(filling(begun, holder, whole).answer).toBe('remainder-over')
    const late = signedExample(terms)
    const another = claimed(late)
    late.world.time = over
    expect(filling(late, another, part).answer).toBe('remainder-over')
    expect(filling(late, another, whole).answer).toBe('accepted')
  })

  test('remainder-reason: a first part under these limits says why; no other fill does', () => {
    const example = signedExample({ limits: 'ii' })
    const holder = claimed(example)
    expect(filling(example, holder, part).answer).toBe('remainder-reason')
    expect(filling(example, holder, whole, 'shortage').answer).toBe('remainder-reason')
    filling(example, holder, part, 'shortage')
    expect(filling(example, holder, whole, 'shortage').answer).toBe('remainder-reason')
    const other = signedExample({ limits: 'none' })
    expect(filling(other, claimed(other), part, 'shortage').answer).toBe('remainder-reason')
  })

  test('a first part that goes back to stock takes its clock with it', () => {
    const example = signedExample({ limits: 'ii' })
    const holder = claimed(example)
    const { tag } = filling(example, holder, part, 'shortage')
    example.by(holder, { type: 'reverse-fill', tag, record: tag })
    expect(example.item).toMatchObject({ level: 0, remainderEndsAt: null })
  })

  test('stricter limits suffice for every drug, looser ones for none that is bound more', () => {
    expect((['II', 'III', 'IV', 'V', null] as const).map(limitsFor)).toEqual(['ii', 'iii-iv', 'iii-iv', 'v', 'none'])
    expect(limitsSuffice('ii', null)).toBe(true)
    expect(limitsSuffice('iii-iv', 'IV')).toBe(true)
    expect(limitsSuffice('iii-iv', 'II')).toBe(false)
    expect(limitsSuffice('none', 'V')).toBe(false)
  })
})
