import { isJsonObject, type JsonObject, readJson } from '@plexus/codec'
import { describe, expect, test } from 'vitest'
import { bytesOf, chartBytes, chartNames, chartsPresent, readOrThrow } from './charts.testing.ts'
import { loadDefinitions } from './definitions.ts'
import { validateResource } from './validate.ts'

function resource(members: object): JsonObject {
  const read = readJson(bytesOf(JSON.stringify(members)))
  if (!read.ok || !isJsonObject(read.value.value)) throw new Error('not an object')
  return read.value.value
}

const observation = { resourceType: 'Observation', status: 'final', code: { text: 'weight' } }

describe('what is not FHIR is refused, with the path and what was expected', () => {
  const faults: readonly (readonly [string, object, object])[] = [
    ['an unknown type', { resourceType: 'Horoscope' }, { path: 'Resource', expected: 'a resource type of FHIR R4' }],
    [
      'a missing required element',
      { resourceType: 'Observation', status: 'final' },
      { path: 'Observation.code', came: 'none' },
    ],
    [
      'a list where one value belongs',
      { ...observation, status: ['final'] },
      { path: 'Observation.status', came: 'a list' },
    ],
    [
      'one value where a list belongs',
      { ...observation, category: {} },
      { path: 'Observation.category', expected: 'a list', came: 'a single value' },
    ],
    [
      'a number where a text belongs',
      { ...observation, status: 7 },
      { path: 'Observation.status', expected: 'string', came: 'number' },
    ],
    [
      'a text where a number belongs',
      { ...observation, valueInteger: '7' },
      { path: 'Observation.valueInteger', expected: 'number', came: 'string' },
    ],
    ['a fraction where an integer belongs', { ...observation, valueInteger: 1.5 }, { path: 'Observation.value[x]' }],
    ['an impossible date', { ...observation, effectiveDateTime: '2021-02-30' }, { path: 'Observation.effective[x]' }],
    [
      'a text where an object belongs',
      { ...observation, subject: 'x' },
      { path: 'Observation.subject', came: 'string' },
    ],
    [
      'an object where a code belongs',
      { ...observation, language: {} },
      { path: 'Observation.language', came: 'object' },
    ],
    ['an empty list', { ...observation, category: [] }, { path: 'Observation.category', came: 'an empty list' }],
    ['an empty object', { ...observation, subject: {} }, { path: 'Observation.subject' }],
    ['null', { ...observation, subject: null }, { path: 'Observation.subject', came: 'null' }],
    ['two values of one choice', { ...observation, valueString: 'a', valueInteger: 1 }, { came: 'a second one' }],
    [
      'a broken invariant',
      { ...observation, component: [{ code: { text: 'a' }, valueString: 'b', referenceRange: [{}] }] },
      {},
    ],
  ]
  for (const [name, members, expected] of faults) {
    test(name, () => {
      const { refused } = validateResource(resource(members))
      expect(refused.length).toBeGreaterThan(0)
      expect(refused[0]).toMatchObject(expected)
    })
  }

  test('a member that FHIR does not know is named by its position, for its name may say anything', () => {
    for (const members of [
      { ...observation, 'Zyxwv Qpons': true },
      { ...observation, subject: { reference: 'Patient/1', 'Zyxwv Qpons': 1 } },
      { ...observation, contained: [{ resourceType: 'Patient', 'Zyxwv Qpons': 1 }] },
      { ...observation, '_Zyxwv Qpons': { id: 'x' } },
    ]) {
      const { refused } = validateResource(resource(members))
      expect(refused[0]?.expected).toBe('only members that FHIR R4 gives it')
      expect(JSON.stringify(refused)).not.toMatch(/Zyxwv/)
    }
  })

  test('no issue repeats a value of the resource', () => {
    const secret = 'Zyxwv'
    for (const members of [
      { ...observation, status: [secret] },
      { ...observation, effectiveDateTime: secret },
      { ...observation, subject: secret },
      { ...observation, valueInteger: secret },
      { ...observation, id: `${secret} ${secret}` },
      { ...observation, contained: [{ resourceType: secret }] },
      { ...observation, code: { coding: [{ system: `${secret} ${secret}` }] } },
    ]) {
      const { refused } = validateResource(resource(members))
      expect(refused.length).toBeGreaterThan(0)
      expect(JSON.stringify(refused)).not.toContain(secret)
    }
  })

  test('the key __proto__ is refused like any unknown member', () => {
    const read = readJson(bytesOf('{"resourceType":"Patient","__proto__":{"active":true}}'))
    if (!read.ok || !isJsonObject(read.value.value)) throw new Error('not read')
    expect(validateResource(read.value.value).refused).toHaveLength(1)
  })

  test('extensions of primitives and contained resources are FHIR', () => {
    const members = {
      resourceType: 'Patient',
      birthDate: '1970-01-01',
      _birthDate: {
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: '1970' }],
      },
      contained: [{ resourceType: 'Organization', id: 'o', name: 'x' }],
      managingOrganization: { reference: '#o' },
    }
    expect(validateResource(resource(members))).toEqual({ refused: [], warnings: [] })
  })
})

describe('a code outside a required binding is stored with a warning', () => {
  const bindings: readonly (readonly [string, object, string])[] = [
    ['of a code', { ...observation, status: 'finished' }, 'Observation.status'],
    ['inside a type', { resourceType: 'Patient', name: [{ use: 'pet' }] }, 'Patient.name[0].use'],
    [
      'inside a contained resource',
      { ...observation, contained: [{ resourceType: 'Patient', gender: 'm' }] },
      'Observation.contained[0].gender',
    ],
    [
      'of a CodeableConcept',
      {
        resourceType: 'AllergyIntolerance',
        patient: { reference: 'Patient/1' },
        clinicalStatus: { coding: [{ system: 'http://example.org', code: 'active' }] },
      },
      'AllergyIntolerance.clinicalStatus',
    ],
  ]
  for (const [name, members, path] of bindings) {
    test(name, () => {
      const { refused, warnings } = validateResource(resource(members))
      expect(refused).toEqual([])
      expect(warnings.map((warning) => warning.path)).toEqual([path])
    })
  }

  test('nearly every required binding of R4 can be checked', () => {
    const { shapes, expansions } = loadDefinitions()
    const members = [...shapes.values()].flatMap((shape) => [...shape.members.values()])
    const bound = new Set(members.map((member) => member.requiredValueSet).filter((url) => url !== ''))
    const unchecked = [...bound].filter((url) => !expansions.has(url)).toSorted()
    expect(expansions.size).toBeGreaterThan(200)
    expect(unchecked.filter((url) => url.startsWith('http://hl7.org/fhir/ValueSet/'))).toEqual(
      expect.arrayContaining(['http://hl7.org/fhir/ValueSet/currencies', 'http://hl7.org/fhir/ValueSet/mimetypes']),
    )
    expect(unchecked.length).toBeLessThan(10)
  })
})

test.skipIf(!chartsPresent)('no resource of the charts is refused (needs ../shared/data)', () => {
  let read = 0
  for (const name of chartNames()) {
    for (const { value } of readOrThrow(chartBytes(name)).entries) {
      read++
      expect(validateResource(value).refused).toEqual([])
    }
  }
  expect(read).toBe(9903)
})
