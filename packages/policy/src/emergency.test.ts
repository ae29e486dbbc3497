import { describe, expect, test } from 'vitest'
import { type Decision, decide } from './decide.ts'
import {
  both,
  type Changes,
  checkIn,
  coded,
  directive,
  encounter,
  inSegment,
  record,
  request,
  setOf,
  shown,
} from './requests.testing.ts'
import { emergencyReasons } from './statements.ts'

const unconscious: Changes = {
  intent: { purpose: 'ETREAT', emergency: { reason: 'unconscious', words: 'found at home' } },
  evidence: [shown(encounter)],
}
const asker = { type: 'organisation', id: 'emergency' } as const
const answer = (changes: Changes = {}): Decision => decide(request(both(unconscious, changes)))

describe('an emergency of level 1', () => {
  test('opens allergies, medicines, problems, devices, advance directives and the blood group, and nothing else', () => {
    const types = ['AllergyIntolerance', 'Condition', 'Consent', 'Device', 'DeviceUseStatement', 'MedicationRequest']
    const records = [
      ...types.map((type, at) => record(at, type)),
      coded(6, 'Observation', '882-1', 'http://loinc.org'),
      coded(7, 'Observation', '4548-4', 'http://loinc.org'),
      coded(8, 'Observation', '882-1', 'http://example.org'),
      record(9, 'DocumentReference'),
    ]
    expect(answer({ patient: { records } })).toMatchObject({
      type: 'part',
      grade: 'emergency',
      reasons: ['emergency-only'],
      released: [0, 1, 2, 3, 4, 5, 6],
    })
  })
  test('is a grade of its own, which strong evidence does not change', () => {
    expect(decide(request({ ...unconscious, evidence: [shown(checkIn)] }))).toMatchObject({
      grade: 'emergency',
      reasons: ['emergency-only'],
    })
  })
  test('is told as one also where nothing was left out', () => {
    expect(answer({ patient: { records: [record(1, 'Condition')] } })).toMatchObject({
      type: 'part',
      reasons: ['emergency-only'],
    })
  })
  test('leaves specially protected segments closed, unless the patient opened them', () => {
    const records = [record(1, 'Condition'), inSegment(2, 'part2'), inSegment(3, 'psychotherapy')]
    expect(answer({ patient: { records } })).toMatchObject({ released: [0] })
    const set = setOf(directive('permit', { scope: { type: 'segment', segment: 'part2' } }))
    expect(answer({ patient: { records, set } })).toMatchObject({ released: [0, 1] })
  })
  test('is held to what the patient denies, and to a deny that speaks of other purposes it is not', () => {
    expect(answer({ patient: { set: setOf(directive('deny')) } })).toMatchObject({ code: 'directive-denies' })
    expect(answer({ patient: { set: setOf(directive('deny', { purposes: ['TREAT'] })) } })).toMatchObject({
      grade: 'emergency',
    })
    const besides = setOf(directive('deny'), directive('permit', { purposes: ['ETREAT'], grantee: asker }))
    expect(answer({ patient: { set: besides } })).toMatchObject({ grade: 'emergency' })
  })
  test('INV-R2: opens nothing under a head that is closed', () => {
    expect(answer({ ledger: { head: 'closed' } })).toMatchObject({ code: 'head-closed' })
  })
  test('needs a licence, a role, the clinician’s signature and a fresh ledger like any request', () => {
    expect(answer({ ledger: { licence: 'suspended' } })).toMatchObject({ code: 'clinician-not-licensed' })
    expect(answer({ ledger: { role: 'none' } })).toMatchObject({ code: 'clinician-without-role' })
    expect(answer({ ledger: { clinicianKey: null } })).toMatchObject({ code: 'clinician-did-not-sign' })
  })
  test('needs no directive under the opt-in profile', () => {
    expect(answer({ ledger: { profile: 'opt-in' } })).toMatchObject({ type: 'part', grade: 'emergency' })
  })
  test('says why; a reason without an emergency is none either', () => {
    expect(answer({ intent: { emergency: null } })).toMatchObject({ code: 'emergency-without-reason' })
    expect(answer({ intent: { purpose: 'TREAT' } })).toMatchObject({ code: 'emergency-without-reason' })
    for (const reason of emergencyReasons)
      expect(answer({ intent: { emergency: { reason, words: '' } } })).toMatchObject({ grade: 'emergency' })
  })
  test('has a ceiling of its own a day, and none over all custodians together', () => {
    const today = (byRequester: number, byClinician: number): Decision =>
      answer({ patient: { selfAssertedToday: { byRequester, byClinician } } })
    expect(today(49, 9)).toMatchObject({ grade: 'emergency' })
    expect(today(10, 10)).toMatchObject({ code: 'ceiling-of-clinician' })
    expect(today(50, 0)).toMatchObject({ code: 'ceiling-of-requester' })
    expect(answer({ ledger: { selfAssertedExcess: 1 } })).toMatchObject({ grade: 'emergency' })
  })
})
