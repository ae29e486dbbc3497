import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Decision, decide } from './decide.ts'
import { type RefusalCode, refusals } from './refusals.ts'
import {
  both,
  type Changes,
  checkIn,
  clinician,
  directive,
  enclosing,
  encounter,
  filled,
  now,
  referral,
  request,
  setOf,
  shown,
} from './requests.testing.ts'

const answer = (changes: Changes = {}): Decision => decide(request(changes))

/** One worded example for each refusal, in the order of precedence. */
const examples: readonly (readonly [RefusalCode, string, Changes])[] = [
  ['ledger-stale', 'the last block is 16 s old', { ledger: { blockTime: now - 16 } }],
  ['intent-of-another-custodian', 'the intent names hospital two', { intent: { custodian: 'hospital-two' } }],
  ['intent-expired', 'the intent ended a second ago', { intent: { expiresAt: now - 1 } }],
  ['intent-too-long', 'the intent lasts five minutes and a second', { intent: { madeAt: now - 101 } }],
  ['requester-not-active', 'the requester was suspended by vote', { ledger: { requesterActive: false } }],
  ['intent-not-by-requester', 'another member committed the intent', { ledger: { intentByRequester: false } }],
  ['clinician-not-licensed', 'the board suspended the licence', { ledger: { licence: 'suspended' } }],
  ['clinician-without-role', 'the clinician left the hospital', { ledger: { role: 'none' } }],
  ['clinician-did-not-sign', 'another key signed', { clinicianSigned: { key: filled(32, 4), holds: true } }],
  ['emergency-without-reason', 'an emergency of which nobody says why', { intent: { purpose: 'ETREAT' } }],
  ['evidence-missing', 'the check-in was named and not opened', { evidence: [] }],
  ['evidence-late', 'the check-in came in the same block', { evidence: [shown(checkIn, { committedAt: 100 })] }],
  ['evidence-does-not-fit', 'its signature is false', { evidence: [shown(checkIn, { signaturesHold: false })] }],
  ['evidence-expired', 'the check-in was yesterday', { evidence: [shown({ ...checkIn, validUntil: now - 1 })] }],
  ['patient-unknown', 'no chart answers to that key', { patient: null }],
  ['head-closed', 'the patient closed the head a moment ago', { ledger: { head: 'closed' } }],
  [
    'ceiling-of-clinician',
    'the eleventh patient on the word of one clinician',
    { evidence: [shown(encounter)], patient: { selfAssertedToday: { byRequester: 10, byClinician: 10 } } },
  ],
  [
    'ceiling-of-requester',
    'the fifty-first patient on the word of one hospital',
    { evidence: [shown(encounter)], patient: { selfAssertedToday: { byRequester: 50, byClinician: 0 } } },
  ],
  [
    'ceiling-in-sum',
    'the hospital asked a little everywhere',
    { evidence: [shown(encounter)], ledger: { selfAssertedExcess: 1 } },
  ],
  ['directive-denies', 'the patient denies everything to everybody', { patient: { set: setOf(directive('deny')) } }],
  ['purpose-not-permitted', 'opt-in, and the patient opted for nothing', { ledger: { profile: 'opt-in' } }],
]

describe('refusals', () => {
  for (const [code, says, changes] of examples)
    test(`${code}: ${says}`, () => {
      expect(answer(changes)).toEqual({ type: 'refuse', code, exception: refusals[code].exception })
    })

  test('each has its example, in the order in which they are declared', () => {
    expect(examples.map(([code]) => code)).toEqual(Object.keys(refusals))
  })

  test('codes are distinct, and stand as they were first given', () => {
    expect(Object.values(refusals).map(({ code }) => code)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 21, 10, 11, 12, 13, 14, 15, 18, 19, 20, 16, 17,
    ])
  })

  test('of several reasons the earliest is told', () => {
    const faults = fc.shuffledSubarray([...examples.keys()], { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(faults, (places) => {
        const chosen = places.map((place) => examples[place] as (typeof examples)[number])
        const changes = chosen.map(([, , each]) => each).reduce(both)
        expect(answer(changes)).toMatchObject({ type: 'refuse', code: examples[Math.min(...places)]?.[0] })
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the same reasons, said otherwise', () => {
  test('T-23: a custodian whose own clock lags the ledger by more than 15 s is as blind as one without blocks', () => {
    expect(answer({ ledger: { blockTime: now + 16 } })).toMatchObject({ code: 'ledger-stale' })
  })
  test('T-23: an intent is over when either clock says so', () => {
    expect(answer({ ledger: { blockTime: now + 10 }, intent: { expiresAt: now + 5 } })).toMatchObject({
      code: 'intent-expired',
    })
    expect(answer({ intent: { expiresAt: now } }).type).toBe('permit')
  })
  test('an intent from the future is refused', () => {
    expect(answer({ intent: { madeAt: now + 14 } })).toMatchObject({ code: 'intent-too-long' })
  })
  test('a lapsed licence is none, and so is one that never was', () => {
    for (const licence of ['expired', 'none'] as const)
      expect(answer({ ledger: { licence } })).toMatchObject({ code: 'clinician-not-licensed' })
  })
  test('a clinician of another organisation does not ask in this one’s name', () => {
    expect(answer({ intent: { clinician: { npi: clinician, organisation: 'clinic' } } })).toMatchObject({
      code: 'clinician-without-role',
    })
  })
  test('a signature that does not hold, or a clinician without a registered key, did not sign', () => {
    for (const changes of [
      { clinicianSigned: { key: filled(32, 3), holds: false } },
      { ledger: { clinicianKey: null } },
    ])
      expect(answer(changes)).toMatchObject({ code: 'clinician-did-not-sign' })
  })
  test('evidence for another custodian or another requester does not fit', () => {
    for (const content of [
      { ...checkIn, custodian: 'hospital-two' },
      { ...checkIn, requester: 'clinic' },
    ])
      expect(answer({ evidence: [shown(content)] })).toMatchObject({ code: 'evidence-does-not-fit' })
  })
  test('one patient’s check-in lends nothing to a request about another', () => {
    const other = { ...encounter, subject: { type: 'record-number' as const, number: '4711' } }
    const evidence = [shown(checkIn), shown(other, { hash: filled(32, 10) })]
    expect(answer({ evidence, intent: { evidence: [filled(32, 9), filled(32, 10)] } })).toMatchObject({
      code: 'evidence-does-not-fit',
    })
  })
  test('every piece of evidence that the intent names must be opened', () => {
    expect(answer({ intent: { evidence: [filled(32, 9), filled(32, 10)] } })).toMatchObject({
      code: 'evidence-missing',
    })
  })
  test('one bad piece among good ones spoils the request: what an intent names, it stands for', () => {
    const spoiled = [
      ['evidence-late', shown(checkIn, { committedAt: 100 })],
      ['evidence-does-not-fit', shown(checkIn, { signaturesHold: false })],
      ['evidence-expired', shown({ ...checkIn, validUntil: now - 1 })],
    ] as const
    for (const [code, bad] of spoiled)
      expect(
        answer({
          evidence: [shown(checkIn), { ...bad, hash: filled(32, 10) }],
          intent: { evidence: [filled(32, 9), filled(32, 10)] },
        }),
      ).toMatchObject({ code })
  })
  test('an enrolled patient’s request waits until the custodian holds a set', () => {
    for (const changes of [{ ledger: { head: 'none' as const } }, { patient: { set: null } }])
      expect(answer(changes)).toMatchObject({ code: 'head-closed' })
  })
  test('without a wallet the profile alone decides', () => {
    expect(answer({ ledger: { head: 'none' }, patient: { enrolled: false, set: null } }).type).toBe('permit')
  })
})

describe('at the very edges', () => {
  test('a block of exactly 15 s, an intent of exactly five minutes, evidence in its last second: all are good', () => {
    const edges: readonly Changes[] = [
      { ledger: { blockTime: now - 15 } },
      { ledger: { blockTime: now + 15 } },
      { intent: { madeAt: now - 100, expiresAt: now + 200 } },
      { ledger: { blockTime: now }, intent: { madeAt: now + 15 } },
      { evidence: [shown({ ...checkIn, validUntil: now })] },
      {
        evidence: [
          shown({
            ...referral,
            enclosed: enclosing({ ...checkIn, requester: 'clinic', madeAt: now - 600, validUntil: now - 600 }),
          }),
        ],
      },
    ]
    for (const changes of edges) expect(answer(changes)).toMatchObject({ type: 'permit', released: [0, 1, 2] })
  })
  test('a custodian’s own record number names a patient as well as a key does, and another number another patient', () => {
    const numbered = (number: string) => ({ ...encounter, subject: { type: 'record-number' as const, number } })
    const two = (second: string) =>
      answer({
        evidence: [shown(numbered('4711')), shown(numbered(second), { hash: filled(32, 10) })],
        intent: { evidence: [filled(32, 9), filled(32, 10)] },
      })
    expect(two('4711')).toMatchObject({ type: 'part', grade: 'self-asserted' })
    expect(two('4712')).toMatchObject({ code: 'evidence-does-not-fit' })
  })
})
