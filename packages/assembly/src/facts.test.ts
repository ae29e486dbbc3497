import { JsonNumber } from '@plexus/codec'
import { expect, test } from 'vitest'
import { factsOf } from './facts.ts'
import { coded, glucose, resource } from './sources.testing.ts'
import { shownValue } from './value.ts'

test('a quantity keeps its number as text, and its unit', () => {
  expect(factsOf(glucose('86.0')).value).toEqual({
    type: 'quantity',
    number: '86.0',
    comparator: '',
    unit: 'mg/dL',
    ucum: 'mg/dL',
  })
})

test('a unit that is missing or of another system is kept as it came and is not UCUM', () => {
  expect(factsOf(glucose('86', {}, null)).value).toMatchObject({ unit: '', ucum: null })
  const local = glucose('86', { valueQuantity: { value: 86, unit: 'mg%', system: 'urn:local', code: 'mgp' } })
  expect(factsOf(local).value).toMatchObject({ unit: 'mg%', ucum: null })
})

test('components are read one by one and shown with their names', () => {
  const pressure = resource({
    resourceType: 'Observation',
    component: [
      { code: coded('http://loinc.org', '8480-6', 'Systolic'), valueQuantity: { value: 120, unit: 'mm[Hg]' } },
      { code: coded('http://loinc.org', '8462-4', 'Diastolic'), valueQuantity: { value: new JsonNumber('80.50') } },
      { code: coded('http://loinc.org', '8478-0', 'Mean'), dataAbsentReason: { coding: [{ code: 'not-performed' }] } },
    ],
  })
  expect(shownValue(factsOf(pressure).value)).toEqual({
    text: 'Systolic: 120 mm[Hg]; Diastolic: 80.50; Mean: absent: not-performed',
    unit: null,
  })
})

test('each form of value is shown as it was received', () => {
  const shown = (members: Parameters<typeof resource>[0]) => shownValue(factsOf(resource(members)).value)
  expect(shown({ valueString: 'clear' })).toEqual({ text: 'clear', unit: null })
  expect(shown({ valueBoolean: false })).toEqual({ text: 'false', unit: null })
  expect(shown({ valueInteger: 3 })).toEqual({ text: '3', unit: null })
  expect(shown({ valueCodeableConcept: coded('s', 'c', 'Never smoker') })).toEqual({ text: 'Never smoker', unit: null })
  expect(shown({ valueQuantity: { comparator: '<', value: 5, unit: 'mg' } })).toEqual({ text: '<5', unit: 'mg' })
  expect(shown({ valueRange: { low: { value: 1, unit: 'mg' }, high: { value: 2, unit: 'mg' } } })).toEqual({
    text: '1 mg 2 mg',
    unit: null,
  })
  expect(shown({ resourceType: 'DiagnosticReport', conclusion: 'normal' })).toEqual({ text: 'normal', unit: null })
  expect(shown({ total: { value: new JsonNumber('125.00'), currency: 'USD' } })).toEqual({
    text: '125.00',
    unit: 'USD',
  })
  expect(shown({})).toBeNull()
})

test('a resource is entered in error by its status or by its verification status', () => {
  expect(factsOf(resource({ status: 'entered-in-error' })).enteredInError).toBe(true)
  const refuted = resource({ verificationStatus: { coding: [{ code: 'entered-in-error' }] } })
  expect(factsOf(refuted).enteredInError).toBe(true)
  expect(factsOf(resource({ status: 'final' })).enteredInError).toBe(false)
})

test('a date is the most specific one, as received, with the end of its period', () => {
  const encounter = resource({ period: { start: '1999-04-24', end: '1999-04-25' }, recorded: '2001' })
  expect(factsOf(encounter)).toMatchObject({ date: '1999-04-24', until: '1999-04-25' })
  const procedure = resource({ performedPeriod: { end: '1999' }, period: { start: '1998' } })
  expect(factsOf(procedure)).toMatchObject({ date: '1999', until: '1999' })
  expect(factsOf(resource({ onsetString: 'as a child' })).date).toBe('as a child')
})

test('temporary and old identifiers, and those without a system, identify nothing', () => {
  const facts = factsOf(
    resource({
      identifier: [
        { system: 'urn:a', value: '1' },
        { system: 'urn:b', value: '2', use: 'old' },
        { system: 'urn:c', value: '3', use: 'temp' },
        { value: '4' },
      ],
    }),
  )
  expect(facts.identifierSystems).toEqual(['urn:a'])
})

test('a request takes its codes from a contained medication', () => {
  const request = resource({
    resourceType: 'MedicationRequest',
    contained: [{ resourceType: 'Medication', id: 'm', code: coded('urn:x', '7', 'seven') }],
    medicationReference: { reference: '#m' },
  })
  expect(factsOf(request)).toMatchObject({ codes: [{ system: 'urn:x', code: '7' }], display: 'seven' })
})

test('members of the wrong form read as absent', () => {
  const odd = resource({ resourceType: 7, id: [], code: 'text', status: {}, identifier: 'x', valueQuantity: 'many' })
  expect(factsOf(odd)).toMatchObject({ resourceType: 'unknown', id: null, codes: [], status: null, date: null })
})
