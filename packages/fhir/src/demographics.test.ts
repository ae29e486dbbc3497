import { readJson, utf8 } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { demographicsOf, matchOf, type PatientQuery } from './demographics.ts'

const patient = {
  resourceType: 'Patient',
  name: [{ use: 'official', given: ['José', 'Luis'], family: 'Ramírez-Ortega' }, { text: 'Pepe Ortega' }],
  birthDate: '1941-02-03',
  gender: 'male',
  address: [{ postalCode: '01970' }],
  telecom: [
    { system: 'phone', value: '555-867-5309' },
    { system: 'email', value: '5558675309' },
  ],
  identifier: [{ system: 'urn:plexus:custodian:hospital-1', value: 'H-17' }, { value: 'loose' }],
}

function read(resource: object) {
  const json = readJson(utf8(JSON.stringify(resource)))
  if (!json.ok || !(json.value.value instanceof Map)) throw new Error('not an object')
  return demographicsOf(json.value.value)
}

const nothing: PatientQuery = { name: '', birthDate: '', postalCode: '', phone: '', number: '' }
function reasons(query: Partial<PatientQuery>) {
  const known = read(patient)
  if (!known) throw new Error('no patient')
  return matchOf({ ...nothing, ...query }, known, 'chart-9')
}

test('demographics are those of a patient, and of nothing else', () => {
  expect(read(patient)).toEqual({
    names: ['José Luis Ramírez-Ortega', 'Pepe Ortega'],
    birthDate: '1941-02-03',
    gender: 'male',
    postalCodes: ['01970'],
    phones: ['5558675309'],
    identifiers: [{ system: 'urn:plexus:custodian:hospital-1', value: 'H-17' }],
  })
  expect(read({ resourceType: 'Practitioner', name: [{ family: 'Ortega' }] })).toBeNull()
  expect(read({ resourceType: 'Patient', name: 'Ortega', birthDate: 1941, telecom: [7] })).toMatchObject({
    names: [],
    birthDate: null,
    phones: [],
  })
})

describe('a match says why', () => {
  test.each([
    [{ name: 'jose ramirez', birthDate: '1941-02-03' }, ['name', 'birth-date']],
    [{ name: 'Ramirez Jose', birthDate: '1941' }, ['name', 'birth-year']],
    [{ name: 'ram jos', birthDate: '1941-02-03' }, ['name-begins', 'birth-date']],
    [{ name: 'Ramires', birthDate: '1941-02-03' }, ['name-similar', 'birth-date']],
    [{ name: 'Ramriez', postalCode: '01970' }, ['name-similar', 'postal-code']],
    [{ name: 'Ramirz', phone: '(555) 867 5309' }, ['name-similar', 'phone']],
    [{ name: 'pepe', phone: '5558675309' }, ['name', 'phone']],
    [{ number: 'H-17' }, ['number']],
    [{ number: 'chart-9' }, ['number']],
    [{ number: 'H-17', name: 'Ortega' }, ['number', 'name']],
  ] as const)('%j', (query, expected) => {
    expect(reasons(query)).toEqual(expected)
  })
})

describe('nobody is shown', () => {
  test.each([
    ['for nothing', {}],
    ['for a name alone', { name: 'Ortega' }],
    ['for a birth date alone', { birthDate: '1941-02-03' }],
    ['for a birth date and a place', { birthDate: '1941-02-03', postalCode: '01970' }],
    ['who fits but for one thing that is known', { name: 'Ortega', birthDate: '1941-02-04' }],
    ['whose number is another, whatever else fits', { number: 'H-18', name: 'Ortega', birthDate: '1941-02-03' }],
    ['for words of two different names', { name: 'Pepe Luis', birthDate: '1941-02-03' }],
    ['for one letter', { name: 'O', birthDate: '1941-02-03' }],
    ['whose short name is one letter away', { name: 'Luz', birthDate: '1941-02-03' }],
    ['whose name is two letters away', { name: 'Romires', birthDate: '1941-02-03' }],
  ] as const)('%s', (_, query) => {
    expect(reasons(query)).toBeNull()
  })
})
