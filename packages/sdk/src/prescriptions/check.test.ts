import { encode } from '@plexus/codec'
import { type Item, type Signing, startOfDay, whole } from '@plexus/contracts'
import { publicKeyOf } from '@plexus/crypto'
import { describe, expect, test } from 'vitest'
import { levelOf, quantityMax, quantityOf } from './amounts.ts'
import { checkPrescription, isRegistrationNumber, type Shown } from './check.ts'
import {
  commitmentOf,
  type Prescription,
  type PrescriptionContent,
  prescriptionContent,
  signPrescription,
} from './content.ts'

const bytes = (fill: number) => new Uint8Array(32).fill(fill)
const chain = bytes(1)
const clinicianSeed = bytes(2)
/** Draws the same byte each time: the least, or the most. */
const drawing = (byte: number) => (length: number) => new Uint8Array(length).fill(byte)

const content: PrescriptionContent = {
  handle: bytes(3),
  patient: bytes(4),
  drug: { system: 'rxnorm', code: '1049221', display: 'Oxycodone / Acetaminophen' },
  quantity: 30,
  unit: '{tbl}',
  schedule: 'II',
  directions: 'as needed',
  note: '',
  limits: 'ii',
  issuedDay: 20_000,
  firstDay: 20_000,
  lastDay: 20_030,
  refills: 0,
  refillWeeks: 0,
  prescriber: { npi: '1003000126', organisation: 'clinic', registration: 'AB1234563' },
  authentication: bytes(5),
}
const signing: Signing = { organisation: 'clinic', registrar: 'drug-agency', prescribers: ['1003000126'], height: 1 }

/** A content signed and kept by the ledger under its own terms, and what somebody shows of it. */
function answerTo(
  changes: Partial<PrescriptionContent> = {},
  change: (on: { readonly shown: Prescription; readonly on: Shown }) => {
    shown?: Prescription
    on?: Partial<Shown>
  } = () => ({}),
): string {
  const { prescription, item: signed } = signPrescription(
    chain,
    { ...content, ...changes },
    { clinicianSeed, random: drawing(9) },
  )
  const { handle, content: kept, patient, limits, issuedDay, firstDay, lastDay, refills, refillWeeks } = signed
  const item: Item = {
    status: 'held',
    limits,
    content: kept,
    signing: handle,
    patient,
    issuedDay,
    dayLagMinutes: 0,
    startsAt: startOfDay(firstDay, { lagMinutes: 0 }),
    nextStartsAt: null,
    endsAt: startOfDay(lastDay + 1, { lagMinutes: 0 }),
    refills,
    refillWeeks,
    fill: 1,
    level: 0,
    remainderEndsAt: null,
    claimant: null,
    holder: bytes(6),
    holders: 1,
    offered: false,
    marked: null,
    since: 2,
  }
  const on = { chain, handle, item, signing, clinicianKey: publicKeyOf(clinicianSeed), registrars: ['drug-agency'] }
  const changed = change({ shown: prescription, on })
  const answer = checkPrescription(changed.shown ?? prescription, { ...on, ...changed.on })
  return answer.ok ? 'as signed' : answer.reason.type
}

const prescriber = (changes: Partial<PrescriptionContent['prescriber']>) => ({
  prescriber: { ...content.prescriber, ...changes },
})

describe('a prescription that is shown', () => {
  test('is as it was signed', () => {
    expect(answerTo()).toBe('as signed')
    expect(answerTo({ schedule: null, limits: 'ii', authentication: null })).toBe('as signed')
  })

  test('not-as-signed: thirty tablets made ninety (21 CFR 1306.08(d))', () => {
    const altered = encode(prescriptionContent, { ...content, quantity: 90 })
    expect(answerTo({}, ({ shown }) => ({ shown: { ...shown, content: altered } }))).toBe('not-as-signed')
    expect(answerTo({}, ({ shown }) => ({ shown: { ...shown, signature: new Uint8Array(64) } }))).toBe('not-as-signed')
  })

  test('malformed: what was committed is no content', () => {
    const odd = (shown: Prescription) => ({ ...shown, content: Uint8Array.of(1) })
    const answer = answerTo({}, ({ shown, on }) => ({
      shown: odd(shown),
      on: { item: { ...on.item, content: commitmentOf(chain, odd(shown)) } },
    }))
    expect(answer).toBe('malformed')
  })

  test('other-item: a content belongs to one item and one patient', () => {
    expect(answerTo({}, () => ({ on: { handle: bytes(7) } }))).toBe('other-item')
    expect(answerTo({}, ({ on }) => ({ on: { item: { ...on.item, patient: bytes(7) } } }))).toBe('other-item')
  })

  test('prescriber-not-named: whose licence nobody looked at has signed nothing', () => {
    expect(answerTo(prescriber({ npi: '1234567893' }))).toBe('prescriber-not-named')
    expect(answerTo(prescriber({ organisation: 'elsewhere' }))).toBe('prescriber-not-named')
  })

  test('signature-invalid: only the clinician signs', () => {
    expect(answerTo({}, () => ({ on: { clinicianKey: publicKeyOf(bytes(8)) } }))).toBe('signature-invalid')
  })

  test('terms-differ: the ledger binds an item as its prescriber signed it', () => {
    const changes = [
      { refills: 3 },
      { refillWeeks: 2 },
      { endsAt: 0 },
      { startsAt: 0 },
      { issuedDay: 19_999 },
      { limits: 'v' as const },
    ]
    for (const change of changes)
      expect(answerTo({}, ({ on }) => ({ on: { item: { ...on.item, ...change } } }))).toBe('terms-differ')
  })

  test('limits-too-loose: schedule II stands under its own limits', () => {
    for (const limits of ['iii-iv', 'v', 'none'] as const) expect(answerTo({ limits })).toBe('limits-too-loose')
  })

  test('quantity-missing: nothing is no quantity', () => {
    expect(answerTo({ quantity: 0 })).toBe('quantity-missing')
  })

  test('registration-invalid: a number whose check digit is wrong, or none', () => {
    expect(answerTo(prescriber({ registration: 'AB1234562' }))).toBe('registration-invalid')
    expect(answerTo(prescriber({ registration: null }))).toBe('registration-invalid')
  })

  test('authentication-missing: a controlled drug was signed with two factors (21 CFR 1311.115)', () => {
    expect(answerTo({ authentication: null })).toBe('authentication-missing')
  })

  test('registrar-not-believed: whoever registered must be an authority that the pharmacy knows', () => {
    expect(answerTo({}, () => ({ on: { registrars: ['self'] } }))).toBe('registrar-not-believed')
  })
})

test('of DEA numbers AB1234563 passes, AB1234562 fails', () => {
  expect(['AB1234563', 'A91234563', 'AB1234562', 'AB123456', 'ab1234563'].map(isRegistrationNumber)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

describe('amounts', () => {
  test('every quantity comes back from each of its levels', () => {
    for (const authorised of [1, 2, 3, 7, 30, 90, 999_983, quantityMax])
      for (const filled of [1, 2, 20, 29, 30, authorised - 1, authorised].filter(
        (each) => each >= 1 && each <= authorised,
      ))
        for (const byte of [0, 1, 127, 255]) {
          const level = levelOf(filled, authorised, drawing(byte))
          expect(quantityOf(level, authorised)).toBe(filled)
          expect(level === whole).toBe(filled === authorised)
        }
  })

  test('the last level of a quantity is still its own: a third of a hundred million parts a tablet, of thirty', () => {
    const of = (value: number) => (length: number) =>
      Uint8Array.from({ length }, (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256)
    for (let filled = 1; filled < 30; filled++)
      for (let drawn = 33_333_331; drawn <= 33_333_335; drawn++)
        expect(quantityOf(levelOf(filled, 30, of(drawn)), 30)).toBe(filled)
  })

  test('one unit more is a higher level, however both were drawn', () => {
    for (let filled = 1; filled < 30; filled++)
      expect(levelOf(filled + 1, 30, drawing(0))).toBeGreaterThan(levelOf(filled, 30, drawing(255)))
  })

  test('twenty of thirty and forty of sixty may have one level: a part does not tell the quantity', () => {
    const level = levelOf(20, 30, drawing(0))
    expect(quantityOf(level, 60)).toBe(40)
    expect(quantityOf(level, 90)).toBe(60)
  })

  test('no level stands for nothing, or for more than was authorised', () => {
    expect(() => levelOf(0, 30, drawing(0))).toThrow(RangeError)
    expect(() => levelOf(31, 30, drawing(0))).toThrow(RangeError)
    expect(() => levelOf(1, quantityMax + 1, drawing(0))).toThrow(RangeError)
    expect(() => quantityOf(whole + 1, 30)).toThrow(RangeError)
    expect(quantityOf(0, 30)).toBe(0)
  })
})
