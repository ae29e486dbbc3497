import { describe, expect, test } from 'vitest'
import { type AttributedEntry, Attribution, attribute } from './attribution.ts'
import { bytesOf, chartBytes, chartNames, chartsPresent, entriesOf, readOrThrow } from './charts.testing.ts'
import { readResource } from './entries.ts'
import { provenanceOf } from './provenance.ts'
import { validateResource } from './validate.ts'

const ref = (id: string) => ({ reference: `urn:uuid:${id}` })
const patient = { resourceType: 'Patient', id: 'p1' }
const north = { resourceType: 'Organization', id: 'north', name: 'North Clinic' }
const south = { resourceType: 'Organization', id: 'south', name: 'South Hospital' }
const visit = (id: string, organisation: string, start: string, end: string, more = {}) => ({
  resourceType: 'Encounter',
  id,
  subject: ref('p1'),
  serviceProvider: ref(organisation),
  period: { start, end },
  ...more,
})
/** Two encounters in the north, one in the south. */
const chart = [
  patient,
  north,
  south,
  visit('n1', 'north', '2020-01-01T10:00:00Z', '2020-01-01T11:00:00Z', { participant: [{ individual: ref('dr') }] }),
  visit('n2', 'north', '2020-03-01T10:00:00Z', '2020-03-01T11:00:00Z'),
  visit('s1', 'south', '2020-02-01T10:00:00Z', '2020-02-01T11:00:00Z'),
  { resourceType: 'Practitioner', id: 'dr' },
]

function attributed(...resources: readonly { readonly id?: string }[]): readonly AttributedEntry[] {
  const result = attribute(entriesOf(...chart, ...resources))
  expect(result.refused).toEqual([])
  return result.attributed.slice(chart.length)
}

function refusedOf(...resources: readonly { readonly id?: string }[]) {
  return attribute(entriesOf(...chart, ...resources)).refused
}

describe('who made a resource, rule by rule', () => {
  const rules: readonly (readonly [string, object, string, string])[] = [
    [
      'its own field',
      { resourceType: 'DocumentReference', subject: ref('p1'), custodian: ref('south') },
      'south',
      'own-organisation',
    ],
    [
      'its own field before its encounter',
      { resourceType: 'Observation', subject: ref('p1'), performer: [ref('south')], encounter: ref('n1') },
      'south',
      'own-organisation',
    ],
    [
      'its encounter',
      { resourceType: 'Observation', subject: ref('p1'), performer: [ref('dr')], encounter: ref('s1') },
      'south',
      'encounter',
    ],
    [
      'the encounter of its context',
      { resourceType: 'DocumentReference', subject: ref('p1'), context: { encounter: [ref('s1')] } },
      'south',
      'encounter',
    ],
    [
      'the encounter of its items before its provider',
      {
        resourceType: 'ExplanationOfBenefit',
        patient: ref('p1'),
        provider: ref('dr'),
        item: [{ sequence: 1 }, { encounter: [ref('s1')] }],
      },
      'south',
      'item-or-provider',
    ],
    [
      'the encounters of its provider',
      { resourceType: 'ExplanationOfBenefit', patient: ref('p1'), provider: ref('dr') },
      'north',
      'item-or-provider',
    ],
    [
      'the encounter open when it was recorded',
      { resourceType: 'AllergyIntolerance', patient: ref('p1'), recordedDate: '2020-02-01T12:30:00+02:00' },
      'south',
      'encounter-open-then',
    ],
    [
      'an encounter of the day, when only the day is known',
      { resourceType: 'AllergyIntolerance', patient: ref('p1'), recordedDate: '2020-02-01' },
      'south',
      'encounter-open-then',
    ],
    [
      'the last encounter earlier that day',
      { resourceType: 'AllergyIntolerance', patient: ref('p1'), recordedDate: '2020-02-01T20:00:00Z' },
      'south',
      'encounter-open-then',
    ],
    [
      'the main custodian, when the day had no encounter',
      { resourceType: 'AllergyIntolerance', patient: ref('p1'), recordedDate: '2020-02-02T20:00:00Z' },
      'north',
      'main-custodian',
    ],
    [
      'the main custodian, when it says nothing',
      { resourceType: 'Device', patient: ref('p1') },
      'north',
      'main-custodian',
    ],
    [
      'an organisation outside the source',
      {
        resourceType: 'Observation',
        subject: ref('p1'),
        performer: [{ reference: 'Organization?identifier=http://example.org|west', display: 'West' }],
      },
      'west',
      'own-organisation',
    ],
  ]
  for (const [name, resource, organisation, rule] of rules) {
    test(name, () => {
      const [entry] = attributed({ id: 'x', ...resource })
      expect(entry).toMatchObject({ patient: 'p1', organisation, rule })
    })
  }

  test('a goal and what a care plan addresses go with the care plan', () => {
    const [plan, goal, condition] = attributed(
      {
        resourceType: 'CarePlan',
        id: 'plan',
        subject: ref('p1'),
        encounter: ref('s1'),
        goal: [ref('g')],
        addresses: [ref('c')],
      } as object,
      { resourceType: 'Goal', id: 'g', subject: ref('p1') } as object,
      { resourceType: 'Condition', id: 'c', subject: ref('p1'), recordedDate: '2020-01-01T10:30:00Z' } as object,
    )
    expect(plan).toMatchObject({ organisation: 'south', rule: 'encounter' })
    expect(goal).toMatchObject({ organisation: 'south', rule: 'care-plan' })
    expect(condition).toMatchObject({ organisation: 'south', rule: 'care-plan' })
  })

  test('of equals the smallest organisation id is the main custodian, whatever the order', () => {
    const visits = [visit('a', 'south', '2020-01-01', '2020-01-01'), visit('b', 'north', '2020-01-02', '2020-01-02')]
    for (const order of [visits, visits.toReversed()]) {
      const { attributed: all } = attribute(entriesOf(patient, north, south, ...order))
      expect(all[0]).toMatchObject({ resourceType: 'Patient', organisation: 'north', rule: 'main-custodian' })
    }
  })

  test('what is about no patient goes with what refers to it', () => {
    const [medication, order] = attributed(
      { resourceType: 'Medication', id: 'm' } as object,
      {
        resourceType: 'MedicationRequest',
        id: 'r',
        subject: ref('p1'),
        encounter: ref('s1'),
        medicationReference: ref('m'),
      } as object,
    )
    expect(order).toMatchObject({ patient: 'p1', organisation: 'south', rule: 'encounter' })
    expect(medication).toMatchObject({ patient: 'p1', organisation: 'south', rule: 'referrer' })
  })

  test('a source that names no organisation leaves its resources with the importer', () => {
    const entries = entriesOf({ resourceType: 'Observation', id: 'o', subject: { reference: 'Patient/77' } } as object)
    const { attributed: all } = attribute(entries, { importer: { id: 'me', name: 'Me' } })
    expect(all).toMatchObject([{ patient: '77', organisation: 'me', organisationName: 'Me', rule: 'unnamed' }])
  })

  test('references by identifier, by type and id, and by URL find the same encounter', () => {
    const identified = {
      ...visit('s9', 'south', '2020-05-01', '2020-05-01'),
      identifier: [{ system: 'http://e.org/v', value: '9' }],
    }
    for (const reference of [
      'Encounter/s9',
      'https://e.org/fhir/Encounter/s9',
      'Encounter?identifier=http%3A%2F%2Fe.org%2Fv|9',
    ]) {
      const [, entry] = attributed(identified, {
        resourceType: 'Observation',
        id: 'o',
        subject: ref('p1'),
        encounter: { reference },
      } as object)
      expect(entry).toMatchObject({ organisation: 'south', rule: 'encounter' })
    }
  })

  test('encounters that are part of each other in a circle end somewhere', () => {
    const circle = (id: string, of: string) => ({ resourceType: 'Encounter', id, subject: ref('p1'), partOf: ref(of) })
    const all = attributed(circle('x', 'y'), circle('y', 'x'))
    expect(all.map(({ rule }) => rule)).toEqual(['main-custodian', 'main-custodian'])
  })
})

describe('whose chart it is', () => {
  test('a resource about a patient whom its bundle does not hold is refused', () => {
    for (const subject of [ref('p2'), { reference: 'Patient/p2' }, { reference: 'Patient?identifier=x|y' }]) {
      expect(refusedOf({ resourceType: 'Observation', id: 'o', subject } as object)).toMatchObject([
        { type: 'another-patient', where: `entry[${chart.length}]`, path: 'Observation.subject' },
      ])
    }
    expect(refusedOf({ resourceType: 'Claim', id: 'c', patient: ref('p2') } as object)).toMatchObject([
      { path: 'Claim.patient' },
    ])
  })

  test('a resource about one patient in an encounter of another is refused', () => {
    const second = { resourceType: 'Patient', id: 'p2' }
    const wrong = { resourceType: 'Observation', id: 'o', subject: ref('p2'), encounter: ref('n1') }
    expect(refusedOf(second, wrong)).toMatchObject([{ type: 'another-patient', path: 'Observation.encounter' }])
  })

  test('a resource that contains one about another patient is refused', () => {
    const contained = [{ resourceType: 'Coverage', id: 'c', beneficiary: ref('p2') }]
    const claim = { resourceType: 'Claim', id: 'x', patient: ref('p1'), contained }
    for (const others of [[], [{ resourceType: 'Patient', id: 'p2' }]]) {
      expect(refusedOf(...others, claim)).toMatchObject([
        { type: 'another-patient', path: 'Claim.contained.beneficiary' },
      ])
    }
  })

  test('a subject that is no patient is none', () => {
    const [, entry] = attributed(
      { resourceType: 'Group', id: 'g' } as object,
      { resourceType: 'Observation', id: 'o', subject: ref('g'), encounter: ref('s1') } as object,
    )
    expect(entry).toMatchObject({ patient: 'p1', organisation: 'south' })
  })

  test('a bundle of several patients is split by patient', () => {
    const second = { resourceType: 'Patient', id: 'p2' }
    const [, theirs] = attributed(second, {
      resourceType: 'Observation',
      id: 'o',
      subject: ref('p2'),
      performer: [ref('south')],
    } as object)
    expect(theirs).toMatchObject({ patient: 'p2', organisation: 'south' })
  })

  test('lines of a bulk export in any order: learn all, then attribute each', () => {
    const lines = [
      '{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/2"},"encounter":{"reference":"Encounter/e"}}',
      '{"resourceType":"Patient","id":"1"}',
      '{"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/2"},"serviceProvider":{"reference":"Organization/o1"}}',
    ].map((line, index) => {
      const read = readResource(bytesOf(line), `line ${index + 1}`)
      if (!read.ok) throw new Error('not read')
      return read.value.entry
    })
    const attribution = new Attribution({ patients: 'any' })
    for (const line of lines) attribution.learn(line)
    const results = lines.map((line) => attribution.attribute({ ...line }))
    expect(results).toMatchObject([
      { ok: true, value: { patient: '2', organisation: 'o1', rule: 'encounter' } },
      { ok: true, value: { patient: '1', rule: 'unnamed' } },
      { ok: true, value: { patient: '2', organisation: 'o1', rule: 'own-organisation' } },
    ])
  })
})

test('a security label chooses the segment, the strictest first', () => {
  const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
  const labelled = (...codes: string[]) => ({
    resourceType: 'Observation',
    id: 'o',
    subject: ref('p1'),
    meta: { security: codes.map((code) => ({ system: actCode, code })) },
  })
  const segments = [[], ['R'], ['ADOL'], ['SEX', 'ADOL'], ['PSYTHPN'], ['ADOL', 'ETH'], ['42CFRPart2']].map(
    (codes) => attributed(labelled(...codes))[0]?.segment,
  )
  expect(segments).toEqual([
    'general',
    'general',
    'minor-confidential',
    'reproductive',
    'psychotherapy',
    'part2',
    'part2',
  ])
})

test('the provenance of an attributed resource is FHIR and says which rule was used', () => {
  const [entry] = attributed({ resourceType: 'Goal', id: 'g', subject: ref('p1') } as object)
  if (!entry) throw new Error('nothing attributed')
  const bytes = provenanceOf([entry], { id: 'prov-1', recordedAt: '2026-01-01T00:00:00Z' })
  const read = readOrThrow(bytes).entries[0]
  if (!read) throw new Error('not read')
  expect(validateResource(read.value)).toEqual({ refused: [], warnings: [] })
  expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({
    target: [{ reference: 'Goal/g' }],
    policy: ['urn:plexus:attribution:main-custodian'],
    agent: [{ who: { reference: 'Organization/north', display: 'North Clinic' } }],
  })
})

describe.skipIf(!chartsPresent)('known charts (needs ../shared/data)', () => {
  test('a chart at four custodians is scattered as its encounters were, and nothing is dropped', () => {
    const { entries } = readOrThrow(chartBytes('d0190651-b9b0-4513-8f3b-d542319220d1.json'))
    const { attributed: all, refused } = attribute(entries)
    expect([all.length, refused.length]).toEqual([893, 0])
    const count = (type: string) => all.filter(({ resourceType }) => resourceType === type).length
    expect(['Observation', 'DiagnosticReport', 'MedicationRequest', 'Condition'].map(count)).toEqual([472, 36, 33, 18])
    const encounters = new Map<string, number>()
    for (const { resourceType, organisation } of all) {
      if (resourceType === 'Encounter') encounters.set(organisation, (encounters.get(organisation) ?? 0) + 1)
    }
    expect([...encounters.values()].toSorted((a, b) => b - a)).toEqual([49, 19, 11, 1])
    expect(new Set(all.map(({ organisation }) => organisation)).size).toBe(4)
    expect(new Set(all.map((entry) => entry.patient))).toEqual(new Set(['d0190651-b9b0-4513-8f3b-d542319220d1']))
  })

  test('in every chart all entries find an organisation by a rule that names one', () => {
    for (const name of chartNames()) {
      const { entries } = readOrThrow(chartBytes(name))
      const { attributed: all, refused } = attribute(entries)
      expect([refused.length, all.length]).toEqual([0, entries.length])
      expect(all.filter(({ rule }) => rule === 'unnamed')).toEqual([])
    }
  })
})
