import { type AssembledRecord, assemble, type Line } from '@plexus/assembly'
import { isJsonObject, readJson } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { checksFor } from './checks-due.ts'
import { ageAt, meaningOf } from './meanings.ts'

/** A record of these resources, from one place. */
function recordOf(...resources: readonly object[]): AssembledRecord {
  const entries = resources.map((resource, index) => {
    const read = readJson(new TextEncoder().encode(JSON.stringify(resource)))
    if (!read.ok || !isJsonObject(read.value.value)) throw new Error('not a resource')
    const frame = { record: String(index).padStart(32, '0'), version: 1, replaces: null, committedAt: 1, dispute: null }
    return { ...frame, verified: true as const, value: read.value.value }
  })
  const count = entries.length
  const state = { type: 'complete' as const, height: 1, count, of: count }
  return assemble({
    sources: [{ custodian: 'hospital', state, entries }],
    requester: 'patient',
    purpose: 'PATRQT',
    height: 1,
  })
}

const observation = (code: string, number: number, unit: string, date = '2026-01-05') => ({
  resourceType: 'Observation',
  id: `${code}-${number}`,
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code }] },
  effectiveDateTime: date,
  valueQuantity: { value: number, unit, system: 'http://unitsofmeasure.org', code: unit },
})
const procedure = (code: string, date: string, status = 'completed') => ({
  resourceType: 'Procedure',
  id: `${code}-${date}`,
  status,
  code: { coding: [{ system: 'http://snomed.info/sct', code }] },
  performedDateTime: date,
})

describe('what a value is called', () => {
  const born = '1970-06-01'
  const band = (code: string, number: number, unit: string, birthDate: string | null = born, date?: string) => {
    const [line] = recordOf(observation(code, number, unit, date)).lines
    return line ? (meaningOf(line, birthDate)?.band ?? null) : null
  }

  test('follows the table at its limits', () => {
    expect([5.6, 5.7, 6.4, 6.5].map((value) => band('4548-4', value, '%'))).toEqual([
      'a1c-normal',
      'a1c-prediabetes',
      'a1c-prediabetes',
      'a1c-diabetes',
    ])
    expect([18.4, 18.5, 25, 30].map((value) => band('39156-5', value, 'kg/m2'))).toEqual([
      'bmi-underweight',
      'bmi-healthy',
      'bmi-overweight',
      'bmi-obesity',
    ])
    expect([199, 200, 240].map((value) => band('2093-3', value, 'mg/dL'))).toEqual([
      'cholesterol-desirable',
      'cholesterol-borderline',
      'cholesterol-high',
    ])
  })

  test('is not said in another unit, of another code, of a child, or where no age is known', () => {
    expect(band('4548-4', 39, 'mmol/mol')).toBeNull()
    expect(band('2339-0', 6.5, '%')).toBeNull()
    expect(band('39156-5', 18, 'kg/m2', '2010-01-01')).toBeNull()
    expect(band('39156-5', 18, 'kg/m2', null)).toBeNull()
  })

  test('is not said of what did not verify', () => {
    const [line] = recordOf(observation('4548-4', 7, '%')).lines
    expect(meaningOf({ ...(line as Line), verified: false }, born)).toBeNull()
  })
})

test('an age counts whole years, as if the day that is not said were the last', () => {
  expect(ageAt('1970-06-01', '2026-05-31')).toBe(55)
  expect(ageAt('1970-06-01', '2026-06-01')).toBe(56)
  expect(ageAt('1970', '2026-06-01')).toBe(55)
  expect(ageAt(null, '2026-06-01')).toBe(-1)
})

describe('checks', () => {
  const today = '2026-11-22'
  const woman = { birthDate: '1970-06-01', gender: 'female' }
  const names = (person: { birthDate: string | null; gender: string | null }) =>
    checksFor(recordOf(), person, today).map(({ name }) => name)

  test('are those of an age, and of women where the recommendation says so', () => {
    expect(names(woman)).toEqual(['colorectal-cancer', 'breast-cancer', 'blood-pressure', 'hepatitis-c'])
    expect(names({ ...woman, gender: 'male' })).not.toContain('breast-cancer')
    expect(names({ ...woman, birthDate: '2000-01-01' })).toEqual(['hepatitis-c'])
    expect(names({ ...woman, birthDate: '2020-01-01' })).toEqual([])
    expect(names({ birthDate: null, gender: null })).toEqual([])
  })

  test('are shown while they count: each way for as long as the recommendation says', () => {
    const colorectal = (...resources: readonly object[]) =>
      checksFor(recordOf(...resources), woman, today).find(({ name }) => name === 'colorectal-cancer')
    expect(colorectal()).toMatchObject({ last: null, isShown: false })
    expect(colorectal(procedure('73761001', '2017-01-10'))).toMatchObject({ last: '2017-01-10', isShown: true })
    expect(colorectal(procedure('73761001', '2016-11-21'))).toMatchObject({ last: '2016-11-21', isShown: false })
    expect(colorectal(procedure('104435004', '2024-01-10'))).toMatchObject({ last: '2024-01-10', isShown: false })
    expect(colorectal(procedure('73761001', '2027-01-10'))).toMatchObject({ last: null })
    expect(colorectal(procedure('73761001', '2020-01-10', 'not-done'))).toMatchObject({ last: null })
  })

  test('name their source and its date', () => {
    for (const { source } of checksFor(recordOf(), woman, today)) {
      expect(source.url).toMatch(/^https:\/\/www\.uspreventiveservicestaskforce\.org\//)
      expect(source.date).toMatch(/^20\d\d-\d\d-\d\d$/)
    }
  })
})
