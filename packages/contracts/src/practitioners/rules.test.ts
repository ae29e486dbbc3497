import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { members } from '../members/index.ts'
import { type Network, network } from '../network.testing.ts'
import { identities } from '../world.testing.ts'
import { isNpi, npiOf, practitioners } from './index.ts'

const npi = '1234567893'
const clinicianKey = identities[20]?.key as Uint8Array

/** The first member is a licensing board too; so is the second. */
const byBoard = (world: Network, index = 0) => ({ sponsor: 'cedar', signers: world.boardKeys.slice(index, index + 1) })
const byOffice = (world: Network, index = 0) => ({
  sponsor: world.members[index] as string,
  signers: world.officeKeys.slice(index, index + 1),
})
const attestLicence = (world: Network, validUntil = world.time + 100) =>
  ({ type: 'attest-licence', npi, jurisdiction: 'CT', validUntil }) as const
const role = { npi, organisation: 'alder' } as const
const attestRole = { type: 'attest-role', ...role, role: '207R00000X', key: clinicianKey } as const
const standing = (world: Network, time = world.time) =>
  practitioners.queries.standing(world.view(practitioners), { ...role, time })

describe('licences', () => {
  test('a board attests a licence through any sponsor; it holds through its last second', () => {
    const world = network()
    expect(standing(world).licence).toBe('none')
    expect(world.submit(practitioners, attestLicence(world), byBoard(world))).toBe('accepted')
    expect(standing(world, world.time + 100).licence).toBe('active')
    expect(standing(world, world.time + 101).licence).toBe('expired')
  })

  test('a suspended licence is not active, a renewal does not lift that, a reinstatement does', () => {
    const world = network()
    world.submit(practitioners, attestLicence(world), byBoard(world))
    expect(world.submit(practitioners, { type: 'suspend-licence', npi }, byBoard(world))).toBe('accepted')
    expect(world.submit(practitioners, attestLicence(world, world.time + 500), byBoard(world))).toBe('accepted')
    expect(standing(world).licence).toBe('suspended')
    expect(world.submit(practitioners, { type: 'reinstate-licence', npi }, byBoard(world))).toBe('accepted')
    expect(standing(world, world.time + 500).licence).toBe('active')
  })

  test('npi-invalid: the check digit must be right', () => {
    const world = network()
    const transaction = { ...attestLicence(world), npi: '1234567890' }
    expect(world.submit(practitioners, transaction, byBoard(world))).toBe('npi-invalid')
    expect(world.submit(practitioners, { ...attestRole, npi: '1234567890' }, byOffice(world))).toBe('npi-invalid')
  })

  test('not-one-board: neither no board nor two at once', () => {
    const world = network()
    expect(world.submit(practitioners, attestLicence(world), byOffice(world))).toBe('not-one-board')
    const both = { sponsor: 'cedar', signers: world.boardKeys }
    expect(world.submit(practitioners, attestLicence(world), both)).toBe('not-one-board')
    world.submit(practitioners, attestLicence(world), byBoard(world))
    for (const transaction of [
      { type: 'suspend-licence', npi },
      { type: 'reinstate-licence', npi },
    ] as const)
      expect(world.submit(practitioners, transaction, byOffice(world))).toBe('not-one-board')
  })

  test('licence-unknown: what nobody attested cannot be suspended or reinstated', () => {
    const world = network()
    expect(world.submit(practitioners, { type: 'suspend-licence', npi }, byBoard(world))).toBe('licence-unknown')
    expect(world.submit(practitioners, { type: 'reinstate-licence', npi }, byBoard(world))).toBe('licence-unknown')
  })

  test('not-its-board: another board neither renews, suspends nor reinstates', () => {
    const world = network()
    world.submit(practitioners, attestLicence(world), byBoard(world))
    for (const transaction of [
      attestLicence(world),
      { type: 'suspend-licence', npi },
      { type: 'reinstate-licence', npi },
    ] as const)
      expect(world.submit(practitioners, transaction, byBoard(world, 1))).toBe('not-its-board')
  })

  test('already-over: no licence is attested for the past', () => {
    const world = network()
    expect(world.submit(practitioners, attestLicence(world, world.time - 1), byBoard(world))).toBe('already-over')
  })

  test('already-suspended and not-suspended: each turn once', () => {
    const world = network()
    world.submit(practitioners, attestLicence(world), byBoard(world))
    expect(world.submit(practitioners, { type: 'reinstate-licence', npi }, byBoard(world))).toBe('not-suspended')
    world.submit(practitioners, { type: 'suspend-licence', npi }, byBoard(world))
    expect(world.submit(practitioners, { type: 'suspend-licence', npi }, byBoard(world))).toBe('already-suspended')
  })
})

describe('roles', () => {
  test("an organisation attests its clinician's role and key", () => {
    const world = network()
    expect(standing(world)).toMatchObject({ role: 'none', key: null, roleCode: null })
    expect(world.submit(practitioners, attestRole, byOffice(world))).toBe('accepted')
    expect(standing(world)).toMatchObject({ role: 'active', key: clinicianKey, roleCode: '207R00000X' })
  })

  test('a host attests for its tenant', () => {
    const world = network()
    world.submit(members, { type: 'register-tenant', tenant: 'grove' }, byOffice(world))
    const transaction = { ...attestRole, organisation: 'grove' }
    expect(world.submit(practitioners, transaction, byOffice(world, 1))).toBe('not-hosted')
    expect(world.submit(practitioners, transaction, byOffice(world))).toBe('accepted')
  })

  test('a suspended role shows no key, until it is reinstated', () => {
    const world = network()
    world.submit(practitioners, attestRole, byOffice(world))
    expect(world.submit(practitioners, { type: 'suspend-role', ...role }, byOffice(world))).toBe('accepted')
    expect(standing(world)).toMatchObject({ role: 'suspended', key: null, roleCode: null })
    expect(world.submit(practitioners, { type: 'reinstate-role', ...role }, byOffice(world))).toBe('accepted')
    expect(standing(world)).toMatchObject({ role: 'active', key: clinicianKey })
  })

  test('scope-missing: a key with the scope credentials attests, suspends and reinstates', () => {
    const world = network()
    for (const transaction of [
      attestRole,
      { type: 'suspend-role', ...role },
      { type: 'reinstate-role', ...role },
    ] as const)
      expect(world.submit(practitioners, transaction, { sponsor: 'alder' })).toBe('scope-missing')
  })

  test('not-hosted, a refusal of members: no member speaks of the clinicians of another, and nothing is written', () => {
    const world = network()
    expect(world.submit(practitioners, attestRole, byOffice(world, 1))).toBe('not-hosted')
    expect(standing(world).role).toBe('none')
    world.submit(practitioners, attestRole, byOffice(world))
    expect(world.submit(practitioners, { type: 'suspend-role', ...role }, byOffice(world, 1))).toBe('not-hosted')
    expect(standing(world).role).toBe('active')
  })

  test('role-unknown: what was never attested is neither suspended nor reinstated', () => {
    const world = network()
    expect(world.submit(practitioners, { type: 'suspend-role', ...role }, byOffice(world))).toBe('role-unknown')
    expect(world.submit(practitioners, { type: 'reinstate-role', ...role }, byOffice(world))).toBe('role-unknown')
  })

  test('already-suspended and not-suspended: each turn once', () => {
    const world = network()
    world.submit(practitioners, attestRole, byOffice(world))
    expect(world.submit(practitioners, { type: 'reinstate-role', ...role }, byOffice(world))).toBe('not-suspended')
    world.submit(practitioners, { type: 'suspend-role', ...role }, byOffice(world))
    expect(world.submit(practitioners, { type: 'suspend-role', ...role }, byOffice(world))).toBe('already-suspended')
  })
})

describe('the NPI check digit (45 CFR 162.406)', () => {
  test('the example of CMS holds, and every other last digit does not', () => {
    expect(Array.from({ length: 10 }, (_, digit) => isNpi(`123456789${digit}`))).toEqual(
      Array.from({ length: 10 }, (_, digit) => digit === 3),
    )
  })

  test('nine digits have one check digit, and anything else has none', () => {
    expect(npiOf('123456789')).toBe('1234567893')
    for (const wrong of ['', '12345678', '1234567890', '323456789', '12345678X']) expect(() => npiOf(wrong)).toThrow()
  })

  test('an NPI has ten ASCII digits and begins with 1 or 2', () => {
    for (const wrong of ['', '123456789', '12345678933', ' 1234567893', '123456789X', '1234567893\n', '3526700208'])
      expect(isNpi(wrong)).toBe(false)
  })

  const source = new URL('../../../../../shared/data/credentialing/identifiers.json', import.meta.url)
  test.skipIf(!existsSync(source))('published numbers are told from wrong ones (needs ../shared/data)', () => {
    const { npi: cases } = JSON.parse(readFileSync(source, 'utf8')) as {
      npi: Record<'valid', string[]> & Record<'validThoughSwapped' | 'invalid', { value: string }[]>
    }
    const valid = [...cases.valid, ...cases.validThoughSwapped.map(({ value }) => value)]
    expect(valid.length).toBeGreaterThan(40)
    expect(valid.filter((each) => !isNpi(each))).toEqual([])
    expect(cases.invalid.length).toBeGreaterThan(20)
    expect(cases.invalid.filter(({ value }) => isNpi(value))).toEqual([])
  })
})
