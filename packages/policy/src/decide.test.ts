import { describe, expect, test } from 'vitest'
import { type Decision, decide, sameDecision } from './decide.ts'
import {
  type Changes,
  checkIn,
  clinician,
  coded,
  day,
  directive,
  enclosing,
  encounter,
  filled,
  frame,
  inSegment,
  now,
  record,
  referral,
  request,
  setOf,
  shown,
} from './requests.testing.ts'
import type { Directive } from './statements.ts'

const answer = (changes: Changes = {}): Decision => decide(request(changes))
const released = (changes: Changes): readonly number[] => {
  const decision = answer(changes)
  return decision.type === 'refuse' ? [] : decision.released
}

test('a patient who checked in is treated with the whole chart', () => {
  expect(answer()).toEqual({
    type: 'permit',
    grade: 'corroborated',
    reasons: [],
    released: [0, 1, 2],
    open: ['general'],
  })
})

describe('what evidence is worth', () => {
  const graded = (changes: Changes): string => {
    const decision = answer(changes)
    return decision.type === 'refuse' ? decision.code : decision.grade
  }

  test('a check-in by a wallet that the asker keeps is the asker’s own word', () => {
    expect(graded({ evidence: [shown(checkIn, { walletHostedByAsker: true })] })).toBe('self-asserted')
  })
  test('another member’s referral encloses the patient’s check-in there', () => {
    expect(graded({ evidence: [shown(referral)] })).toBe('corroborated')
    expect(graded({ evidence: [shown(referral, { walletHostedByAsker: true })] })).toBe('self-asserted')
  })
  test('a referral to oneself is one’s own word', () => {
    const own = { ...referral, referrer: 'emergency', enclosed: enclosing(checkIn) }
    expect(graded({ evidence: [shown(own)] })).toBe('self-asserted')
  })
  test('a referral that encloses anything but the patient’s check-in at the referrer, in force then, does not fit', () => {
    const there = { ...checkIn, requester: 'clinic' }
    for (const enclosed of [
      filled(10, 0),
      enclosing(encounter),
      enclosing(referral),
      enclosing(checkIn),
      enclosing({ ...there, custodian: 'hospital-two' }),
      enclosing({ ...there, subject: { type: 'key', key: filled(32, 6) } }),
      enclosing({ ...there, validUntil: now - 700 }),
      enclosing({ ...there, madeAt: now }),
    ])
      expect(graded({ evidence: [shown({ ...referral, enclosed })] })).toBe('evidence-does-not-fit')
  })
  test('a permit that names the asker or its clinician speaks for the request; one for everybody does not', () => {
    const evidence = [shown({ type: 'directive', ...frame })]
    const grade = (...directives: readonly Directive[]) => graded({ evidence, patient: { set: setOf(...directives) } })
    expect(grade(directive('permit', { grantee: { type: 'organisation', id: 'emergency' } }))).toBe('corroborated')
    expect(grade(directive('permit', { grantee: { type: 'practitioner', npi: clinician } }))).toBe('corroborated')
    const named = directive('permit', { grantee: { type: 'organisation', id: 'emergency' } })
    expect(grade(directive('deny', { grantee: { type: 'organisation', id: 'clinic' } }), named)).toBe('corroborated')
    expect(grade(directive('permit'))).toBe('self-asserted')
    expect(grade(directive('permit', { grantee: { type: 'organisation', id: 'clinic' } }))).toBe('self-asserted')
    expect(
      grade(directive('permit', { grantee: { type: 'organisation', id: 'emergency' }, purposes: ['HPAYMT'] })),
    ).toBe('self-asserted')
    expect(grade(directive('permit', { grantee: { type: 'organisation', id: 'emergency' }, until: now }))).toBe(
      'self-asserted',
    )
  })
  test('one good piece among several suffices', () => {
    const evidence = [shown(encounter), shown(checkIn, { hash: filled(32, 10) })]
    expect(graded({ evidence, intent: { evidence: [filled(32, 9), filled(32, 10)] } })).toBe('corroborated')
  })
  test('ceilings do not count what is corroborated', () => {
    expect(
      answer({
        patient: { selfAssertedToday: { byRequester: 900, byClinician: 900 } },
        ledger: { selfAssertedExcess: 9 },
      }).type,
    ).toBe('permit')
  })
  test('the last request below each ceiling is answered', () => {
    expect(
      answer({ evidence: [shown(encounter)], patient: { selfAssertedToday: { byRequester: 49, byClinician: 9 } } })
        .type,
    ).toBe('part')
  })
})

describe('releases in part', () => {
  test('summary-only: on the asker’s own word allergies, problems and medicines are shown, never the chart', () => {
    const records = ['AllergyIntolerance', 'Condition', 'MedicationRequest', 'MedicationStatement', 'Observation']
    expect(
      answer({ evidence: [shown(encounter)], patient: { records: records.map((type, at) => record(at, type)) } }),
    ).toMatchObject({ type: 'part', grade: 'self-asserted', reasons: ['summary-only'], released: [0, 1, 2, 3] })
  })
  test('summary-only is told also where nothing else was there', () => {
    expect(answer({ evidence: [shown(encounter)], patient: { records: [record(1, 'Condition')] } })).toMatchObject({
      type: 'part',
      reasons: ['summary-only'],
      released: [0],
    })
  })
  test('segment-closed: what a Part 2 programme keeps stays closed', () => {
    const records = [record(1, 'Condition'), inSegment(2, 'part2'), inSegment(3, 'psychotherapy')]
    expect(answer({ patient: { records } })).toMatchObject({ type: 'part', reasons: ['segment-closed'], released: [0] })
  })
  test('directive-withholds: the patient denies one entry', () => {
    const set = setOf(directive('deny', { scope: { type: 'entry', record: filled(16, 2) } }))
    expect(answer({ patient: { set } })).toMatchObject({
      type: 'part',
      reasons: ['directive-withholds'],
      released: [0, 2],
    })
  })
  test('minimum-necessary: a payer sees what a claim needs', () => {
    expect(answer({ intent: { purpose: 'HPAYMT' } })).toMatchObject({
      type: 'part',
      reasons: ['minimum-necessary'],
      released: [2],
    })
  })
  test('selected: the request named some types', () => {
    expect(answer({ intent: { types: ['Observation'] } })).toMatchObject({
      type: 'part',
      reasons: ['selected'],
      released: [1],
    })
  })
  test('one entry has one reason, the first of: directive, segment, grade, minimum, selection', () => {
    const deny = { set: setOf(directive('deny', { scope: { type: 'type', resourceType: 'Observation' } })) }
    const reasonsOf = (changes: Changes): readonly string[] => {
      const decision = answer(changes)
      return decision.type === 'refuse' ? [decision.code] : decision.reasons
    }
    const one = (segment: 'general' | 'part2') => [inSegment(1, segment, 'Observation')]
    const narrow = { intent: { types: ['Patient'], purpose: 'HPAYMT' as const } }
    expect(reasonsOf({ ...narrow, patient: { ...deny, records: one('part2') } })).toEqual(['directive-withholds'])
    expect(reasonsOf({ ...narrow, patient: { records: one('part2') } })).toEqual(['segment-closed'])
    expect(reasonsOf({ ...narrow, evidence: [shown(encounter)], patient: { records: one('general') } })).toEqual([
      'summary-only',
    ])
    expect(reasonsOf({ ...narrow, patient: { records: one('general') } })).toEqual(['minimum-necessary'])
    expect(reasonsOf({ intent: { types: ['Patient'] }, patient: { records: one('general') } })).toEqual(['selected'])
  })
  test('all reasons of all entries are told, in alphabetical order', () => {
    const records = [inSegment(1, 'part2'), record(2, 'Observation'), record(3, 'Encounter')]
    const set = setOf(directive('deny', { scope: { type: 'entry', record: filled(16, 3) } }))
    expect(answer({ intent: { types: ['Condition'] }, patient: { records, set } })).toMatchObject({
      reasons: ['directive-withholds', 'segment-closed', 'selected'],
      released: [],
    })
  })
})

describe('closed segments', () => {
  const records = [record(1, 'Condition'), inSegment(2, 'part2'), inSegment(3, 'reproductive')]
  const opened = (...directives: readonly Directive[]) => released({ patient: { records, set: setOf(...directives) } })

  test('a permit of everything opens none of them', () => {
    expect(opened(directive('permit'))).toEqual([0])
  })
  test('a permit of a class opens none of them', () => {
    expect(opened(directive('permit', { scope: { type: 'type', resourceType: 'Condition' } }))).toEqual([0])
  })
  test('a permit of one segment opens that one, for those whom it names', () => {
    const scope = { type: 'segment', segment: 'part2' } as const
    expect(opened(directive('permit', { scope }))).toEqual([0, 1])
    expect(opened(directive('permit', { scope, grantee: { type: 'organisation', id: 'clinic' } }))).toEqual([0])
    expect(opened(directive('permit', { scope, purposes: ['HPAYMT'] }))).toEqual([0])
  })
  test('a permit of an entry or of a label opens what it speaks of', () => {
    expect(opened(directive('permit', { scope: { type: 'entry', record: filled(16, 3) } }))).toEqual([0, 2])
    const label = {
      type: 'label',
      name: 'SUD',
      codes: [{ system: 'http://snomed.info/sct', code: '55680006' }],
    } as const
    const labelled = [{ ...coded(1, 'Condition', '55680006'), segment: 'part2' as const }, inSegment(2, 'part2')]
    expect(released({ patient: { records: labelled, set: setOf(directive('permit', { scope: label })) } })).toEqual([0])
  })
  test('a narrower deny closes what a permit of the segment opened', () => {
    expect(
      opened(
        directive('permit', { scope: { type: 'segment', segment: 'part2' } }),
        directive('deny', { scope: { type: 'entry', record: filled(16, 2) } }),
      ),
    ).toEqual([0])
  })
  test('the answer names the segments that it opens', () => {
    expect(
      answer({
        patient: { records, set: setOf(directive('permit', { scope: { type: 'segment', segment: 'reproductive' } })) },
      }),
    ).toMatchObject({ open: ['general', 'reproductive'] })
  })
})

describe('the opt-in profile', () => {
  const ledger = { profile: 'opt-in' as const }

  test('a permit of everything opens the chart, for the purposes that it covers', () => {
    const set = setOf(directive('permit', { purposes: ['TREAT'] }))
    expect(answer({ ledger, patient: { set } })).toMatchObject({ type: 'permit', released: [0, 1, 2] })
    expect(answer({ ledger, patient: { set }, intent: { purpose: 'HOPERAT' } })).toMatchObject({
      code: 'purpose-not-permitted',
    })
  })
  test('a permit of one class opens that class, and the rest is withheld', () => {
    const set = setOf(directive('permit', { scope: { type: 'type', resourceType: 'Observation' } }))
    expect(answer({ ledger, patient: { set } })).toMatchObject({
      type: 'part',
      reasons: ['directive-withholds'],
      released: [1],
    })
  })
  test('a patient’s own request needs no directive', () => {
    expect(answer({ ledger, intent: { purpose: 'PATRQT' } }).type).toBe('permit')
  })
})

describe('a deny of everything', () => {
  test('leaves what a narrower permit opens', () => {
    const set = setOf(directive('deny'), directive('permit', { scope: { type: 'type', resourceType: 'Observation' } }))
    expect(answer({ patient: { set } })).toMatchObject({
      type: 'part',
      reasons: ['directive-withholds'],
      released: [1],
    })
  })
  test('that ended by one clock still denies; a permit that ended by one clock is over', () => {
    expect(answer({ patient: { set: setOf(directive('deny', { until: now - 1 })) } })).toMatchObject({
      code: 'directive-denies',
    })
    expect(
      answer({ ledger: { profile: 'opt-in' }, patient: { set: setOf(directive('permit', { until: now - 1 })) } }),
    ).toMatchObject({ code: 'purpose-not-permitted' })
    expect(answer({ patient: { set: setOf(directive('deny', { until: now - 2 })) } }).type).toBe('permit')
  })
  test('that begins tomorrow denies nothing today', () => {
    expect(answer({ patient: { set: setOf(directive('deny', { from: now + day })) } }).type).toBe('permit')
  })
})

describe('deciding twice', () => {
  test('the same facts give the same answer, and the same answer may be released', () => {
    expect(sameDecision(answer(), answer())).toBe(true)
  })
  test('a refusal releases nothing, twice neither', () => {
    const refused = answer({ patient: null })
    expect(sameDecision(refused, refused)).toBe(false)
    expect(sameDecision(refused, answer())).toBe(false)
    expect(sameDecision(answer(), refused)).toBe(false)
  })
  test('another grade, another reason or another entry is another answer', () => {
    for (const changes of [
      { intent: { types: ['Observation'] } },
      { patient: { records: [record(1, 'Condition')] } },
      { evidence: [shown(encounter)] },
    ])
      expect(sameDecision(answer(), answer(changes))).toBe(false)
  })
})
