import { expect, test } from 'vitest'
import { keyOf } from './order.ts'
import {
  allergy,
  coded,
  condition,
  entry,
  glucose,
  medication,
  only,
  resource,
  source,
  view,
} from './sources.testing.ts'

const simvastatin = (status: string, authoredOn: string) =>
  medication('316672', 'Simvistatin 10 MG', status, authoredOn)
const uuid = 'd0190651-b9b0-4513-8f3b-d542319220d1'

test('medication requests of one RxNorm code form one line with all their sources, active if any of them is', () => {
  const record = view(
    source('a', [entry(1, simvastatin('stopped', '2001')), entry(2, simvastatin('active', '2000'))]),
    source('b', [entry(3, simvastatin('stopped', '2002'))]),
  )
  expect(only(record.lines)).toMatchObject({ status: 'active', statuses: { active: 1, stopped: 2 }, effective: '2000' })
  expect(only(record.lines).sources.map(({ date }) => date)).toEqual(['2002', '2001', '2000'])
  expect(record.linked).toBe(3)
  expect(record.conflicts).toEqual([])
})

test('requests without a code, or changed by a modifier extension, are not merged by code', () => {
  const uncoded = (when: string) =>
    resource({ resourceType: 'MedicationRequest', medicationCodeableConcept: { text: 'Aspirin' }, authoredOn: when })
  const modified = medication('316672', 'Simvistatin 10 MG', 'active', '2003', {
    modifierExtension: [{ url: 'urn:x' }],
  })
  const record = view(
    source('a', [entry(1, uncoded('2000')), entry(2, uncoded('2001')), entry(3, modified)]),
    source('b', [entry(4, simvastatin('active', '2003'))]),
  )
  expect(record.lines).toHaveLength(4)
  expect(record.lines.flatMap(({ cautions }) => cautions)).toEqual(['modifier-extension'])
})

test('a request that points at a Medication of its source is merged by the code it finds there', () => {
  const request = resource({
    resourceType: 'MedicationRequest',
    status: 'active',
    medicationReference: { reference: `urn:uuid:${uuid}` },
  })
  const target = resource({
    resourceType: 'Medication',
    id: uuid,
    code: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '316672', 'Simvistatin 10 MG'),
  })
  const record = view(
    source('a', [entry(1, request), entry(2, target)]),
    source('b', [entry(3, simvastatin('stopped', '2001'))]),
  )
  expect(only(record.lines.filter(({ kind }) => kind === 'medications')).sources).toHaveLength(2)
})

test('equal code, time, value and performer make one line of two sources, whatever the offset and the digits', () => {
  const record = view(
    source('a', [entry(1, glucose('1.10'))]),
    source('b', [entry(2, glucose('1.1', { effectiveDateTime: '1998-12-21T02:44:08-05:00' }))]),
  )
  const line = only(record.lines)
  expect(line).toMatchObject({ independent: 2, cautions: [] })
  expect(line.sources.map(({ value }) => value?.text)).toEqual(['1.10', '1.1'])
  expect(record.conflicts).toEqual([])
})

test.each([
  ['another time', glucose('1.1', { effectiveDateTime: '1998-12-21T07:44:09+00:00' })],
  ['another value', glucose('1.2')],
  ['another performer', glucose('1.1', { performer: [{ reference: 'Organization/2' }] })],
  ['another unit', glucose('1.1', {}, 'mmol/L')],
  ['another code', glucose('1.1', { code: coded('http://loinc.org', '2339-0', 'Glucose') })],
  ['no unit', glucose('1.1', {}, null)],
])('an observation with %s is a line of its own', (_, other) => {
  expect(view(source('a', [entry(1, glucose('1.1'))]), source('b', [entry(2, other)])).lines).toHaveLength(2)
})

test('values without a unit are not merged because they look the same; copies of one resource are linked', () => {
  const [one, other] = ['1998-12-21', '1998-12-22'].map((issued) => glucose('1.1', { issued }, null))
  if (!one || !other) throw new Error('two are made')
  expect(view(source('a', [entry(1, one)]), source('b', [entry(2, other)])).lines).toHaveLength(2)
  expect(view(source('a', [entry(1, one)]), source('b', [entry(2, one)])).lines).toHaveLength(1)
})

test('a shared business identifier links, and one code of another system is no conflict', () => {
  const identifier = [{ system: 'urn:lab', value: '7' }]
  const local = glucose('86', { identifier, code: coded('urn:local', 'GLU', 'Glucose') })
  const record = view(source('a', [entry(1, glucose('86', { identifier }))]), source('b', [entry(2, local)]))
  expect(only(record.lines).sources).toHaveLength(2)
  expect(record.conflicts).toEqual([])
})

test('an identifier of a group does not link what other identifiers tell apart', () => {
  const claim = (value: string) =>
    resource({
      resourceType: 'ExplanationOfBenefit',
      type: coded('urn:type', 'institutional', 'institutional'),
      identifier: [
        { system: 'urn:claim', value },
        { system: 'urn:claim-group', value: '99999999999' },
      ],
    })
  const record = view(source('a', [entry(1, claim('1')), entry(2, claim('2'))]), source('b', [entry(3, claim('2'))]))
  expect(record.lines.map(({ sources }) => sources.length).sort()).toEqual([1, 2])
})

test('an accession number on all results of a panel links only equal codes', () => {
  const identifier = [{ system: 'urn:accession', value: '7' }]
  const sodium = glucose('140', { identifier, code: coded('http://loinc.org', '2951-2', 'Sodium') }, 'mmol/L')
  const panel = [entry(1, glucose('86', { identifier })), entry(2, sodium)]
  const record = view(source('a', panel), source('b', panel))
  expect(record.lines.map(({ display, sources }) => [display, sources.length]).sort()).toEqual([
    ['Glucose', 2],
    ['Sodium', 2],
  ])
})

test('a UUID as logical id links; an id that each server counts for itself does not', () => {
  const at = (id: string, value: string) => glucose(value, { id })
  expect(view(source('a', [entry(1, at(uuid, '1'))]), source('b', [entry(2, at(uuid, '2'))])).lines).toHaveLength(1)
  expect(view(source('a', [entry(1, at('17', '1'))]), source('b', [entry(2, at('17', '2'))])).lines).toHaveLength(2)
})

test('claims of one instant stay apart unless an identifier says that they are one', () => {
  const claim = resource({ resourceType: 'Claim', type: coded('urn:t', 'pharmacy', 'pharmacy'), created: '2001-01-01' })
  const other = resource({
    resourceType: 'Claim',
    type: coded('urn:t', 'pharmacy', 'pharmacy'),
    created: '2001-01-01',
    priority: { text: 'normal' },
  })
  expect(view(source('a', [entry(1, claim), entry(2, other)])).lines).toHaveLength(2)
})

test('an echo is shown beside its origin: the same content at two custodians, first committed first', () => {
  const original = allergy('300916003', { id: uuid, meta: { lastUpdated: '2001' } })
  const copied = allergy('300916003', { id: uuid, meta: { lastUpdated: '2005' } })
  const record = view(
    source('a', [entry(1, copied, { committedAt: 5 })]),
    source('b', [entry(2, original, { committedAt: 4 })]),
  )
  const line = only(record.lines)
  expect(line.independent).toBe(1)
  expect(line.statuses).toEqual({ active: 1 })
  expect(line.sources.map(({ custodian, echoOf }) => [custodian, echoOf?.custodian ?? null])).toEqual([
    ['a', 'b'],
    ['b', null],
  ])
})

test('a source that names another as its origin is the echo, though it was committed first', () => {
  const record = view(
    source('a', [entry(1, glucose('86', { meta: { source: 'urn:plexus:custodian:b#7' } }), { committedAt: 2 })]),
    source('b', [entry(2, glucose('86'))]),
  )
  expect(only(record.lines).sources.map(({ echoOf }) => echoOf?.custodian ?? null)).toEqual(['b', null])
})

test('a Provenance names the origin, and whoever only passed the resource on is none', () => {
  const copy = glucose('86', { id: '17' })
  const provenance = (type: string) =>
    resource({
      resourceType: 'Provenance',
      target: [{ reference: 'Observation/17' }],
      agent: [{ type: { coding: [{ code: type }] }, who: { reference: 'Organization/b' } }],
    })
  const echoes = (type: string) =>
    view(
      source('a', [entry(1, copy, { committedAt: 2 }), entry(3, provenance(type))]),
      source('b', [entry(2, glucose('86'))]),
    ).lines[0]?.sources.map(({ echoOf }) => echoOf?.custodian ?? null)
  expect(echoes('author')).toEqual(['b', null])
  expect(echoes('transmitter')).toEqual([null, null])
})

test('duplicates at one custodian are linked and are no echo', () => {
  const twice = condition('38341003', 'active', '1956-06-02T07:44:08+00:00')
  const line = only(view(source('a', [entry(1, twice), entry(2, twice)])).lines)
  expect(line).toMatchObject({ independent: 2 })
})

test('an echoed medication request counts once among the statuses of its line', () => {
  const request = medication('316672', 'Simvistatin 10 MG', 'active', '2001', { id: uuid })
  const record = view(source('a', [entry(1, request)]), source('b', [entry(2, request)]))
  expect(only(record.lines)).toMatchObject({ independent: 1, statuses: { active: 1 } })
})

test('a further identifier of the same system does not undo a link', () => {
  const [one, two] = [
    { system: 'urn:lab', value: '7' },
    { system: 'urn:lab', value: '8' },
  ]
  const [a, b] = [glucose('86', { identifier: [one, two] }), glucose('87', { identifier: [one] })]
  expect(view(source('a', [entry(1, a)]), source('b', [entry(2, b)])).lines).toHaveLength(1)
})

test('encounters that begin together and end apart are two', () => {
  const visit = (end: string) =>
    resource({
      resourceType: 'Encounter',
      type: [coded('http://snomed.info/sct', '185347001', 'Encounter for problem')],
      period: { start: '2008-04-03T07:44:08+00:00', end },
    })
  const [short, long] = [visit('2008-04-03T07:59:08+00:00'), visit('2008-04-03T09:08:08+00:00')]
  expect(view(source('a', [entry(1, short), entry(2, long)])).lines).toHaveLength(2)
  expect(view(source('a', [entry(1, short), entry(2, short)])).lines).toHaveLength(1)
})

test('an entry whose meaning a modifier extension changes is equal to nothing', () => {
  const modified = glucose('86', { modifierExtension: [{ url: 'urn:x' }] })
  expect(view(source('a', [entry(1, modified)]), source('b', [entry(2, modified)])).lines).toHaveLength(2)
})

test('a medication stays active if only an echo of a stopped request says so, and the difference is a conflict', () => {
  const origin = medication('316672', 'Simvistatin 10 MG', 'stopped', '2001', { id: uuid })
  const meta = { source: 'Organization/a' }
  const copy = medication('316672', 'Simvistatin 10 MG', 'active', '2001', { id: uuid, meta })
  const record = view(source('a', [entry(1, origin)]), source('b', [entry(2, copy)]))
  expect(only(record.lines)).toMatchObject({ status: 'active', independent: 1, statuses: { stopped: 1 } })
  expect(record.conflicts.map(({ kind }) => kind)).toEqual(['status'])
})

test('no two lists of texts have one key', () => {
  expect(keyOf('ab', 'c')).not.toBe(keyOf('a', 'bc'))
  expect(keyOf('a', '')).not.toBe(keyOf('a'))
})
