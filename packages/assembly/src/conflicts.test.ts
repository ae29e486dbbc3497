import { expect, test } from 'vitest'
import { factsOf } from './facts.ts'
import { ingredientsOf, merged } from './ingredients.ts'
import {
  allergy,
  coded,
  condition,
  entry,
  failedEntry,
  glucose,
  medication,
  only,
  resource,
  source,
  view,
} from './sources.testing.ts'

const uuid = 'd0190651-b9b0-4513-8f3b-d542319220d1'
const identifier = [{ system: 'urn:lab', value: '7' }]
const kindsOf = (record: ReturnType<typeof view>) => record.conflicts.map(({ kind }) => kind)
const pair = (a: Parameters<typeof entry>[1], b: Parameters<typeof entry>[1]) =>
  view(source('a', [entry(1, a)]), source('b', [entry(2, b)]))

test('active simvastatin in two strengths is a therapy conflict, though one of them is misspelled', () => {
  const record = pair(
    medication('316672', 'Simvistatin 10 MG', 'active', '2008-03-31'),
    medication('312961', 'simvastatin 20 MG Oral Tablet', 'active', '2008-09-20'),
  )
  expect(record.conflicts).toEqual([
    {
      kind: 'therapy',
      lines: record.lines.map(({ key }) => key).sort(),
      why: 'active more than once under different codes: simvastatin',
    },
  ])
})

test.each([
  ['one of them is stopped', medication('312961', 'Simvastatin 20 MG', 'stopped', '2008')],
  ['the other is something else', medication('197361', 'Amlodipine 5 MG', 'active', '2008')],
  ['the other forbids it', medication('312961', 'Simvastatin 20 MG', 'active', '2008', { doNotPerform: true })],
  ['both are the same code', medication('316672', 'Simvastatin 10 MG', 'active', '2008')],
])('there is no therapy conflict if %s', (_, other) => {
  expect(pair(medication('316672', 'Simvistatin 10 MG', 'active', '2008'), other).conflicts).toEqual([])
})

test('an entry that failed verification raises no therapy conflict', () => {
  const request = medication('316672', 'Simvistatin 10 MG', 'active', '2008')
  const record = view(source('a', [entry(1, request), failedEntry(2, 'MedicationRequest')]))
  expect(record.conflicts).toEqual([])
})

test.each([
  ['Simvistatin 10 MG', ['simvistatin']],
  ['10 ML Furosemide 10 MG/ML Injection', ['furosemide']],
  ['24 HR metoprolol succinate 100 MG Extended Release Oral Tablet [Toprol]', ['metoprolol']],
  ['Abuse-Deterrent 12 HR Oxycodone Hydrochloride 15 MG Extended Release Oral Tablet', ['oxycodone']],
  ['Acetaminophen 325 MG / Oxycodone Hydrochloride 5 MG Oral Tablet', ['acetaminophen', 'oxycodone']],
  ['Carbamazepine[Tegretol]', ['carbamazepine']],
  ['Vitamin B 12 5 MG/ML Injectable Solution', ['vitamin b']],
  ['sodium chloride 9 MG/ML', ['sodium chloride']],
  ['20 MG', []],
])('the ingredient of "%s" is %j', (text, ingredients) => {
  expect(ingredientsOf(factsOf(resource({ code: { text } })))).toEqual(ingredients)
})

test('a brand whose text names no ingredient is found by its RxNorm code', () => {
  const brand = pair(
    medication('315971', 'Lasix 40mg', 'active', '2008'),
    medication('1719286', '10 ML Furosemide 10 MG/ML Injection', 'active', '2008'),
  )
  expect(kindsOf(brand)).toEqual(['therapy'])
})

test('words count as one ingredient only from six letters, and at a distance of one', () => {
  const stands = merged(['simvastatin', 'simvistatin', 'abcde', 'abcdf', 'lovastatin', 'furosemide', 'furosemid'])
  expect([...stands].filter(([word, stand]) => word !== stand)).toEqual([
    ['furosemide', 'furosemid'],
    ['simvistatin', 'simvastatin'],
  ])
})

test('one result with two values is a conflict, and no value is preferred', () => {
  const record = pair(glucose('86', { identifier }), glucose('68', { identifier }))
  expect(record.conflicts).toEqual([
    { kind: 'value', lines: [only(record.lines).key], why: 'different values of one result' },
  ])
  expect(only(record.lines)).toMatchObject({ value: null, cautions: ['values-disagree'] })
  expect(only(record.lines).sources.map(({ value }) => value?.text)).toEqual(['86', '68'])
})

test('one result under two units is a conflict, since nothing is converted', () => {
  const record = pair(glucose('90', { identifier }), glucose('5', { identifier }, 'mmol/L'))
  expect(record.conflicts.map(({ why }) => why)).toEqual(['different units, not converted'])
})

test('equal decimals of one result are no conflict', () => {
  expect(pair(glucose('1.10', { identifier }), glucose('1.1', { identifier })).conflicts).toEqual([])
})

test('status, code and date of one record may each disagree', () => {
  const original = glucose('86', { identifier })
  expect(kindsOf(pair(original, glucose('86', { identifier, status: 'amended' })))).toEqual(['status'])
  expect(
    kindsOf(pair(original, glucose('86', { identifier, code: coded('http://loinc.org', '2339-0', 'x') }))),
  ).toEqual(['code'])
  expect(kindsOf(pair(original, glucose('86', { identifier, effectiveDateTime: '1999' })))).toEqual(['date'])
  expect(kindsOf(pair(original, glucose('86', { identifier, effectiveDateTime: '1998-12-21' })))).toEqual([])
})

test('content that differs elsewhere is a conflict that names the members, without their content', () => {
  const record = pair(
    glucose('86', { identifier, note: [{ text: 'fasting' }], subject: { reference: 'Patient/1' } }),
    glucose('86', { identifier, subject: { reference: 'Patient/2' } }),
  )
  expect(record.conflicts.map(({ kind, why }) => [kind, why])).toEqual([['content', 'differs in: note']])
})

test('a problem that is active at one custodian and ended at another after it began is a conflict', () => {
  const active = condition('38341003', 'active', '1956-06-02')
  expect(kindsOf(pair(active, condition('38341003', 'resolved', '1950', { abatementDateTime: '1999' })))).toEqual([
    'status',
  ])
  expect(kindsOf(pair(active, condition('38341003', 'resolved', '1950', { abatementDateTime: '1951' })))).toEqual([])
})

test('"no known allergy" beside a listed allergy is a conflict; beside a refuted one it is none', () => {
  expect(kindsOf(pair(allergy('716186003'), allergy('300916003')))).toEqual(['allergy'])
  const refuted = allergy('300916003', { verificationStatus: { coding: [{ code: 'refuted' }] } })
  expect(kindsOf(pair(allergy('716186003'), refuted))).toEqual([])
})

test('"no known drug allergy" says nothing about food', () => {
  expect(kindsOf(pair(allergy('409137002'), allergy('91934008', { category: ['food'] })))).toEqual([])
  expect(kindsOf(pair(allergy('409137002'), allergy('91936005', { category: ['medication'] })))).toEqual(['allergy'])
  expect(kindsOf(pair(allergy('409137002'), allergy('91936005')))).toEqual(['allergy'])
})

test('an allergy that one source lists and another one denies is a conflict', () => {
  const denied = allergy('300916003', { clinicalStatus: { coding: [{ code: 'resolved' }] } })
  expect(kindsOf(pair(allergy('300916003'), denied))).toEqual(['allergy'])
  expect(view(source('a', [entry(1, allergy('300916003')), entry(2, denied)])).conflicts).toEqual([])
})

test('what one custodian withdrew is flagged where another one still repeats it', () => {
  const record = pair(glucose('86', { id: uuid }), glucose('86', { id: uuid, status: 'entered-in-error' }))
  expect(record.conflicts).toEqual([
    { kind: 'status', lines: [only(record.lines).key], why: 'marked as entered in error by b' },
  ])
})

test('a request that a modifier extension changes is not counted as active therapy', () => {
  const modified = medication('312961', 'Simvastatin 20 MG', 'active', '2008', {
    modifierExtension: [{ url: 'urn:x' }],
  })
  expect(pair(medication('316672', 'Simvistatin 10 MG', 'active', '2008'), modified).conflicts).toEqual([])
})

test('a duplicate that a custodian withdrew does not cast doubt on the one it keeps', () => {
  const kept = glucose('86', { identifier, id: '1' })
  const withdrawn = glucose('86', { identifier, id: '2', status: 'entered-in-error' })
  const record = view(source('a', [entry(1, kept), entry(2, withdrawn)]))
  expect(record.omitted.map(({ why }) => why)).toEqual(['entered-in-error'])
  expect(record.conflicts).toEqual([])
})
