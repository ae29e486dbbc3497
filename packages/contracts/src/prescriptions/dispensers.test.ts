import { toHex } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { type PractitionersTransaction, practitioners } from '../practitioners/index.ts'
import { claimed, dispensers, type Example, filling, prescriber, signedExample } from './examples.testing.ts'
import { prescriptions, whole } from './index.ts'

const colleague = '1245319599'
const [pharmacy] = dispensers

function said({ world }: Example, signer: 'board' | 'office', transaction: PractitionersTransaction): void {
  const keys = signer === 'board' ? world.boardKeys : world.officeKeys
  const by = { sponsor: 'alder', signers: keys.slice(0, 1) }
  const answer = world.submit(practitioners, transaction, by)
  if (answer !== 'accepted') throw new Error(answer)
}

/** A second pharmacist comes to the pharmacy, licensed unless told otherwise. */
function employed(example: Example, isLicensed = true): void {
  const key = new Uint8Array(32).fill(7)
  if (isLicensed)
    said(example, 'board', { type: 'attest-licence', npi: colleague, jurisdiction: 'CT', validUntil: 4_000_000_000 })
  said(example, 'office', { type: 'attest-role', npi: colleague, organisation: 'alder', role: '183500000X', key })
}

describe('a fill names a pharmacy and its pharmacists', () => {
  test('who stand now, and the fill says so for good', () => {
    const example = signedExample()
    employed(example)
    const both = [{ ...pharmacy, pharmacists: [prescriber, colleague] }]
    const { answer, tag } = filling(example, claimed(example), whole, null, both)
    expect(answer).toBe('accepted')
    said(example, 'board', { type: 'suspend-licence', npi: colleague })
    const { queries } = prescriptions
    expect(queries.fill(example.world.view(prescriptions), toHex(tag))?.dispensers).toEqual(both)
  })

  test('licence-not-active: a suspended or unlicensed pharmacist dispenses nothing, nor does a suspended pharmacy', () => {
    const example = signedExample()
    const holder = claimed(example)
    employed(example, false)
    const ofTheirs = [{ ...pharmacy, pharmacists: [colleague] }]
    expect(filling(example, holder, whole, null, ofTheirs).answer).toBe('licence-not-active')
    employed(example)
    expect(filling(example, holder, whole / 2, null, ofTheirs).answer).toBe('accepted')
    said(example, 'board', { type: 'suspend-licence', npi: colleague })
    expect(filling(example, holder, whole, null, ofTheirs).answer).toBe('licence-not-active')
    const ofHers = [{ organisation: 'alder', pharmacy: colleague, pharmacists: [prescriber] }]
    expect(filling(example, holder, whole, null, ofHers).answer).toBe('licence-not-active')
    said(example, 'board', { type: 'reinstate-licence', npi: colleague })
    expect(filling(example, holder, whole, null, ofTheirs).answer).toBe('accepted')
  })

  test('role-not-active: who does not work there, or no longer, dispenses nothing', () => {
    const example = signedExample()
    const holder = claimed(example)
    const elsewhere = [{ ...pharmacy, organisation: 'birch' }]
    expect(filling(example, holder, whole, null, elsewhere).answer).toBe('role-not-active')
    said(example, 'office', { type: 'suspend-role', npi: prescriber, organisation: 'alder' })
    expect(filling(example, holder, whole).answer).toBe('role-not-active')
  })

  test('one of several pharmacies that does not stand takes the whole fill with it', () => {
    const example = signedExample()
    const holder = claimed(example)
    const crowd = [pharmacy, { organisation: 'birch', pharmacy: prescriber, pharmacists: [prescriber] }]
    expect(filling(example, holder, whole, null, crowd).answer).toBe('role-not-active')
  })

  test('controlled items are dispensed by pharmacies alone that the authority of their prescribers registered', () => {
    const example = signedExample({ limits: 'iii-iv' })
    const holder = claimed(example)
    employed(example)
    const unregistered = [{ ...pharmacy, pharmacy: colleague }]
    expect(filling(example, holder, whole, null, unregistered).answer).toBe('role-not-active')
    expect(filling(example, holder, whole).answer).toBe('accepted')
    const other = signedExample()
    employed(other)
    expect(filling(other, claimed(other), whole, null, unregistered).answer).toBe('accepted')
  })
})
